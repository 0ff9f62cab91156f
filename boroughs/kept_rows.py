"""What the database itself kept of money, stages and rights: rows before and after.

Bulk changes and raw SQL are among them. A row belongs to the audit event of the same transaction;
where its council has none, somebody changed it past the portal's actions.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db import connection, models
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject

from boroughs import subjects
from boroughs.authorization import Permission
from boroughs.changes import Change, changes, people_in
from boroughs.models.row_history import TrackedRow
from boroughs.queries import people_named
from londonpsn.common.exceptions import moments_of
from londonpsn.common.periods import Period

DONE = {  # others say it in words
    "insert": "added",
    "update": "changed",
    "delete": "removed",
    "snapshot": "was there when keeping its rows began",
}
BACK = timedelta(days=90)  # how far is looked for them where no day to begin with is said
APART = timedelta(days=1)  # a database that is restored elsewhere counts transactions anew
MOST = 500  # groups of them that are listed
LISTED = ("pgh_id", "pgh_obj_id", "pgh_label", "pgh_created_at", "pgh_transaction")


EXACT = models.JSONField(decoder=partial(json.JSONDecoder, parse_float=Decimal))


# The rows of one table that transactions touched of which no event of their council tells, nor one
# of all councils; by council, in some days. What is of no council is told of by any event.
OUTSIDE = """
SELECT '{label}', {council}, kept.pgh_transaction, kept.pgh_label, COUNT(*),
    MIN(kept.pgh_created_at) AS at
FROM {table} kept {joins}
WHERE kept.pgh_created_at >= COALESCE(%(start)s::timestamptz, NOW() - %(back)s)
    AND kept.pgh_created_at < COALESCE(%(end)s::timestamptz, 'infinity')
    AND kept.pgh_label <> 'snapshot'
    AND (%(councils)s::bigint[] IS NULL OR {council} = ANY(%(councils)s))
    AND NOT EXISTS (
        SELECT FROM boroughs_auditevent told WHERE told.transaction = kept.pgh_transaction
            AND told.at BETWEEN kept.pgh_created_at - %(apart)s AND kept.pgh_created_at + %(apart)s
            AND ({council} IS NULL OR told.council_id = {council} OR told.chain = 'PROGRAMME')
    )
GROUP BY 1, 2, 3, 4
"""


class Content(JSONObject):
    """Some columns of a row together, with money as it stands."""

    output_field = EXACT


@dataclass(frozen=True)
class Kept:
    """A model whose rows are kept, the model that they are kept in, and how they name a council.

    ``council`` is a path of fields; empty where a row belongs to no council.
    """

    tracked: type[models.Model]
    rows: type[TrackedRow]
    council: str

    def of_councils(self, councils: Collection[int]) -> Q:
        """The kept rows of some councils; found from the councils, not row by row."""
        if not self.council:
            return Q(pk=None)
        leads, key, rest = self._first_step()
        if not rest:
            return Q(**{f"{key}__in": councils})
        return Q(**{f"{key}__in": leads.filter(**{f"{rest}__in": councils}).values("pk")})

    def _first_step(self) -> tuple[QuerySet, str, str]:
        """Return what the path leads to first, the column that does, and the rest of the path."""
        first, _, rest = self.council.partition("__")
        field = self.rows._meta.get_field(first)
        return field.related_model._base_manager.all(), field.attname, rest

    @property
    def columns(self) -> list[str]:
        """The columns of the row itself, without what only tells of its keeping."""
        own = (field.attname for field in self.tracked._meta.concrete_fields)
        kept = {field.attname for field in self.rows._meta.concrete_fields} - {"id"}
        return [name for name in own if name in kept]

    def content(self) -> Content:
        return Content(**{name: name for name in self.columns})


KEPT: dict[str, Kept] = {}


def register(tracked: type[models.Model], council: str) -> None:
    """Let an app say how the kept rows of a model name their council; once, when it is ready.

    Rows of a model that is not registered are shown to nobody.
    """
    label = tracked._meta.label_lower
    KEPT[label] = Kept(tracked, tracked._meta.get_field("rows").related_model, council)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One row at one moment: of what, and what was added, changed or removed."""

    pk: int
    label: str
    key: int
    thing: str
    done: str
    at: datetime
    transaction: int
    changes: list[Change]

    @property
    def name(self) -> str:
        return f"{self.thing[:1].upper()}{self.thing[1:]} {self.key}"

    @property
    def address(self) -> str:
        return subjects.page_of(self.label, self.key)


def in_transaction(user, transaction: int, council_id: int | None = None) -> QuerySet:
    """Return the rows kept in one transaction that the person may read, of one council or all."""
    return _found(user, KEPT, council_id, pgh_transaction=transaction)


def about(user, label: str, key: int) -> QuerySet | None:
    """Return the states of one row that the person may read; None where such are not kept."""
    if label not in KEPT:
        return None
    return _found(user, [label], None, pgh_obj_id=key)


def shown(user, found: Sequence[dict]) -> list[KeptRow]:
    """Return found rows with what changed in words; two queries."""
    states = _states(found)
    people = {
        key
        for row in found
        for key in people_in(KEPT[row["label"]].tracked, *states[row["label"], row["pgh_id"]])
    }
    names = people_named(user, people)
    return [_shown(row, *states[row["label"], row["pgh_id"]], names) for row in found]


def _shown(row: dict, before: dict | None, after: dict | None, names: dict) -> KeptRow:
    kept = KEPT[row["label"]]
    return KeptRow(
        pk=row["pgh_id"],
        label=row["label"],
        key=row["pgh_obj_id"],
        thing=_name(kept),
        done=DONE.get(row["pgh_label"], row["pgh_label"]),
        at=row["pgh_created_at"],
        transaction=row["pgh_transaction"],
        changes=changes(kept.tracked, before, after, names),
    )


@dataclass(frozen=True, slots=True)
class Outside:
    """Rows of one table and council that one transaction touched and no event tells of."""

    thing: str
    done: str
    count: int
    council_id: int | None
    transaction: int
    at: datetime


def changed_outside(user, period: Period) -> list[Outside]:
    """Return what was changed without an event that tells of it, latest first; one query.

    Without a day to begin with the last 90 days are looked through. At most 500 are returned.
    """
    councils = user.access.councils_with(Permission.TRAIL_VIEW)
    start, end = moments_of(period)
    values = {"start": start, "end": end, "back": BACK, "most": MOST, "apart": APART}
    values["councils"] = None if councils is None else list(councils)
    each = " UNION ALL ".join(_outside(label, kept) for label, kept in KEPT.items())
    with connection.cursor() as cursor:
        cursor.execute(f"{each} ORDER BY at DESC, 1, 3 LIMIT %(most)s", values)
        return [
            Outside(
                _name(KEPT[label], count), DONE.get(done, done), count, council, transaction, at
            )
            for label, council, transaction, done, count, at in cursor.fetchall()
        ]


def _found(user, labels: Iterable[str], council_id: int | None, **key) -> QuerySet:
    """Return which rows of several tables there are, as one list of plain values.

    What is in them is read for those alone that are shown, by ``shown``.
    """
    each = []
    for label in labels:
        rows = _readable(user, KEPT[label]).filter(**key)
        if council_id is not None:
            rows = rows.filter(KEPT[label].of_councils([council_id]))
        rows = rows.annotate(label=Value(label, models.TextField()))
        each.append(rows.values("label", *LISTED))
    return each[0].union(*each[1:], all=True)


def _states(found: Sequence[dict]) -> dict[tuple[str, int], tuple[dict | None, dict | None]]:
    """Return what each found row was before and after, by label and key; one query."""
    wanted = defaultdict(list)
    for row in found:
        wanted[row["label"]].append(row["pgh_id"])
    each = [_with_content(label, keys) for label, keys in wanted.items()]
    rows = each[0].union(*each[1:], all=True) if each else []
    return {(row["label"], row["pgh_id"]): _before_and_after(row) for row in rows}


def _with_content(label: str, keys: list[int]) -> QuerySet:
    kept = KEPT[label]
    # By an expression, so that the few rows of one thing are sorted and not all rows gone through.
    earlier = kept.rows.objects.filter(
        pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")
    ).order_by(F("pgh_id") * -1)
    return (
        kept.rows.objects.filter(pk__in=keys)
        .annotate(
            label=Value(label, models.TextField()),
            content=kept.content(),
            before=Subquery(earlier.values(content=kept.content())[:1], output_field=EXACT),
        )
        .values("label", "pgh_id", "pgh_label", "content", "before")
    )


def _readable(user, kept: Kept) -> QuerySet:
    """Return the rows of councils whose trail the person reads."""
    councils = user.access.councils_with(Permission.TRAIL_VIEW)
    rows = kept.rows.objects.all()
    return rows if councils is None else rows.filter(kept.of_councils(councils))


def _outside(label: str, kept: Kept) -> str:
    """Return the statement that finds them in one table: by hand, for there are many tables."""
    model, at, council, joins = kept.rows, "kept", "NULL::bigint", ""
    for number, name in enumerate(filter(None, kept.council.split("__"))):
        if number:
            at = f"step{number}"
            joins += f" LEFT JOIN {model._meta.db_table} {at} ON {at}.id = {council}"
        field = model._meta.get_field(name)
        council, model = f"{at}.{field.column}", field.related_model
    table = kept.rows._meta.db_table
    return OUTSIDE.format(label=label, table=table, joins=joins, council=council)


def _before_and_after(row: dict) -> tuple[dict | None, dict | None]:
    """Return the two states of a row; of one that came or went only what it held.

    Where a secret changed, both are the same.
    """
    columns, before, after = KEPT[row["label"]].columns, row["before"], row["content"]
    if row["pgh_label"] not in ("insert", "delete") and before:
        return tuple({name: state[name] for name in columns} for state in (before, after))
    held = {name: after[name] for name in columns if after[name] not in (None, "")}
    return (held, None) if row["pgh_label"] == "delete" else (None, held)


def _name(kept: Kept, count: int = 1) -> str:
    named = kept.tracked._meta
    return str(named.verbose_name if count == 1 else named.verbose_name_plural)

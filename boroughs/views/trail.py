"""The trail as its readers see it: events, how far it is checked, and the rows that were kept."""

import json
from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db.models import Q
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from boroughs import events, kept_rows, subjects
from boroughs.authorization import Permission
from boroughs.forms.trail import TrailFilterForm
from boroughs.models import AuditEvent, Council, User
from boroughs.queries import councils_read, find_council, find_row, people_named
from londonpsn.common.errors import BadInput, NotVisible
from londonpsn.common.facts import Fact
from londonpsn.common.tables import Column, Kind, Table, file_asked

KEPT_ORDER = ("-pgh_created_at", "label", "-pgh_id")
LARGEST_NUMBER = 2**63 - 1

EVENT_COLUMNS = (
    Column(
        "sequence",
        "Event",
        Kind.REFERENCE,
        value=lambda row: f"{row.event.sequence:,}",
        link=lambda row: reverse("trail-event", args=[row.event.pk]),
        in_file=False,
    ),
    Column("chain", "Chain", value=lambda row: row.event.chain, on_page=False),
    Column("sequence", "Event", value=lambda row: row.event.sequence, on_page=False),
    Column("at", "When", Kind.MOMENT, value=lambda row: row.event.at),
    Column("who", "Who", sub=lambda row: row.role, in_file=False),
    Column("who", "Who", on_page=False),
    Column("user", "Number of the person", value=lambda row: row.event.user_id, on_page=False),
    Column("role", "In which role", on_page=False),
    Column("council", "Council"),
    Column(
        "type",
        "What",
        value=lambda row: row.event.get_type_display(),
        sub=lambda row: row.event.note,
        in_file=False,
    ),
    Column("type", "What", value=lambda row: row.event.type, on_page=False),
    Column("note", "Note", value=lambda row: row.event.note, on_page=False),
    Column("subject", "About", link=lambda row: row.address, unknown=""),
    Column("subject_type", "Kind", value=lambda row: row.event.subject_type, on_page=False),
    Column("subject_id", "Number", value=lambda row: row.event.subject_id, on_page=False),
    Column("changes", "What changed", template="boroughs/_changes.html", in_file=False),
    Column("before", "Before", value=lambda row: _as_json(row.before), on_page=False),
    Column("after", "After", value=lambda row: _as_json(row.after), on_page=False),
    Column("request", "Request", value=lambda row: row.event.request_id, on_page=False),
    Column("transaction", "Transaction", value=lambda row: row.event.transaction, on_page=False),
    Column("hash", "Hash", value=lambda row: row.event.hash, on_page=False),
)
CHAIN_COLUMNS = (
    Column("name", "Trail of", sub=lambda state: state.chain, in_file=False),
    Column("chain", "Chain", on_page=False),
    Column("sequence", "Last event", Kind.COUNT, unknown="none yet"),
    Column("hash", "Its hash", Kind.REFERENCE, value=lambda state: state.short_hash, in_file=False),
    Column("hash", "Its hash", on_page=False),
    Column("checked_to", "Checked to event", Kind.COUNT, unknown="not checked yet"),
    Column("checked_at", "Checked", Kind.MOMENT, unknown="not checked yet"),
    Column("problems", "Problems", Kind.COUNT, value=lambda state: len(state.problems)),
)
KEPT_COLUMNS = (
    Column("name", "Row", link=lambda row: row.address, in_file=False),
    Column("table", "Kind of row", value=lambda row: row.label, on_page=False),
    Column("key", "Number", on_page=False),
    Column("done", "What was done"),
    Column("at", "When", Kind.MOMENT),
    Column("changes", "What changed", template="boroughs/_changes.html", in_file=False),
    Column(
        "changed", "What changed", value=lambda row: "; ".join(map(str, row.changes)), on_page=False
    ),
    Column(
        "transaction",
        "Transaction",
        Kind.REFERENCE,
        link=lambda row: reverse("trail-rows", args=[row.transaction]),
    ),
)


@require_safe
def trail(request, slug):
    """The trail of one council, or of all that the person reads, latest first."""
    user = request.user
    council, councils = place_asked(user, slug)
    states = events.chain_states(user, councils.values(), others=council is None)
    form = TrailFilterForm(
        request.GET,
        people=_people(user, councils, request.GET.get("person", "")),
        chains={state.chain: state.name for state in states},
    )
    visible = AuditEvent.objects.visible_to(user)
    found = form.narrow(visible.of_council(council) if council else visible)
    if request.GET.get("format"):
        if form.errors:
            raise BadInput(form.problem)
        # The file ends with the heads that it names, whatever is written while it is made.
        found = found.filter(_up_to_heads(states))
    asked = form.cleaned_data.get("chain")
    about = form.cleaned_data.get("subject")
    named = [state for state in states if not asked or state.chain == asked]
    tables = [
        _event_table(user, found, councils, named, is_of_one=council is not None),
        *_chain_tables(named),
        *(_history_of(user, about) if about else []),
    ]
    if file := file_asked(request, *tables):
        return file
    shown = {table.name: table.on_page(request) for table in tables}
    context = {
        "council": council,
        "form": form,
        "table": shown["trail"],
        "chains": shown.get("chains"),
        "rows": shown.get("rows"),
        "state": named[0] if len(named) == 1 else None,
        "problems": [problem for state in named for problem in state.problems],
        "unchecked": sum(
            state.checked_at is None and state.sequence is not None for state in named
        ),
        "oldest": min((s.checked_at for s in named if s.checked_at), default=None),
        "about": about and _about(user, about),
        "chosen": _chosen(request, form),
    }
    return render(request, "boroughs/trail.html", context)


@require_safe
def event(request, pk):
    """One event whole, and the rows that the database kept of it."""
    user = request.user
    readable = councils_read(user)
    found = find_row(AuditEvent.objects.visible_to(user), pk=pk)
    council = readable.filter(pk=found.council_id).first()
    [row] = events.shown(user, [found], {council.pk: council} if council else {})
    kept = kept_rows.in_transaction(user, found.transaction, found.council_id)
    table = _kept_table(user, kept, "Rows that it changed", "No row of money, stage or right.")
    if file := file_asked(request, table, council=council):
        return file
    context = {
        "council": council,
        "row": row,
        "facts": _event_facts(row, council),
        "chain": [
            Fact("Transaction", found.transaction, link=_rows_address(found.transaction)),
            Fact("Hash of this event", found.hash),
            Fact("Hash of the event before it", found.previous),
        ],
        "table": table.on_page(request),
        "crumbs": [("Trail", reverse("trail", args=[council.slug if council else "all"]))],
    }
    return render(request, "boroughs/trail_event.html", context)


@require_safe
def rows(request, transaction):
    """The rows that one transaction changed, with or without events that tell of it."""
    user = request.user
    councils_read(user)  # refuses who reads none
    if transaction > LARGEST_NUMBER:
        raise NotVisible("There is no such transaction.")
    kept = kept_rows.in_transaction(user, transaction)
    table = _kept_table(user, kept, "Rows that it changed", "None that you may read.")
    if file := file_asked(request, table):
        return file
    shown = table.on_page(request)
    told = AuditEvent.objects.filter(transaction=transaction)
    own = told.visible_to(user).order_by("chain", "sequence")
    if not shown.rows and not own.exists():
        raise NotVisible("There is no such transaction.")
    context = {
        "transaction": transaction,
        "table": shown,
        "is_outside": not told.exists(),
        "told": own[:10],
        "crumbs": [("Trail", reverse("trail", args=["all"]))],
    }
    return render(request, "boroughs/trail_rows.html", context)


def place_asked(user, slug: str) -> tuple[Council | None, dict[int, Council]]:
    """Return the council, None for ``all``, and by key the councils that it stands for.

    Raises NotVisible for a council whose trail the person does not read, and PermissionDenied for
    who reads none.
    """
    readable = councils_read(user)
    if slug == "all":
        return None, {council.pk: council for council in readable}
    council = find_council(readable, slug=slug)
    return council, {council.pk: council}


def _up_to_heads(states) -> Q:
    """Return the events up to the last ones of these chains; none of a chain that has none."""
    held = (Q(chain=one.chain, sequence__lte=one.sequence) for one in states if one.sequence)
    return reduce(or_, held, Q(pk=None))


def _event_table(user, found, councils, states, *, is_of_one: bool) -> Table:
    heads = {state.chain: f"{state.sequence or 0} {state.hash}".strip() for state in states}
    head = Column("head", "Head", value=lambda row: heads.get(row.event.chain), on_page=False)
    place = "all"
    if len(states) == 1:
        place = f"{states[0].chain}-{states[0].sequence or 0}-{states[0].short_hash}".rstrip("-")
    return Table(
        name="trail",
        file=f"trail-{place}",
        columns=[
            *(c for c in EVENT_COLUMNS if not (is_of_one and c.name == "council" and c.on_page)),
            head,
        ],
        rows=found,
        several=lambda some: events.shown(user, some, councils),
        order=("-pk",),
        caption="Events, latest first",
        empty="No event fits.",
        file_if_empty=[{"chain": chain, "head": head} for chain, head in heads.items()],
    )


def _chain_tables(states) -> list[Table]:
    """The last events of several trails; of one it is said in a sentence."""
    if len(states) < 2:
        return []
    chains = Table(
        name="chains",
        columns=CHAIN_COLUMNS,
        rows=states,
        caption="Trails, their last events and checks",
        a_page=50,
        is_first=False,
    )
    return [chains]


def _history_of(user, about: tuple[str, int]) -> list[Table]:
    """The states of one row as the database kept them, where it keeps such rows."""
    kept = kept_rows.about(user, *about)
    if kept is None:
        return []
    caption = "What the database kept of it, latest first"
    return [_kept_table(user, kept, caption, "Nothing was kept of it.")]


def _kept_table(user, kept, caption: str, empty: str) -> Table:
    return Table(
        name="rows",
        columns=KEPT_COLUMNS,
        rows=kept,
        several=lambda some: kept_rows.shown(user, some),
        order=KEPT_ORDER,
        caption=caption,
        empty=empty,
        is_first=False,
    )


def _event_facts(row: events.EventRow, council) -> list[Fact]:
    found = row.event
    own = {"subject": subjects.key_of(found.subject_type, found.subject_id or 0)}
    place = reverse("trail", args=[council.slug if council else "all"])
    request = f"{place}?{urlencode({'request': found.request_id})}"
    history = f"{place}?{urlencode(own)}" if found.subject_id else ""
    return [
        Fact("When", found.at, Kind.MOMENT),
        Fact("Who", row.who),
        Fact("In which role", row.role, unknown="none: the portal itself, or nobody signed in"),
        Fact("Council", row.council),
        Fact("About", row.subject, link=row.address, unknown="nothing in particular"),
        *([Fact("Its own trail", "All events about it", link=history)] if history else []),
        Fact("Note", found.note, unknown="none"),
        Fact(
            "Request",
            found.request_id,
            link=request if found.request_id else "",
            unknown="none: not by a page or the API",
        ),
    ]


def _rows_address(transaction: int) -> str:
    return reverse("trail-rows", args=[transaction])


def _people(user, councils: Iterable[int], asked: str) -> dict[int, str]:
    """Return whom the trail can be narrowed to, by number: who holds or held a role there."""
    here = Q(memberships__programme_wide=True) | Q(memberships__council__in=list(councils))
    if not user.access.allows_anywhere(Permission.ACCESS_VIEW):
        here = Q(pk=None)
    named = User.objects.filter(here).distinct().order_by("name", "pk").values_list("pk", "name")
    people = dict(named)
    if asked.isascii() and asked.isdecimal() and len(asked) < 19 and int(asked) not in people:
        # Somebody who has left is named to who reads of them; a number alone gives no name.
        told = AuditEvent.objects.visible_to(user).filter(user_id=int(asked))
        people |= people_named(user, {int(asked)} if told.exists() else ())
    return people


def _about(user, about: tuple[str, int]) -> tuple[str, str]:
    """Return what the trail is narrowed to in words, and its page where it has one."""
    label, key = about
    return f"{events.subject_name(label)} {key}", subjects.page_of(label, key)


def _chosen(request, form) -> list[tuple[str, str]]:
    """Return the filters in force that the form does not show, in words, each without it."""
    words = {"subject": "About one thing", "request": "Of one request"}
    found = []
    for name, text in words.items():
        if form.cleaned_data.get(name):
            query = request.GET.copy()
            for gone in (name, "page"):
                query.pop(gone, None)
            found.append((text, query.urlencode()))
    return found


def _as_json(fields: dict | None) -> str | None:
    return None if fields is None else json.dumps(fields, sort_keys=True, ensure_ascii=False)

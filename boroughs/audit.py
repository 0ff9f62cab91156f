"""The only writer of audit events: typed, and in the transaction of what they tell.

Call ``record`` last in an action. The database numbers and chains events under the chain's lock,
which is held until the commit: whatever comes after it would be waited for by everybody else.
What does several actions in one transaction does them ``together``.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Model
from psycopg2.extras import Json, execute_values

from boroughs.authorization import Permission
from boroughs.models import ApiToken, AuditEvent, Contact, Council, Document, User
from boroughs.models.audit import PROGRAMME, SECURITY
from boroughs.queries import visible_councils
from londonpsn.common import clock

# What is written of these is their number: names and mails stay out of the trail (decisions 31),
# and so does what somebody wrote in their own words, as a document's title.
UNNAMED = (User, Contact, ApiToken, Document)
Type = AuditEvent.Type
COLUMNS = (
    *("chain", "type", "at", "user_id", "role", "council_id", "subject_type", "subject_id"),
    *("subject", "before", "after", "note", "request_id"),
)
# What the database fills; it has no defaults of its own.
FILLED = {"sequence": "0", "transaction": "0", "previous": "''", "hash": "''"}
# By this name a connection holds the events of actions that are done together, until all are.
WAITING = "events_waiting"


@contextmanager
def together() -> Iterator[None]:
    """Do several actions in one transaction, and write the events of all at its end.

    Locks have one order for everybody: first rows, then chains by their names. Two who each write
    to several chains would otherwise wait for one another. Whatever an action refuses has to leave
    the block, so that nothing of it is written. A block within a block can fail by itself: what it
    did is undone, and no event tells of it.
    """
    outer = _waiting()
    rows: list[tuple] = [] if outer is None else outer
    before = len(rows)
    with transaction.atomic():
        setattr(connection, WAITING, rows)
        try:
            yield
        except BaseException:
            del rows[before:]
            raise
        finally:
            setattr(connection, WAITING, outer)
        _insert(rows if outer is None else [])


def record(
    type: Type,
    *,
    by: User | None,
    at: datetime,
    council: Council | None = None,
    subject: Model | None = None,
    before: Mapping | None = None,
    after: Mapping | None = None,
    note: str = "",
    needs: Permission | None = None,
) -> None:
    """Write one event in the council's chain, or in the programme's where there is no council.

    ``by`` None is the portal itself. ``needs`` is the permission that allowed it: the roles that
    gave it are written. ``before`` and ``after`` hold the fields that changed, never a person's
    name or mail address. Through an API token ``after`` has its number as ``token``.
    """
    changed = {"before": before, "after": after, "note": note, "needs": needs}
    record_each(type, by=by, at=at, of=[(council, subject)], **changed)


def record_each(
    type: Type,
    *,
    by: User | None,
    at: datetime,
    of: Iterable[tuple[Council | None, Model | None]],
    before: Mapping | None = None,
    after: Mapping | None = None,
    note: str = "",
    needs: Permission | None = None,
) -> None:
    """Write the same event of several things, as ``record`` does of one; in the chains' order."""
    after = _with_token(by, after)
    rows = [
        (
            *(council.register_code if council else PROGRAMME, type, at),
            *(by.pk if by else None, _roles(by, needs, council), council.pk if council else None),
            *_named(subject),
            *(_json(before), _json(after), note[:300], request_id()),
        )
        for council, subject in of
    ]
    _insert(rows)


def record_security(
    type: Type,
    *,
    at: datetime,
    user_id: int | None = None,
    address: str = "",
    note: str = "",
    after: Mapping | None = None,
) -> None:
    """Write one event of the security log; ``address`` is the one that the request came from."""
    said = dict(after or {}) | ({"address": address} if address else {})
    _insert(
        [
            (
                *(SECURITY, type, at, user_id, "", None, "", None, "", None),
                *(_json(said or None), note[:300], request_id()),
            )
        ]
    )


def record_download(request, name: str, how: str, council: Council | None) -> None:
    """Write that a list left the portal as a file: which, how filtered, and of which councils.

    Told by londonpsn.common.tables. What is of one thing stands in the chain of its council, a list
    of all councils in that of each one that the person sees.
    """
    user, here = request.user, request.resolver_match
    if not user.is_authenticated:
        return
    slug = here.kwargs.get("slug")
    if council:
        councils = [council]
    elif slug and slug != "all":
        councils = Council.objects.filter(slug=slug)
    else:
        councils = visible_councils(user)
    record_each(
        Type.LIST_DOWNLOADED,
        by=user,
        at=clock.now(),
        of=[(council, None) for council in councils] or [(None, None)],
        after={"list": name, "format": how, "page": request.path, "query": request.GET.urlencode()},
        needs=Permission.RECORD_VIEW,
    )


def request_id() -> str:
    """Return the name of the request at work, empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]


def _waiting() -> list[tuple] | None:
    """Return the events that wait on this connection, and on no other; None where none do."""
    return getattr(connection, WAITING, None)


def _named(subject: Model | None) -> tuple[str, int | None, str]:
    if subject is None:
        return "", None, ""
    words = "" if isinstance(subject, UNNAMED) else str(subject)[:160]
    return subject._meta.label_lower, subject.pk, words


def _with_token(by: User | None, after: Mapping | None) -> Mapping | None:
    token_id = by.access.token_id if by and hasattr(by, "access") else None
    return after if token_id is None else {**(after or {}), "token": token_id}


def _roles(by: User | None, needs: Permission | None, council: Council | None) -> str:
    """Return the codes of the roles by which it was done; a deputy's say so."""
    if by is None or not hasattr(by, "access"):
        return ""
    held = by.access.roles_for(needs, council.pk if council else None)
    if council is None and needs and not held:  # what is of no council is open to those of any
        held = by.access.roles_giving(needs)
    codes = dict.fromkeys(
        f"{one.role} (deputy)" if getattr(one, "delegation_id", None) else one.role for one in held
    )
    return ", ".join(codes)[:120]


def _json(fields: Mapping | None) -> Json | None:
    if fields is None:
        return None
    return Json(dict(fields), dumps=lambda value: DjangoJSONEncoder().encode(value))


def _insert(rows: list[tuple]) -> None:
    """Insert in one statement, chain by chain; what the database fills is given blank."""
    if (waiting := _waiting()) is not None:
        waiting.extend(rows)
        return
    if not rows:
        return
    rows = sorted(rows, key=lambda row: row[0])
    names = ", ".join([*COLUMNS, *FILLED])
    blank = ", ".join(FILLED.values())
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            f"INSERT INTO {AuditEvent._meta.db_table} ({names}) VALUES %s",  # noqa: S608
            rows,
            template=f"({', '.join(['%s'] * len(COLUMNS))}, {blank})",
        )

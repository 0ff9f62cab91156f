"""What can carry documents and notes: the apps above register theirs when they are ready.

Such a model has ``documents``, and ``notes`` where its rows are those of councils.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Model, Prefetch, QuerySet, Value
from django.db.models.fields import BooleanField, CharField, IntegerField, TextField
from django.urls import reverse

from boroughs.authorization import Permission
from boroughs.models import Council, Supplier
from boroughs.queries import find_row
from londonpsn.common.errors import NotVisible


@dataclass(frozen=True)
class Carrier:
    """One kind of thing that carries documents and notes.

    ``kind`` names it in addresses and in the API, ``url_name`` its page, which takes the field
    ``url_key``. What ``council`` has None for is of all councils; ``add_right`` is what one needs
    there to add documents.
    ``contract_ends_on`` returns the first day without its contract as it stands on a day, None
    where that is not known; things that come under no contract have no such function. What is
    written about a thing that ``is_protected`` is for who may see addresses.
    """

    kind: str
    model: type[Model]
    url_name: str
    council: Callable[[Model], Council | None]
    url_key: str = "pk"
    add_right: Permission = Permission.DOCUMENT_ADD
    contract_ends_on: Callable[[Model, date], date | None] | None = None
    is_protected: Callable[[Model], bool] = lambda row: False

    def note_rights(self, row: Model, right: Permission) -> list[Permission]:
        """Return what one needs at its council to read or write notes: the right, or one more."""
        return [right, Permission.ADDRESS_VIEW] if self.is_protected(row) else [right]

    def visible_to(self, user) -> QuerySet:
        """Return the rows that the person sees, all of them for the portal itself (None)."""
        rows = self.model.objects.all()
        if path := getattr(rows, "council_path", ""):
            rows = rows.select_related(path)
        return rows if user is None else rows.visible_to(user)

    def address(self, row: Model) -> str:
        return reverse(self.url_name, args=[getattr(row, self.url_key)])

    def carries(self, field: str) -> bool:
        """Answer whether it has ``documents``, or ``notes``."""
        return field in {one.name for one in self.model._meta.many_to_many}

    def accessor(self, field: str) -> str:
        """Return by which name a document or a note reaches the things of this kind."""
        return self.model._meta.get_field(field).remote_field.get_accessor_name()


# Which suppliers a council has to do with; apps add theirs when they are ready.
SUPPLIERS: list[Callable[[Council], QuerySet[Supplier]]] = []


def suppliers_of(council: Council | None) -> QuerySet[Supplier]:
    """Return the suppliers that a document of the council can be shown to."""
    found = Supplier.objects.none()
    for those_of in SUPPLIERS if council else ():
        found |= those_of(council)
    return found


CARRIED_BY = "carried_by_"  # before the kind, the name of what ``about`` fetches
CARRIERS: dict[str, Carrier] = {}


def register(
    kind: str,
    model: type[Model],
    *,
    url_name: str,
    council: Callable[[Model], Council | None],
    **facts,
) -> None:
    """Let things of a model carry documents and notes; called once, when its app is ready."""
    CARRIERS[kind] = Carrier(kind, model, url_name, council, **facts)


def carrier_of(subject: Model) -> Carrier | None:
    return next((one for one in CARRIERS.values() if one.model is type(subject)), None)


def carriers_of(field: str) -> dict[str, Carrier]:
    """Return the kinds of things that carry ``documents``, or ``notes``."""
    return {kind: one for kind, one in CARRIERS.items() if one.carries(field)}


def find_subject(user, field: str, kind: str, key: int) -> tuple[Carrier, Model]:
    """Return a thing that the person sees, and what kind it is of. Raises NotVisible.

    ``field`` is what it has to carry: ``documents`` or ``notes``.
    """
    carrier = carriers_of(field).get(kind)
    if carrier is None:
        raise NotVisible(f"There is no “{kind}” that carries {field}.")
    return carrier, find_row(carrier.visible_to(user), pk=key)


@dataclass(frozen=True, slots=True)
class Hung:
    """A document or a note that hangs on a thing; a note has ``text``, a document the rest.

    ``by`` is the person's name, None for the portal itself; ``size`` is bytes.
    """

    pk: int
    text: str
    title: str
    name: str
    kind: str
    size: int
    for_london_grid: bool
    supplier: str | None
    by: str | None
    at: datetime

    @property
    def is_note(self) -> bool:
        return self.text != ""


def sees_documents(user, council: Council | None) -> bool:
    """Answer whether a person of the council, or of any where it is None, may open documents."""
    if council is None:
        return user.access.allows_anywhere(Permission.DOCUMENT_VIEW)
    return user.access.allows(Permission.DOCUMENT_VIEW, council.pk)


def hung_on(user, subject: Model, council: Council | None) -> list[Hung]:
    """Return what the person may see of what hangs on a thing, latest first; one query at most."""
    access, parts = user.access, []
    if sees_documents(user, council) or access.supplier_ids:
        parts.append(_hung(subject.documents.visible_to(user), by="added_by", at="added_at"))
    if council and access.allows(Permission.RECORD_VIEW, council.pk):
        parts.append(_hung(subject.notes.visible_to(user), by="by", at="at"))
    if not parts:
        return []
    rows = parts[0].union(*parts[1:], all=True)
    return sorted((Hung(*row) for row in rows), key=lambda one: (one.at, one.pk), reverse=True)


def _hung(rows: QuerySet, by: str, at: str) -> QuerySet:
    """Return the rows as the values of Hung, blank where the model has no such field."""
    blank = {
        "text": Value("", TextField()),
        "title": Value("", CharField()),
        "name": Value("", CharField()),
        "kind": Value("", CharField()),
        "size": Value(0, IntegerField()),
        "for_london_grid": Value(False, BooleanField()),
    }
    own = {field.name for field in rows.model._meta.fields}
    values = {f"a_{name}": F(name) if name in own else value for name, value in blank.items()}
    supplier = F("supplier__name") if "supplier" in own else Value(None, CharField())
    values |= {"a_supplier": supplier, "a_by": F(f"{by}__name"), "a_at": F(at)}
    return rows.annotate(**values).order_by().values_list("pk", *values)


def about(user, field: str) -> list[Prefetch]:
    """Return what to fetch with ``documents`` or ``notes``: the things that the person sees."""
    return [
        Prefetch(
            one.accessor(field),
            one.model.objects.visible_to(user).only("pk"),
            to_attr=f"{CARRIED_BY}{kind}",
        )
        for kind, one in carriers_of(field).items()
    ]


def contract_ends(document_id: int, today: date) -> list[date | None]:
    """Return when the contracts end that a document hangs on, as they stand today.

    None for an end that is not known. Options that were taken and roll-ons are in it.
    """
    return [
        one.contract_ends_on(row, today)
        for one in CARRIERS.values()
        if one.contract_ends_on
        for row in one.model.objects.filter(documents=document_id)
    ]

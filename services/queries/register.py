"""The rows of councils' registers of contracts, and what a request for information is answered."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from hashlib import sha256

from django.db.models import Count, FilteredRelation, Q, QuerySet, Sum

from boroughs.models import Body, Council
from boroughs.queries import find_row
from londonpsn.common.money import ZERO
from londonpsn.common.periods import Period, last_day, month_code
from services.models import Charge, Contract, LegalRule, Line, RegisterEdition
from services.models.line import billed_on, in_use_on
from services.queries.radar import may_run
from services.register import Entry, as_file
from services.terms import months_later

# What a row lacks, as Entry.missing has it; a contract always has a reference and a supplier.
BLANK = r"^\s*$"
LACKING = (
    Q(title__regex=BLANK)
    | Q(organisational_unit__regex=BLANK)
    | Q(description__regex=BLANK)
    | Q(starts_on=None)
    | Q(ends_on=None)
    | Q(review_on=None)
    | Q(value=None)
    | Q(irrecoverable_vat=None)
    | Q(route="")
    | Q(supplier__is_sme=None)
    | Q(supplier__is_vcse=None)
    | Q(supplier__is_vcse=True, supplier__charity_number__regex=BLANK)
)
IN_THE_REGISTER = (
    *("council", "supplier", "reference", "title", "starts_on", "ends_on", "notice_days"),
    *("notice_given_on", "renewal", "roll_on_months", "organisational_unit", "description"),
    *("review_on", "value", "irrecoverable_vat", "route"),
)


def publish_threshold(quarter: Period) -> LegalRule | None:
    """Return the value from which contracts are published, as of the quarter's last day."""
    rules = LegalRule.objects.in_force_on(last_day(quarter.end))
    return rules.filter(kind=LegalRule.Kind.PUBLISH).order_by("pk").first()


def register_entries(
    contracts: QuerySet[Contract], quarter: Period, threshold: LegalRule | None
) -> dict[int, list[Entry]]:
    """Return the register rows of a quarter by council, in the order of their references.

    Those are contracts in force on a day of it, or signed in it, above the threshold; one whose
    value is not known is listed, so that somebody looks. Three queries.
    """
    return _entries(_listed(contracts, quarter, threshold), quarter)


def register_sums(
    contracts: QuerySet[Contract], quarter: Period, threshold: LegalRule | None
) -> dict[int, tuple[int, int]]:
    """Return how many rows each council's register has, and how many lack something.

    What register_entries() would come to, without a row of it being made where plain columns
    decide: an option or a roll-on only ever makes a contract longer. Four queries.
    """
    listed = _listed(contracts, quarter, threshold)
    sure = listed.filter(Q(ends_on=None) | Q(ends_on__gt=quarter.start))
    counted = (
        sure.order_by()
        .values("council")
        .annotate(rows=Count("pk"), lacking=Count("pk", filter=LACKING))
    )
    sums = {row["council"]: (row["rows"], row["lacking"]) for row in counted}
    longer = _entries(listed.filter(ends_on__lte=quarter.start), quarter)
    for council, entries in longer.items():
        rows, lacking = sums.get(council, (0, 0))
        sums[council] = rows + len(entries), lacking + sum(bool(one.missing) for one in entries)
    return sums


def _listed(
    contracts: QuerySet[Contract], quarter: Period, threshold: LegalRule | None
) -> QuerySet[Contract]:
    """Return what had begun, or was signed, by the quarter's end; some of it was over before."""
    begun = Q(starts_on=None) | Q(starts_on__lt=quarter.end)
    awarded = Q(signed_on__gte=quarter.start, signed_on__lt=quarter.end)
    signed = contracts.filter(begun | awarded, stage=Contract.Stage.AWARDED)
    if threshold is None:
        return signed
    return signed.filter(Q(value=None) | Q(value__gt=threshold.value))


def _entries(listed: QuerySet[Contract], quarter: Period) -> dict[int, list[Entry]]:
    on = last_day(quarter.end)
    found: dict[int, list[Entry]] = defaultdict(list)
    signed = may_run(listed, quarter.start).with_options().only(*IN_THE_REGISTER)
    for contract in signed.prefetch_related("supplier").order_by("reference", "pk"):
        ends_on = contract.ending(on).ends_on
        if ends_on is None or ends_on > quarter.start:
            found[contract.council_id].append(entry_of(contract, ends_on))
    return dict(found)


def entry_of(contract: Contract, ends_on: date | None) -> Entry:
    """Return a contract's row of the register; ``ends_on`` is its end as it stands."""
    supplier = contract.supplier
    return Entry(
        key=contract.pk,
        reference=contract.reference,
        title=contract.title,
        organisational_unit=contract.organisational_unit,
        description=contract.description,
        starts_on=contract.starts_on,
        ends_on=ends_on,
        review_on=contract.review_on,
        value=contract.value,
        irrecoverable_vat=contract.irrecoverable_vat,
        supplier=supplier.name,
        charity_number=supplier.charity_number,
        is_sme=supplier.is_sme,
        is_vcse=supplier.is_vcse,
        route=contract.route,
    )


@dataclass(frozen=True)
class Register:
    """The register of one council and quarter as it stands, and its editions, the latest first."""

    council: Council
    entries: list[Entry]
    editions: list[RegisterEdition]

    @property
    def edition(self) -> RegisterEdition | None:
        return self.editions[0] if self.editions else None

    @property
    def incomplete(self) -> int:
        return sum(bool(entry.missing) for entry in self.entries)

    @property
    def file(self) -> bytes:
        return as_file(self.entries)

    @cached_property
    def has_changed(self) -> bool:
        """Whether the rows are others than those that were published last."""
        return bool(self.edition) and self.edition.sha256 != sha256(self.file).hexdigest()

    @property
    def is_to_publish(self) -> bool:
        return self.edition is None or self.has_changed


@dataclass(frozen=True)
class RegisterSum:
    """How far the register of one council and quarter is; its editions, the latest first."""

    council: Council
    rows: int
    incomplete: int
    editions: list[RegisterEdition]

    @property
    def edition(self) -> RegisterEdition | None:
        return self.editions[0] if self.editions else None

    @property
    def words(self) -> str:
        return "published" if self.edition else "not published"


def register_of(user, council: Council, quarter: Period, threshold: LegalRule | None) -> Register:
    """Return the register of a council and quarter, as the person sees it."""
    contracts = Contract.objects.visible_to(user).of_council(council)
    entries = register_entries(contracts, quarter, threshold).get(council.pk, [])
    return Register(council, entries, list(_editions(user, quarter).of_council(council)))


def registers_of(
    user, councils: Iterable[Council], quarter: Period, threshold: LegalRule | None
) -> list[RegisterSum]:
    """Return how far the register of each of some councils is, in their order."""
    contracts = Contract.objects.visible_to(user).filter(council__in=councils)
    sums = register_sums(contracts, quarter, threshold)
    editions: dict[int, list[RegisterEdition]] = defaultdict(list)
    for one in _editions(user, quarter):
        editions[one.council_id].append(one)
    return [
        RegisterSum(council, *sums.get(council.pk, (0, 0)), editions[council.pk])
        for council in councils
    ]


def _editions(user, quarter: Period) -> QuerySet[RegisterEdition]:
    """Return what was published of a quarter, the latest first, without the files themselves."""
    editions = RegisterEdition.objects.visible_to(user).filter(quarter=quarter.start)
    return editions.defer("file").order_by("-version")


def register_file(user, council: Council, quarter: Period, version: str) -> tuple[bytes, str]:
    """Return a register's file and its name: as it stands, or a version as it was published.

    Raises NotVisible for a version that there is not.
    """
    if version:
        editions = RegisterEdition.objects.visible_to(user).of_council(council)
        asked = version if version.isascii() and version.isdecimal() and len(version) < 5 else "0"
        file = bytes(find_row(editions, quarter=quarter.start, version=asked).file)
    else:
        file = register_of(user, council, quarter, publish_threshold(quarter)).file
    ending = f"-{version}" if version else ""
    return file, f"contracts-{council.slug}-{month_code(quarter.start)}{ending}.csv"


@dataclass(frozen=True, slots=True)
class Answered:
    """One row of the answer: what one contract provides of one kind of service, and nothing else.

    ``ends_on`` is the first day without, ``term`` months, ``yearly`` pounds a year at the prices of
    the day; None is not known.
    """

    supplier: str
    ends_on: date | None
    term: int | None
    service: str
    lines: int
    yearly: Decimal | None


def foi_answer(council: Council, day: date) -> list[Answered]:
    """Return what the council's own lines in use come to by contract and service; five queries."""
    recurring = Q(charges__kind=Charge.Kind.RECURRING, charges__starts_on__lte=day)
    open_end = Q(charges__ends_on=None) | Q(charges__ends_on__gt=day)
    rows = list(
        Line.objects.of_council(council)
        .filter(in_use_on(day), body__kind=Body.Kind.COUNCIL)
        .annotate(price=FilteredRelation("charges", condition=recurring & open_end))
        .values("contract", "supplier__name", "service_type__name")
        .annotate(
            lines=Count("pk"),
            known=Sum("price__amount", filter=billed_on(day)),
            unpriced=Count("pk", filter=billed_on(day) & Q(price=None)),
        )
        .order_by("supplier__name", "service_type__name", "contract")
    )
    contracts = Contract.objects.filter(pk__in={row["contract"] for row in rows} - {None})
    running = may_run(contracts, day).with_options()
    terms = {one.pk: _end_and_term(one, day) for one in running}
    return [
        Answered(
            row["supplier__name"],
            *terms.get(row["contract"], (None, None)),
            row["service_type__name"],
            row["lines"],
            None if row["unpriced"] else 12 * (row["known"] or ZERO),
        )
        for row in rows
    ]


def _end_and_term(contract: Contract, day: date) -> tuple[date | None, int | None]:
    """Return the first day without, and the whole months from its start until then."""
    ends_on = contract.ending(day).ends_on
    if ends_on is None or contract.starts_on is None:
        return ends_on, None
    months = (
        (ends_on.year - contract.starts_on.year) * 12 + ends_on.month - contract.starts_on.month
    )
    return ends_on, months - (months_later(contract.starts_on, months) > ends_on)

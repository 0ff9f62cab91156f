"""Call-offs as pages show them: when they end, what is committed of them, what they still want."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from boroughs.authorization import Permission
from boroughs.models import Body, Supplier
from londonpsn.common.money import ZERO, percent, to_the_penny
from services import law
from services.awarding import PRICE_TERMS
from services.law import Drift, Rule
from services.models import Contract, ContractNotice, Framework, LegalRule
from services.models.contract import NOTICE_IS_OPEN
from services.queries.register import entry_of
from services.register import COLUMNS

WARN_AT, BLOCK_AT = 80, 100  # per cent of a ceiling


def legal_rules() -> list[Rule]:
    """Return every dated rule of law; one query."""
    return [
        Rule(row.kind, row.regime, row.code, row.value, row.starts_on, row.ends_on, row.is_verified)
        for row in LegalRule.objects.order_by("pk")
    ]


class Burn(StrEnum):
    """How much of a ceiling is committed, in words."""

    UNLIMITED = "no ceiling"
    FREE = "within its ceiling"
    NEAR = "close to its ceiling"
    REACHED = "ceiling reached, nothing more can be ordered"
    OVERRIDDEN = "ceiling reached, and overridden by London Grid"


@dataclass(frozen=True, slots=True)
class BurnDown:
    """What is committed against a ceiling: pounds billed ``so_far``, and ``to_come`` in the term.

    ``unpriced`` of its ``lines`` have no price, so that more is committed than is known.
    """

    ceiling: Decimal | None
    so_far: Decimal = ZERO
    to_come: Decimal = ZERO
    lines: int = 0
    unpriced: int = 0
    is_overridden: bool = False

    @property
    def committed(self) -> Decimal:
        return self.so_far + self.to_come

    @property
    def left(self) -> Decimal | None:
        return None if self.ceiling is None else self.ceiling - self.committed

    @property
    def percent(self) -> Decimal | None:
        return None if self.ceiling is None else percent(self.committed, self.ceiling)

    @property
    def state(self) -> Burn:
        if self.ceiling is None:
            return Burn.UNLIMITED
        if self.committed * 100 >= self.ceiling * BLOCK_AT:
            return Burn.OVERRIDDEN if self.is_overridden else Burn.REACHED
        if self.committed * 100 >= self.ceiling * WARN_AT:
            return Burn.NEAR
        return Burn.FREE

    @property
    def is_blocked(self) -> bool:
        """Answer whether nothing more may be ordered under it."""
        return self.state == Burn.REACHED


def _months_until(day: str) -> str:
    """The months from the year 0 to a day, part months by the days of the month."""
    whole = f"EXTRACT(year FROM {day}) * 12 + EXTRACT(month FROM {day})"
    days = f"EXTRACT(day FROM date_trunc('month', {day}) + interval '1 month - 1 day')"
    return f"({whole} + (EXTRACT(day FROM {day}) - 1) / {days})"


PAST = f"{_months_until('until_today')} - {_months_until('first_day')}"
COMING = f"{_months_until('first_day_without')} - {_months_until('until_today')}"


def _summed(months: str) -> str:
    return f"(SELECT SUM(monthly * ({months})) FROM recurring WHERE contract_id = term.contract_id)"  # noqa: S608


# Every charge of the lines of some call-offs, cut to the term. A line without charges has one row.
BURN_DOWN = f"""
    WITH term (contract_id, starts_on, ends_on, ceiling) AS (
        SELECT * FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::numeric[])
    ),
    billed AS (
        SELECT term.contract_id, line.id AS line_id, charge.kind, charge.amount,
            charge.starts_on AS charged_on,
            GREATEST(term.starts_on, charge.starts_on, line.billed_from) AS first_day,
            LEAST(term.ends_on, charge.ends_on, line.billed_until) AS first_day_without
        FROM term
        JOIN services_line line ON line.contract_id = term.contract_id
        LEFT JOIN services_charge charge ON charge.line_id = line.id
    ),
    priced AS (
        SELECT *, kind = 'RECURRING' AND first_day < first_day_without AS is_recurring,
            LEAST(first_day_without, GREATEST(first_day, %s::date)) AS until_today
        FROM billed
    ),
    recurring AS (  -- many lines share their days: pounds are added before months are worked out
        SELECT contract_id, first_day, until_today, first_day_without, SUM(amount) AS monthly
        FROM priced WHERE is_recurring
        GROUP BY contract_id, first_day, until_today, first_day_without
    )
    SELECT term.contract_id,
        COALESCE({_summed(PAST)}, 0)
        + COALESCE(SUM(amount) FILTER (WHERE kind = 'ONE_OFF' AND charged_on <= %s::date), 0),
        COALESCE({_summed(COMING)}, 0)
        + COALESCE(SUM(amount) FILTER (WHERE kind = 'ONE_OFF' AND charged_on > %s::date), 0),
        COUNT(DISTINCT line_id),
        COUNT(DISTINCT line_id) - COUNT(DISTINCT line_id) FILTER (WHERE kind = 'RECURRING'),
        EXISTS (
            SELECT FROM boroughs_auditevent event
            WHERE event.type = 'CEILING_OVERRIDDEN' AND event.subject_type = 'services.contract'
                AND event.subject_id = term.contract_id
                AND (event.after ->> 'ceiling')::numeric = term.ceiling
        )
    FROM term LEFT JOIN priced USING (contract_id)
    GROUP BY term.contract_id, term.ceiling
"""  # noqa: S608, made of the constants above


def burn_down(contracts: Iterable[Contract], day: date) -> dict[int, BurnDown]:
    """Return what is committed of each call-off on ``day``, by its key; one query.

    The recurring charges of its lines over their billed months within the term, those of past
    months too, and their one-offs. Rounded once, at the end. Contracts need their extensions.
    """
    asked = [one for one in contracts if one.starts_on and one.ends_on]
    if not asked:
        return {}
    terms = [(one.pk, one.starts_on, one.ending(day).ends_on, one.ceiling) for one in asked]
    columns = [list(column) for column in zip(*terms, strict=True)]
    ceilings = {one.pk: one.ceiling for one in asked}
    with connection.cursor() as cursor:
        cursor.execute(BURN_DOWN, [*columns, day, day, day])
        return {
            pk: BurnDown(ceilings[pk], to_the_penny(past), to_the_penny(coming), *others)
            for pk, past, coming, *others in cursor.fetchall()
        }


def is_entitled(call_off: Contract) -> bool:
    """Answer whether the body of a draft may buy under its framework; False while one is open."""
    framework, body = call_off.framework, call_off.body
    return bool(framework and body and framework.may_be_used_by(body))


def names_supplier(call_off: Contract) -> bool:
    """Answer whether its framework names the supplier, or nothing is held of whom it names."""
    framework = call_off.framework
    if framework is None:
        return True
    suppliers = set(framework.suppliers.values_list("pk", flat=True))
    is_silent = not suppliers and not framework.suppliers_text
    return is_silent or call_off.supplier_id in suppliers


def is_late(notice: ContractNotice, day: date) -> bool:
    return is_open(notice) and notice.due_on is not None and notice.due_on < day


def is_open(notice: ContractNotice) -> bool:
    return notice.published_on is None and not notice.waived_reason


def drift_of(contract: Contract, changes: Sequence[tuple[Decimal, int]]) -> Drift:
    """Return how far changes have moved a call-off from what was first signed."""
    pounds = sum((value for value, _ in changes), Decimal(0))
    days = timedelta(days=sum(days for _, days in changes))
    signed = None if contract.value is None else contract.value - pounds
    term = None
    if contract.starts_on and contract.ends_on:
        term = (contract.ends_on - days - contract.starts_on).days
    return law.drift(value=signed, days=term, changes=changes)


def missing_for_register(contract: Contract, day: date) -> list[str]:
    """Return in words what a call-off lacks to be published in the register of contracts."""
    missing = entry_of(contract, contract.ending(day).ends_on).missing
    return [_within_a_sentence(COLUMNS[name]) for name in missing]


def _within_a_sentence(words: str) -> str:
    is_acronym = words[1:2].isupper()
    return words if is_acronym else words[:1].lower() + words[1:]


@dataclass(frozen=True, slots=True)
class CallOffRow:
    """A call-off as lists show it. Figures of None are not known, or not for the person's eyes."""

    pk: int
    is_draft: bool
    reference: str
    title: str
    council: str
    supplier: str
    supplier_code: str
    framework: str
    lot: str
    ends_on: date | None
    notice_by: date | None
    extensions_left: int
    value: Decimal | None
    committed: Decimal | None
    left: Decimal | None
    burn: Burn | None
    changed: Decimal | None
    notices: tuple[str, ...]
    has_late_notice: bool
    missing: tuple[str, ...] | None
    price_terms: dict[str, object]  # by the names of awarding.PRICE_TERMS


class CallOffRows(Sequence):
    """The rows of call-offs, made only of those that a page shows: five queries a slice."""

    def __init__(self, call_offs: QuerySet[Contract], user, day: date):
        self.call_offs = call_offs.order_by(
            F("stage").desc(), "council__short_name", "reference", "pk"
        )
        self.user, self.day = user, day

    def __len__(self) -> int:
        return self.call_offs.count()

    def __iter__(self):
        return iter(self._all)

    @cached_property
    def _all(self) -> list[CallOffRow]:
        return self[:]

    def __getitem__(self, some):
        if not isinstance(some, slice):
            return self[some : some + 1][0]
        related = ("council", "supplier", "framework")
        found = self.call_offs.select_related(*related).prefetch_related(
            "extensions", "notices", "changes"
        )
        contracts = list(found[some])
        awarded = [one for one in contracts if one.stage == Contract.Stage.AWARDED]
        burnt = burn_down(awarded, self.day)
        return [self._row(contract, burnt.get(contract.pk)) for contract in contracts]

    def _row(self, contract: Contract, burn: BurnDown | None) -> CallOffRow:
        inside = self.user.access.allows(Permission.RECORD_VIEW, contract.council_id)
        end = contract.ending(self.day)
        changes = [(one.value_change, one.days_change) for one in contract.changes.all()]
        notices = [one for one in contract.notices.all() if is_open(one)]
        burn = burn if inside else None
        return CallOffRow(
            pk=contract.pk,
            is_draft=contract.stage == Contract.Stage.DRAFT,
            reference=contract.reference,
            title=contract.title,
            council=contract.council.short_name,
            supplier=contract.supplier.name,
            supplier_code=contract.supplier.code,
            framework=contract.framework.name if contract.framework else "",
            lot=contract.lot,
            ends_on=end.ends_on,
            notice_by=contract.notice_due(self.day),
            extensions_left=len(contract.options_left(self.day)),
            value=contract.value,
            committed=burn.committed if burn else None,
            left=burn.left if burn else None,
            burn=burn.state if burn else None,
            changed=drift_of(contract, changes).value if inside and burn else None,
            notices=tuple(one.code for one in sorted(notices, key=lambda one: one.pk))
            if inside
            else (),
            has_late_notice=inside and any(is_late(one, self.day) for one in notices),
            missing=tuple(missing_for_register(contract, self.day)) if inside else None,
            price_terms={name: getattr(contract, name) for name in PRICE_TERMS},
        )


@dataclass(frozen=True, slots=True)
class FrameworkChoice:
    """A framework that may be chosen, and why it may not, empty where it may."""

    framework: Framework
    why_not: str
    names_supplier: bool


def framework_choices(body: Body | None, supplier: Supplier, day: date) -> list[FrameworkChoice]:
    """Return every framework, those that the body may use on the day first; one query."""
    named = Framework.named.through.objects.filter(
        framework=OuterRef("pk"), council=body.council_id if body else None
    )
    listed = Framework.suppliers.through.objects.filter(framework=OuterRef("pk"), supplier=supplier)
    frameworks = Framework.objects.annotate(
        is_named=Exists(named), names_supplier=Exists(listed)
    ).order_by("name", "pk")
    choices = [
        FrameworkChoice(one, _why_not(one, body, day), one.names_supplier) for one in frameworks
    ]
    return sorted(choices, key=lambda choice: (bool(choice.why_not), not choice.names_supplier))


def _why_not(framework, body: Body | None, day: date) -> str:
    if framework.has_expired_on(day):
        return "it has expired"
    if framework.starts_on and day < framework.starts_on:
        return "it has not begun"
    only_named = framework.entitles == Framework.Entitles.NAMED
    is_entitled = framework.is_named if only_named else body and framework.may_be_used_by(body)
    return "" if body is None or is_entitled else f"{body.name} may not use it"


def call_offs_of(councils: Iterable[int]) -> QuerySet[Contract]:
    return Contract.objects.call_offs().filter(council__in=councils)


def open_notices(councils: Iterable[int], *, before: date) -> QuerySet[ContractNotice]:
    """Return the notices of the councils' call-offs that are due before a day, the oldest first.

    An award notice without a day is among them, at the end: it comes before the signature.
    """
    is_due = Q(due_on__lt=before) | Q(due_on=None, code=law.AWARD)
    return (
        ContractNotice.objects.filter(NOTICE_IS_OPEN, is_due, contract__council__in=councils)
        .select_related("contract__council", "contract__supplier")
        .order_by("due_on", "pk")
    )

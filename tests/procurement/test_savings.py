"""Savings: the worked examples of spec/savings.md 4.5, and SQL equal to the reference."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from boroughs.models import Body
from londonpsn.common.money import to_the_penny
from londonpsn.common.periods import Period, add_months, month_period
from procurement.actions.savings import recompute
from procurement.models import SavingsByMonth, SavingsCoverage, SavingsMonth
from procurement.queries import SavingsFilter, coverage
from procurement.savings import Amounts, Group, LineMoney, amounts_by_month, pays_back
from services.charges import OneOff, Price, month_share
from services.models import Replacement
from tests import factories as new

YEARS = Period(date(2026, 9, 1), date(2027, 9, 1))


def monthly(pounds: str, starts_on: date | None, ends_on: date | None = None) -> Price:
    return Price(Decimal(pounds), Period(starts_on, ends_on))


def e1(one_off: str = "1500") -> Group:
    """Legacy £1,200 billed to 25 October; new £720 from 10 September; install £1,500."""
    return Group(
        baseline=monthly("1200", YEARS.start, YEARS.end),
        old=(LineMoney(Period(None, date(2026, 10, 26)), (monthly("1200", date(2026, 1, 1)),)),),
        new=(
            LineMoney(
                Period(date(2026, 9, 10), None),
                (monthly("720", date(2026, 9, 10)),),
                (OneOff(Decimal(one_off), date(2026, 9, 10)),),
            ),
        ),
    )


def test_e1_overlap_install_mid_month():
    months = amounts_by_month(e1())

    september, october = months[date(2026, 9, 1)], months[date(2026, 10, 1)]
    assert september == Amounts(
        Decimal("1200.00"), Decimal("1200.00"), Decimal("504.00"), Decimal("1500.00")
    )
    assert october == Amounts(Decimal("1200.00"), Decimal("967.74"), Decimal("720.00"))
    nets = [months[month].net for month in sorted(months)]
    assert nets[:3] == [Decimal("-2004.00"), Decimal("-487.74"), Decimal("480.00")]
    running = [sum(nets[: n + 1]) for n in range(8)]
    assert running[3] == Decimal("-1531.74")  # story 9: not "40 % since September"
    assert running[7] == Decimal("388.26")


def test_e1_pays_back_in_april_2027():
    assert pays_back(amounts_by_month(e1())) == date(2027, 4, 1)


def test_pay_back_is_not_a_month_after_which_it_falls_below_zero_again():
    nets = {1: "10", 2: "-20", 3: "15", 4: "-1"}
    months = {date(2026, month, 1): Amounts(Decimal(net)) for month, net in nets.items()}

    assert pays_back(months) == date(2026, 3, 1)
    assert pays_back(months | {date(2026, 5, 1): Amounts(Decimal("-5"))}) is None
    assert pays_back({}) is None


def test_e2_indexation_is_two_segments_each_rounded_once():
    march = month_period(date(2027, 3, 1))
    before = Period(date(2027, 1, 1), date(2027, 3, 15))
    after = Period(date(2027, 3, 15), None)

    shares = [
        month_share(Decimal("720"), before, march),
        month_share(Decimal("744.48"), after, march),
    ]

    assert shares == [Decimal("325.16"), Decimal("408.26")]
    assert sum(shares) == Decimal("733.42")


@pytest.mark.parametrize(
    ("month", "share"), [(date(2026, 2, 1), "428.57"), (date(2026, 10, 1), "387.10")]
)
def test_e3_ten_days_of_1200_by_the_actual_month(month, share):
    billed = Period(month, month + timedelta(days=10))

    assert month_share(Decimal("1200"), billed, month_period(month)) == Decimal(share)


def test_e11_rollback_keeps_both_billed():
    """Legacy resumes until its cease; the running total is what was really paid (4.4 case 13)."""
    group = Group(
        baseline=monthly("1200", YEARS.start, YEARS.end),
        old=(LineMoney(Period(None, date(2026, 12, 16)), (monthly("1200", date(2026, 1, 1)),)),),
        new=(LineMoney(Period(date(2026, 9, 10), None), (monthly("720", date(2026, 9, 10)),)),),
    )

    nets = [amounts.net for _, amounts in sorted(amounts_by_month(group).items())]

    assert nets[:5] == [
        Decimal(net) for net in ("-504.00", "-720.00", "-720.00", "-100.65", "480.00")
    ]
    assert sum(nets[:4]) == Decimal("-2044.65")


def test_e13_many_old_to_one_new_is_a_total_of_the_group():
    old = [
        LineMoney(Period(None, date(2026, 9, 1)), (monthly(price, date(2026, 1, 1)),))
        for price in ("400", "350", "250")
    ]
    new_line = LineMoney(Period(date(2026, 9, 1), None), (monthly("600", date(2026, 9, 1)),))
    group = Group(monthly("1000", YEARS.start, YEARS.end), tuple(old), (new_line,))

    assert {amounts.net for amounts in amounts_by_month(group).values()} == {Decimal("400.00")}


def test_a_leap_february_costs_one_month():
    leap = Period(date(2016, 2, 1), date(2016, 3, 1))

    assert month_share(Decimal("100"), Period(None, None), leap) == Decimal("100.00")
    assert month_share(Decimal("100"), Period(date(2016, 2, 29), None), leap) == Decimal("3.45")


def test_dearer_than_before_is_shown_and_never_clipped():
    """4.4 case 16."""
    line = LineMoney(Period(YEARS.start, None), (monthly("150", YEARS.start),))
    group = Group(monthly("100", YEARS.start, YEARS.end), (), (line,))

    assert amounts_by_month(group)[YEARS.start].net == Decimal("-50.00")


def test_no_baseline_and_unknown_money_are_left_out_and_not_zero():
    """4.3 NONE, 4.4 case 17, decisions 12."""
    priced = LineMoney(Period(YEARS.start, None), (monthly("50", YEARS.start),))
    unpriced = LineMoney(Period(YEARS.start, None))
    priced_late = LineMoney(Period(YEARS.start, None), (monthly("50", date(2026, 9, 2)),))
    over = LineMoney(Period(None, YEARS.start))
    start_unknown = LineMoney(Period(None, None), (monthly("50", date(2026, 9, 2)),))
    baseline = monthly("100", YEARS.start, YEARS.end)

    assert not Group(None, (), (priced,)).is_covered
    assert not Group(baseline, (), (unpriced,)).is_covered
    assert not Group(baseline, (), (priced_late,)).is_covered
    assert not Group(baseline, (start_unknown,), ()).is_covered
    assert Group(baseline, (over,), (priced,)).is_covered
    assert Group(baseline, (), (start_unknown,)).is_covered
    assert amounts_by_month(Group(baseline, (), (unpriced,))) == {}


@given(
    price=st.decimals("0", "99999", places=4),
    cut=st.integers(1, 30),
    month=st.dates(date(2010, 1, 1), date(2030, 12, 31)).map(lambda day: day.replace(day=1)),
)
def test_4_6_split_parts_of_a_month_add_to_the_month_within_a_penny_a_segment(price, cut, month):
    whole = month_period(month)
    middle = min(month + timedelta(days=cut), whole.end - timedelta(days=1))

    parts = [
        month_share(price, Period(whole.start, middle), whole),
        month_share(price, Period(middle, whole.end), whole),
    ]

    assert abs(sum(parts) - month_share(price, whole, whole)) <= Decimal("0.02")


# The set-based statement is held to the reference by random replacements.

FIRST = date(2013, 11, 1)
days = st.integers(0, 200).map(lambda n: FIRST + timedelta(days=n))
prices = st.decimals("0", "9999", places=4)


@st.composite
def periods(draw, may_be_open=True):
    start = draw(days)
    end = start + timedelta(days=draw(st.integers(1, 150)))
    return Period(start, None if may_be_open and draw(st.booleans()) else end)


@st.composite
def line_money(draw):
    let_go_on = draw(days) if draw(st.integers(0, 4)) == 0 else None
    billed = draw(periods())
    if draw(st.booleans()):
        billed = Period(None, billed.end)
    found, start = [], draw(days)
    for _ in range(draw(st.integers(0, 3))):
        end = start + timedelta(days=draw(st.integers(1, 90)))
        found.append(Price(draw(prices), Period(start, end)))
        start = end + timedelta(days=draw(st.sampled_from([0, 0, 0, 5])))
    if found and draw(st.booleans()):
        found[-1] = Price(found[-1].monthly, Period(found[-1].period.start, None))
    if draw(st.booleans()):  # cover everything, so that many groups can be worked out
        found = [Price(draw(prices), Period(date(2013, 1, 1), None))]
    one_offs = [OneOff(draw(prices), draw(days)) for _ in range(draw(st.integers(0, 2)))]
    return LineMoney(billed, tuple(found), tuple(one_offs), let_go_on)


@st.composite
def groups(draw):
    has_baseline = draw(st.integers(0, 9)) > 0
    baseline = Price(draw(prices), draw(periods(may_be_open=False))) if has_baseline else None
    sides = st.lists(line_money(), max_size=2)
    return Group(baseline, tuple(draw(sides)), tuple(draw(sides)))


def store(group: Group, body: Body, service_type) -> Replacement:
    def line(money: LineMoney):
        made = new.new_line(
            body,
            service_type=service_type,
            supplier=store.supplier,
            generation=store.generation,
            billed_from=money.billed.start,
            billed_until=money.billed.end,
        )
        for price in money.prices:
            new.new_charge(
                made,
                amount=price.monthly,
                starts_on=price.period.start,
                ends_on=price.period.end,
            )
        for charge in money.one_offs:
            new.new_charge(made, kind="ONE_OFF", amount=charge.amount, starts_on=charge.on)
        return made

    replacement = new.new_replacement((), (), body=body, service_type=service_type)
    for side, members in (("OLD", group.old), ("NEW", group.new)):
        for money in members:
            member = {"line": line(money), "side": side, "let_go_on": money.let_go_on}
            new.new_replacement_line(replacement=replacement, **member)
    if group.baseline:
        period = group.baseline.period
        earlier = {"amount": 1, "starts_on": period.start, "ends_on": period.end}
        new.new_baseline(replacement, version=1, **earlier)
        new.new_baseline(
            replacement,
            version=2,
            amount=group.baseline.monthly,
            starts_on=period.start,
            ends_on=period.end,
        )
    return replacement


KEYS = [(council, kind, s) for council in (0, 1) for kind in ("COUNCIL", "SCHOOL") for s in (0, 1)]


def covers(group: Group) -> tuple[int, Decimal]:
    """Return the old lines of a group, and its old price: the baseline, else the last prices."""

    def last_prices(lines) -> Decimal | None:
        prices = [
            max(line.prices, key=lambda price: price.period.start).monthly
            for line in lines
            if line.prices and not line.let_go_on
        ]
        return sum(prices, Decimal(0)) if prices else None

    lines = sum(not line.let_go_on for line in group.old)
    if group.baseline:
        return lines, group.baseline.monthly
    guesses = (last_prices(group.old), last_prices(group.new), Decimal(0))
    return lines, next(guess for guess in guesses if guess is not None)


class TestSetBasedEqualsReference(TestCase):
    @settings(max_examples=150)
    @given(several=st.lists(st.tuples(groups(), st.sampled_from(KEYS)), min_size=1, max_size=4))
    def test_to_the_penny(self, several):
        """Groups of two councils, kinds of body and service types are worked out in one go."""
        store.supplier, store.generation = new.new_supplier(), new.new_generation()
        councils = [new.new_council(), new.new_council()]
        types = [new.new_service_type(), new.new_service_type()]
        bodies = {
            (council, kind): new.new_body(council, kind=kind)
            for council in councils
            for kind in ("COUNCIL", "SCHOOL")
        }
        expected: dict[tuple, Amounts] = {}
        covering: dict[tuple, tuple] = {}
        for group, (council, kind, service_type) in several:
            store(group, bodies[councils[council], kind], types[service_type])
            key = councils[council].pk, kind, types[service_type].pk
            for month, amounts in amounts_by_month(group).items():
                expected[*key, month] = expected.get((*key, month), Amounts()) + amounts
            lines, pounds = covers(group)
            known = (lines, pounds) if group.is_covered else (0, 0)
            held = covering.get(key, (0, 0, 0, 0))
            if lines:
                covering[key] = tuple(map(sum, zip(held, (lines, pounds, *known), strict=True)))

        recompute([council.pk for council in councils])

        held = {
            (row.council_id, row.body_kind, row.service_type_id, row.month): Amounts(
                row.baseline, row.legacy, row.new, row.one_off
            )
            for row in SavingsByMonth.objects.filter(council__in=councils)
        }
        # A month in which all is zero is stored as a change to zero, or not at all.
        assert {m: a for m, a in held.items() if a != Amounts()} == {
            m: a for m, a in expected.items() if a != Amounts()
        }
        assert {
            (row.council_id, row.body_kind, row.service_type_id): (
                *(row.lines, row.amount, row.lines_covered, row.amount_covered),
            )
            for row in SavingsCoverage.objects.filter(council__in=councils)
        } == {
            key: (lines, to_the_penny(pounds), known, to_the_penny(Decimal(known_pounds)))
            for key, (lines, pounds, known, known_pounds) in covering.items()
        }


def simple_move(council, monthly_old="100", monthly_new="60"):
    body = new.new_body(council, kind="COUNCIL")
    old = new.new_line(body, billed_until=date(2013, 9, 1))
    fresh = new.new_line(body, billed_from=date(2013, 7, 1), service_type=old.service_type)
    new.new_charge(old, amount=Decimal(monthly_old))
    new.new_charge(fresh, amount=Decimal(monthly_new), starts_on=date(2013, 7, 1))
    replacement = new.new_replacement([old], [fresh])
    return new.new_baseline(replacement, amount=Decimal(monthly_old))


def test_only_change_points_are_stored(db):
    """Decisions 14: a row only where an amount differs from the month before."""
    council = new.new_council()
    simple_move(council)

    recompute([council.pk])

    rows = SavingsMonth.objects.filter(council=council).order_by("month")
    assert [(row.month, row.baseline, row.legacy, row.new) for row in rows] == [
        (date(2013, 4, 1), 100, 100, 0),
        (date(2013, 7, 1), 100, 100, 60),
        (date(2013, 9, 1), 100, 0, 60),
        (date(2018, 4, 1), 0, 0, 0),
    ]
    assert SavingsByMonth.objects.filter(council=council).count() == 60


def xmins(model, council):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, xmin FROM {model._meta.db_table} WHERE council_id = %s ORDER BY id",
            [council.pk],
        )
        return cursor.fetchall()


def test_decision_20_nothing_is_written_the_second_time(db):
    council = new.new_council()
    simple_move(council)

    first = recompute([council.pk])[council.pk]
    before = xmins(SavingsMonth, council), xmins(SavingsCoverage, council)
    second = recompute([council.pk])[council.pk]

    assert first.rows_changed == 5
    assert second.rows_changed == 0
    assert second.fingerprint == first.fingerprint
    assert (xmins(SavingsMonth, council), xmins(SavingsCoverage, council)) == before


def test_derived_rows_may_be_emptied_and_come_back_the_same(db):
    council = new.new_council()
    simple_move(council)
    recompute([council.pk])
    fields = [f.name for f in SavingsMonth._meta.fields if f.name != "id"]
    before = list(SavingsMonth.objects.filter(council=council).order_by("month").values(*fields))

    SavingsMonth.objects.all().delete()
    recompute([council.pk])

    assert before == list(
        SavingsMonth.objects.filter(council=council).order_by("month").values(*fields)
    )


def test_a_changed_price_changes_the_fingerprint_and_removes_what_no_longer_belongs(db):
    council = new.new_council()
    baseline = simple_move(council)
    before = recompute([council.pk])[council.pk]

    new.new_baseline(baseline.replacement, version=2, amount=Decimal(90), ends_on=date(2014, 4, 1))
    after = recompute([council.pk])[council.pk]

    assert after.fingerprint != before.fingerprint
    months = SavingsByMonth.objects.filter(council=council)
    assert months.count() == 12
    assert {row.baseline for row in months} == {Decimal(90)}


def test_a_council_is_recomputed_without_touching_another(db):
    one, other = new.new_council(), new.new_council()
    simple_move(one)
    simple_move(other)
    recompute([other.pk])
    before = xmins(SavingsMonth, other)

    recompute([one.pk])

    assert xmins(SavingsMonth, other) == before


def test_e15_coverage_by_money_and_by_lines(db):
    """40 lines in scope, 28 with a baseline worth £336,000 of an estimated £480,000: 70 % both."""
    council = new.new_council()
    body = new.new_body(council, kind="COUNCIL")
    shared = {
        "service_type": new.new_service_type(),
        "supplier": new.new_supplier(),
        "generation": new.new_generation(),
    }
    for number in range(40):
        old = new.new_line(body, **shared)
        new.new_charge(old, amount=Decimal(1000))
        replacement = new.new_replacement([old])
        if number < 28:
            new.new_baseline(replacement, amount=Decimal(1000))

    recompute([council.pk])

    covered = coverage(SavingsFilter(None, [council.pk]))
    assert (covered.lines, covered.lines_covered) == (40, 28)
    assert (12 * covered.amount, 12 * covered.amount_covered) == (480_000, 336_000)
    assert (covered.amount_percent, covered.lines_percent) == (Decimal("70.0"), Decimal("70.0"))


def test_an_old_line_in_no_replacement_lowers_coverage(db):
    council = new.new_council()
    simple_move(council)
    body = council.bodies.get()
    stray = new.new_line(body)
    new.new_charge(stray, amount=Decimal(300))
    new.new_programme([stray.service_type], generation=new.new_generation())

    recompute([council.pk])

    rows = SavingsCoverage.objects.filter(council=council)
    assert sum(row.lines for row in rows) == 2
    assert sum(row.lines_covered for row in rows) == 1
    assert sum(row.amount for row in rows) == 400


def test_a_new_line_without_a_predecessor_is_growth_and_no_saving(db):
    council = new.new_council()
    line = new.new_line(new.new_body(council), billed_from=new.APRIL)
    new.new_charge(line)
    new.new_replacement(new=[line])

    recompute([council.pk])

    assert not SavingsMonth.objects.filter(council=council).exists()
    assert not SavingsCoverage.objects.filter(council=council).exists()


def test_decision_13_cuts_are_by_the_new_lines_contract(db):
    council = new.new_council()
    baseline = simple_move(council)
    contract = new.new_contract(council)
    old_contract = new.new_contract(council)
    for member in baseline.replacement.members.select_related("line"):
        member.line.contract = contract if member.side == "NEW" else old_contract
        member.line.save()

    recompute([council.pk])

    contracts = SavingsMonth.objects.filter(council=council).values_list("contract", flat=True)
    assert set(contracts) == {contract.pk}


def test_months_of_the_view_are_first_days(db):
    council = new.new_council()
    simple_move(council)
    recompute([council.pk])

    months = sorted(SavingsByMonth.objects.filter(council=council).values_list("month", flat=True))

    assert months == [add_months(new.APRIL, n) for n in range(60)]

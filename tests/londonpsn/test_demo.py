"""The synthetic data set is the published one: digests, sizes and figures of its specification."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest

from boroughs.models import Council, Membership, Site, User
from londonpsn.demo import generate
from londonpsn.demo.load import _facts, _keys
from procurement.queries import SavingsFilter, savings, savings_by_month, savings_tables
from procurement.savings import pays_back
from services.models import Charge, Line, LineMove, PlannedMove, Replacement
from tests.factories import TODAY


def drawn(size: str):
    return list(generate.councils(size, list(_facts(_keys()))))


def digest(texts) -> str:
    in_order = sorted(texts, key=lambda text: text.split(",")[0].encode())
    return hashlib.sha256("\n".join(in_order).encode()).hexdigest()


def lines_digest(councils) -> str:
    return digest(
        f"{line.key},{line.item.code},{line.quantity},{line.start},{line.end},"
        f"{line.item.monthly},{line.old_price}"
        for council in councils
        for line in council.lines
    )


@pytest.mark.parametrize(
    ("label", "u"),
    [
        ("CMD-HQ01|w1|s1", 0.19397644523991953),
        ("CMD-HQ01|w1|s2", 0.8681326382645818),
        ("CMD-LIB01|bw", 0.5324796576595994),
        ("KTT|GW-PSN|s1", 0.35364262013293857),
        ("CMD-SCH012|phase", 0.7468371449868265),
    ],
)
def test_section_3_check_values(label, u):
    assert generate.draw(label) == u


def test_section_9_digests_of_the_small_set(db):
    councils = drawn("small")

    positions = digest(
        f"{site.code},{site.latitude},{site.longitude}" for c in councils for site in c.sites
    )

    assert (
        lines_digest(councils) == "4186a7a9f84b1e2c3307c2b6de1a74982cd43fa568fd431ead13531566db912d"
    )
    assert positions == "b478b3ec0e3b11abbca839198c6c85de2c09939d1ec0eaf3395f34e194bea5e3"


def test_section_9_london_lines_and_yearly_baseline(db):
    lines = [line for council in drawn("london") for line in council.lines]

    assert len(lines) == 10_243
    assert sum(12 * line.old_price * line.quantity for line in lines) == 73_683_646_20


def test_section_5_data_circuits_of_the_small_set(db):
    items = [line.item.code for council in drawn("small") for line in council.lines]

    counts = {"WAN-100": 20, "WAN-10": 15, "EDU-10": 10, "WAN-1G": 7, "EDU-100": 7, "WAN-10G": 6}
    counts |= {"WAN-FTTC": 1, "EDU-1G": 1}
    assert {item: items.count(item) for item in counts} == counts


def test_another_seed_draws_another_set(db):
    facts = list(_facts(_keys()))
    other = list(generate.councils("small", facts, seed="20140520.07"))

    assert lines_digest(other) != lines_digest(drawn("small"))


def test_section_2_sizes_of_the_small_set_in_the_database(db):
    corporate = Site.objects.filter(body__kind="COUNCIL")
    schools = Site.objects.filter(body__kind="SCHOOL")

    assert (corporate.count(), schools.count()) == (42, 18)
    assert Replacement.objects.count() == 203
    assert Line.objects.count() == 2 * 203
    assert Line.objects.filter(generation__code="LEGACY", charges__isnull=False).count() == 185
    assert Charge.objects.filter(kind="ONE_OFF").count() == 125
    assert User.objects.count() == 24


def test_section_2_monthly_charge_rows_are_the_expansion_of_charges(db):
    """Row counts are the expansion to months (decisions 8)."""
    end = generate.month_day(60)
    months = 0
    for charge in Charge.objects.filter(kind="RECURRING"):
        until = charge.ends_on or end
        months += (until.year - charge.starts_on.year) * 12 + until.month - charge.starts_on.month

    assert months == 12_238


def test_section_4_positions_names_and_blank_addresses(db):
    hq = Site.objects.get(code="CMD-HQ01")
    school = Site.objects.get(code="KTT-SCH001")

    assert (hq.latitude, hq.longitude) == (Decimal("51.54299"), Decimal("-0.15920"))
    assert (school.latitude, school.longitude) == (Decimal("51.37726"), Decimal("-0.28047"))
    assert Site.objects.get(code="CMD-LIB02").name == "Camden library 2"
    assert hq.position == "SYNTHETIC"
    assert not Site.objects.exclude(address="", postcode="").exists()


def test_section_12_people_hold_roles_from_april_2013(db):
    buyer = User.objects.get(email="buyer@camden.demo.example")

    membership = buyer.memberships.get()
    assert (buyer.name, membership.role) == ("Camden buyer", "BUYER")
    assert (membership.starts_on, membership.ends_on) == (date(2013, 4, 1), None)
    london_grid = Membership.objects.filter(programme_wide=True)
    assert london_grid.count() == 4
    assert Membership.objects.filter(role="SUPPLIER_AGENT").count() == 5


def test_section_15_a_school_line_was_never_billed_the_old_way(db):
    old = Line.objects.get(reference="CMD-SCH001/OLD")
    new = Line.objects.get(reference="CMD-SCH001/NEW")

    assert not old.charges.exists()
    assert old.ends_on == date(2013, 4, 1)
    assert new.starts_on < date(2013, 4, 1)
    assert new.billed_from == date(2013, 4, 1)
    assert not old.moves.exists()


def test_section_15_lines_run_over_the_connection_of_their_site(db):
    connected = Line.objects.filter(connection__isnull=False)

    assert set(connected.values_list("generation__code", flat=True)) == {"PSN"}
    assert connected.filter(site__code="CMD-HQ01").count() > 3
    assert not connected.filter(site=None).exists()
    hq = Line.objects.filter(site__code="CMD-HQ01", connection__isnull=False).first().connection
    assert (hq.reference, hq.resilience, hq.bandwidth) == ("CMD-HQ01", "DUAL", 1000)


def test_section_6_moves_after_today_are_planned_only(db):
    assert not LineMove.objects.filter(on__gt=TODAY).exists()
    assert not PlannedMove.objects.filter(on__lte=TODAY).exists()


def test_decision_27_a_like_for_like_change_carries_a_waiver(db):
    waived = LineMove.objects.filter(to_stage="CEASE_ORDERED").exclude(reason="")

    assert waived.exists()
    for move in waived:
        assert move.reason.startswith("no parallel run: like-for-like change; signed by ")
        assert move.line.moves.get(to_stage="CUTOVER").on == move.on


SMALL_BY_YEAR = """
all 2013-14 2,269,171.38 394,097.15 116,385.00 280,286.23
all 2014-15 1,353,918.61 859,967.70 56,985.00 789,068.45
all 2015-16 459,517.74 1,276,019.80 25,740.00 1,298,662.22
all 2016-17 10,888.20 1,514,559.60 8,280.00 1,526,211.96
all 2017-18 0.00 1,520,239.80 0.00 1,539,699.96
CMD 2013-14 787,829.36 136,137.50 51,315.00 42,908.78
CMD 2014-15 278,604.29 405,754.00 19,255.00 314,577.35
CMD 2015-16 10,198.70 535,666.00 3,465.00 468,860.94
CMD 2016-17 39.06 540,049.80 0.00 478,101.78
CMD 2017-18 0.00 540,074.40 0.00 478,116.24
KTT 2013-14 687,575.01 129,612.05 32,210.00 109,382.06
KTT 2014-15 497,027.98 221,912.30 14,060.00 225,778.84
KTT 2015-16 192,791.79 369,802.40 15,855.00 380,329.93
KTT 2016-17 2,426.88 459,814.20 1,440.00 495,098.04
KTT 2017-18 0.00 461,043.00 0.00 497,736.12
STN 2013-14 793,767.01 128,347.60 32,860.00 127,995.39
STN 2014-15 578,286.34 232,301.40 23,670.00 248,712.26
STN 2015-16 256,527.25 370,551.40 6,420.00 449,471.35
STN 2016-17 8,422.26 514,695.60 6,840.00 553,012.14
STN 2017-18 0.00 519,122.40 0.00 563,847.60
"""
BASELINES = {"all": "3,059,939.76", "CMD": "1,018,190.64", "KTT": "958,779.12"}
BASELINES |= {"STN": "1,082,970.00"}


def pounds(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def keys_of(code: str) -> list[int] | None:
    if code == "all":
        return None
    return [Council.objects.get(register_code=code).pk]


@pytest.mark.parametrize("code", BASELINES)
def test_section_10_savings_by_year(db, code):
    expected = [row.split()[1:] for row in SMALL_BY_YEAR.split("\n") if row.startswith(code)]

    rows = savings(SavingsFilter(None, keys_of(code)), "financial_year")

    assert [
        (row.key, row.amounts.legacy, row.amounts.new, row.amounts.one_off, row.amounts.net)
        for row in rows
    ] == [(year, *map(pounds, figures)) for year, *figures in expected]
    assert {row.amounts.baseline for row in rows} == {pounds(BASELINES[code])}


@pytest.mark.parametrize(
    ("code", "net"),
    [
        ("all", "5,433,928.82"),
        ("CMD", "1,782,565.09"),
        ("KTT", "1,708,324.99"),
        ("STN", "1,943,038.74"),
    ],
)
def test_section_10_net_over_five_years(db, code, net):
    rows = savings(SavingsFilter(None, keys_of(code)), "financial_year")

    assert sum(row.amounts.net for row in rows) == pounds(net)


@pytest.mark.parametrize(
    ("code", "without_schools"),
    [
        ("all", date(2013, 12, 1)),
        ("CMD", date(2013, 12, 1)),
        ("KTT", date(2013, 12, 1)),
        ("STN", date(2014, 1, 1)),
    ],
)
def test_section_10_pays_from_without_school_lines(db, code, without_schools):
    tables = savings_tables(SavingsFilter(None, keys_of(code)), "month", TODAY)

    assert tables["COUNCIL"].pays_back == without_schools


@pytest.mark.parametrize(
    ("code", "pays_from"),
    [
        ("all", date(2013, 4, 1)),
        ("CMD", date(2013, 11, 1)),
        ("KTT", date(2013, 8, 1)),
        ("STN", date(2013, 4, 1)),
    ],
)
def test_section_10_pays_from_with_school_lines(db, code, pays_from):
    assert pays_back(savings_by_month(SavingsFilter(None, keys_of(code)))) == pays_from


def test_section_9_totals_of_the_small_set(db):
    rows = savings(SavingsFilter(None), "financial_year")

    assert sum(row.amounts.new for row in rows) == pounds("5,564,884.05")
    assert sum(row.amounts.legacy for row in rows) == pounds("4,093,495.93")
    assert sum(row.amounts.one_off for row in rows) == pounds("207,390.00")
    last = rows[-1].amounts  # every line has moved: the run-rate saving
    assert last.new == pounds("1,520,239.80")
    assert round((last.baseline - last.new) / last.baseline * 100, 2) == Decimal("50.32")


def test_section_9_savings_of_councils_and_lines(db):
    share = {
        row.key: 1 - row.amounts.new / row.amounts.baseline
        for row in savings(
            SavingsFilter(None, from_month=date(2018, 3, 1), to_month=date(2018, 3, 1)), "council"
        )
    }
    by_line = [
        1 - line.item.monthly / Decimal(line.old_price)
        for council in drawn("small")
        for line in council.lines
    ]

    assert {code: round(value * 100, 2) for code, value in share.items() if code != "KTT"} == {
        "CMD": Decimal("46.96"),
        "STN": Decimal("52.06"),
    }
    assert round(min(by_line) * 100, 2) == Decimal("26.96")
    assert round(max(by_line) * 100, 2) == Decimal("72.67")

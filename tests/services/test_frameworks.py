"""Frameworks: what is held, who sees what is bought under them, and the demo's call-offs."""

import csv
from datetime import date, timedelta
from decimal import Decimal

import pytest

import services.reference
from boroughs.models import AuditEvent, Council
from londonpsn.common.money import percent
from londonpsn.common.periods import Period
from londonpsn.common.work import Band, work_of
from services.models import Charge, Contract, Framework, LegalRule
from services.queries.frameworks import InAll, call_offs_in_all
from services.queries.radar import standings_of
from services.radar import paid
from services.terms import notice_by
from tests import factories as new
from tests.conftest import person
from tests.factories import TODAY
from tests.londonpsn.test_pages import BUDGET, queries_of

PROGRAMME = "programme@london-grid"


@pytest.fixture
def framework(db):
    return new.new_framework(code="wires", name="Wires", owner="A grid", ceiling=Decimal(1000))


def call_off(framework, council, **fields):
    facts = {"kind": "CALL_OFF", "regime": "PCR2006", "route": "DIRECT_AWARD"}
    facts |= {"starts_on": new.APRIL, "ends_on": date(2016, 4, 1), "commenced_on": new.APRIL}
    body = new.new_body(council)
    return new.new_contract(council, framework=framework, body=body, **facts | fields)


# Reference data


def test_frameworks_are_loaded_with_whole_days_and_days_known_in_part(db):
    rm860 = Framework.objects.get(code="RM860")
    lgfl = Framework.objects.get(code="LGFL-2011")

    assert (rm860.starts_on, rm860.ends_on) == (date(2012, 4, 25), date(2016, 4, 25))
    assert rm860.ends_text == "2016-04-24"
    assert (lgfl.starts_on, lgfl.starts_text) == (None, "2011-01")
    assert lgfl.ceiling == Decimal(200_000_000)
    assert "S08" in lgfl.source


def test_suppliers_are_linked_where_they_are_held_and_text_where_not(db):
    rm860 = Framework.objects.get(code="RM860")

    linked = set(rm860.suppliers.values_list("name", flat=True))
    assert linked == {"BT", "Cable & Wireless", "Virgin Media Business"}
    assert rm860.suppliers_text.startswith("Logicalis; Level 3; Capita")


@pytest.mark.parametrize(
    ("code", "regime"),
    [("NGN-2011", "PCR2006"), ("TRUSTNET-2014", "PCR2006"), ("RM1045", ""), ("TRI-ICT", "")],
)
def test_the_regime_goes_by_the_start_where_it_is_known(db, code, regime):
    assert Framework.objects.get(code=code).regime == regime


def test_loading_again_adds_what_is_missing_and_overwrites_nothing(db):
    Framework.objects.filter(code="RM860").update(owner="Renamed")
    Framework.objects.filter(code="NGN-2011").delete()
    before = LegalRule.objects.count()

    services.reference.load()

    assert Framework.objects.get(code="RM860").owner == "Renamed"
    assert Framework.objects.filter(code="NGN-2011").exists()
    assert LegalRule.objects.count() == before


def test_the_held_frameworks_are_those_of_the_source(shared, db):
    with (shared / "data" / "frameworks.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}

    held = {framework.code: framework for framework in Framework.objects.all()}
    assert held.keys() >= rows.keys()
    for code, row in rows.items():
        assert (held[code].starts_text, held[code].ends_text) == (row["start"], row["end"])
        assert held[code].open_to == row["open_to"]


# Pages, API, admin


def test_a_framework_shows_its_facts_and_the_call_offs_that_one_sees(framework, browse):
    camden, hackney = (Council.objects.get(slug=slug) for slug in ("camden", "hackney"))
    ours, others = (call_off(framework, council) for council in (camden, hackney))

    text = browse("buyer@camden").get("/frameworks/wires/").content.decode()
    all_of_it = browse(PROGRAMME).get("/frameworks/wires/").content.decode()

    assert "£1,000.00" in text
    assert "Every public body" in text
    assert ours.reference in text
    assert others.reference not in text
    assert "said from 5 councils on" in text
    assert others.reference in all_of_it


def test_what_all_have_bought_is_said_from_five_councils_on(framework, browse):
    for number in range(4):
        call_off(framework, new.new_council(), value=Decimal(100 + number))
    assert call_offs_in_all(framework) is None

    call_off(framework, new.new_council(), value=Decimal(1))

    text = browse("buyer@camden").get("/frameworks/wires/").content.decode()
    assert "5 call-offs of 5 councils" in text
    assert "£407.00 signed" in text
    supplier = browse("agent1@virgin-media-business").get("/frameworks/wires/").content.decode()
    assert "£407.00" not in supplier


def test_pounds_signed_are_said_only_of_five_councils_with_a_value(framework, browse):
    """One value among five call-offs would be that council's own."""
    for _ in range(4):
        call_off(framework, new.new_council(), value=None)
    call_off(framework, new.new_council(), value=Decimal(407))

    assert call_offs_in_all(framework) == InAll(call_offs=5, councils=5, value=None)
    text = browse("buyer@camden").get("/frameworks/wires/").content.decode()
    assert "5 call-offs of 5 councils" in text
    assert "what they come to is said from 5 councils with a value on" in text
    assert "£407.00" not in text


def test_a_framework_that_is_not_there_is_404(db, browse):
    assert browse("buyer@camden").get("/frameworks/no-such/").status_code == 404


def test_the_page_asks_as_many_queries_however_many_call_offs(framework, browse):
    client = browse(PROGRAMME)
    call_off(framework, new.new_council())
    before = queries_of(client, "/frameworks/wires/")
    for _ in range(20):
        call_off(framework, new.new_council())

    assert queries_of(client, "/frameworks/wires/") == before <= BUDGET


def test_the_api_gives_frameworks_and_rules(framework, browse):
    framework.named.add(Council.objects.get(slug="camden"))
    client = browse("buyer@camden")

    answer = client.get(f"/api/v1/frameworks/{framework.pk}/").json()
    rules = client.get("/api/v1/legal-rules/?limit=100").json()["results"]

    assert (answer["code"], answer["ceiling"], answer["named"]) == ("wires", "1000.00", ["CMD"])
    assert {"kind": "STANDSTILL", "value": "8.00"}.items() <= next(
        rule for rule in rules if rule["kind"] == "STANDSTILL"
    ).items()


def test_the_api_narrows_frameworks_to_those_a_council_buys_under(framework, browse):
    client = browse("buyer@camden")

    answer = client.get("/api/v1/frameworks/?council=CMD").json()

    assert [row["code"] for row in answer["results"]] == ["PSN-SERVICES"]
    assert client.get("/api/v1/frameworks/?council=STN").status_code == 404


def test_an_administrator_keeps_frameworks_and_the_trail_says_what_changed(framework, browse):
    camden = Council.objects.get(slug="camden")
    fields = {"name": "Wires", "owner": "Another", "entitles": "NAMED", "named": [camden.pk]}

    answer = browse("administrator@london-grid").post(
        f"/admin/services/framework/{framework.pk}/change/", fields
    )

    assert answer.status_code == 302
    framework.refresh_from_db()
    assert (framework.owner, framework.code) == ("Another", "wires")
    assert list(framework.named.all()) == [camden]
    first, links = AuditEvent.objects.filter(type="REFERENCE_CHANGED").order_by("sequence")
    assert (first.before["owner"], first.after["owner"]) == ("A grid", "Another")
    assert links.after == {"named": ["Camden"]}


# The demonstration's call-offs


def test_every_council_of_the_demo_has_a_call_off_under_a_framework_in_force(db):
    for call_off in Contract.objects.filter(kind="CALL_OFF").select_related(
        "framework", "body", "council"
    ):
        assert call_off.framework.code == "PSN-SERVICES"
        assert not call_off.framework.has_expired_on(call_off.commenced_on)
        assert call_off.framework.may_be_used_by(call_off.body)
        assert call_off.regime == "PCR2006"
        assert call_off.commenced_on < call_off.signed_on < call_off.starts_on
        ends_on = {"KTT": date(2015, 4, 1), "STN": date(2015, 7, 1)}.get(
            call_off.council.register_code, date(2018, 4, 1)
        )
        assert (call_off.starts_on, call_off.ends_on) == (new.APRIL, ends_on)
        assert [one.months for one in call_off.extensions.order_by("number")] == [12, 12]
    assert Contract.objects.filter(kind="CALL_OFF").count() == 3


def committed(call_off) -> Decimal:
    """The recurring charges of its lines over the term, and their one-offs."""
    total = Decimal(0)
    for charge in Charge.objects.filter(line__contract=call_off):
        if charge.kind == "ONE_OFF":
            total += charge.amount
        else:
            total += paid(charge.amount, Period(charge.starts_on, call_off.ends_on))
    return total


def test_the_placed_ceiling_is_used_to_81_per_cent_and_the_others_below_80(db):
    shares = {
        one.council.register_code: percent(committed(one), one.ceiling)
        for one in Contract.objects.filter(kind="CALL_OFF")
    }

    assert shares.pop("CMD") == Decimal("81.0")
    assert max(shares.values()) < 80


def test_the_placed_notice_was_due_last_week(db):
    (item,) = (
        item
        for item in work_of(person("buyer@camden"), TODAY)
        if item.kind == "Notice on contracts" and item.band == Band.LATE
    )

    assert item.due == TODAY - timedelta(days=6)
    assert "Ends on 31 July 2014" in item.why


def test_two_placed_contracts_could_end_together(db):
    camden = Council.objects.get(slug="camden")
    standings = standings_of(Contract.objects.of_council(camden), TODAY)
    rolling = [
        one.contract
        for one in standings
        if one.contract.roll_on_months == 1 and one.contract.notice_days == 30
    ]
    shortened = next(one.contract for one in standings if one.contract.minimum_term_ends_on)

    assert [one for one in rolling if one.supplier_id == shortened.supplier_id]


def test_old_contracts_have_drawn_terms_and_some_roll_on(db):
    old = Contract.objects.filter(kind="CONTRACT")

    assert set(old.values_list("notice_days", flat=True)) == {30, 90, 37}  # one is placed
    assert set(old.filter(ends_on__gt=TODAY).values_list("renewal", flat=True)) == {
        *("", "ENDS", "ROLLS_ON"),
    }
    assert not old.filter(ends_on__lte=TODAY).exclude(renewal="").exists()
    for one in old.exclude(notice_given_on=None):
        assert one.notice_given_on < notice_by(one.ends_on, one.notice_days)

"""My work: what each app asks of whom, how it is laid out, and with how many queries."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from boroughs.models import Body, Council, Generation, JobRun
from londonpsn.common import clock
from londonpsn.common.work import A_SOURCE, Band, Item, More, work_of
from londonpsn.home.work import Desk
from procurement.models import PaymentFile
from services.models import Line, LineMove, PlannedMove, Programme
from services.queries import lines_paid_twice, standings
from tests import factories as new
from tests.conftest import person
from tests.factories import AT, TODAY, member
from tests.londonpsn.test_pages import BUDGET, queries_of

PSN = "PSN"


@pytest.fixture
def council(db):
    """A council of nobody else, so that its work is what a test gives it."""
    return new.new_council(short_name="Zedborough")


@pytest.fixture
def body(council):
    return new.new_body(council, kind="COUNCIL", name="Zed council")


def work(council, role="NETWORK_OFFICER", today=TODAY):
    return work_of(member(council, role), today)


def paid_twice(body, price=100, **new_line):
    """Return an old line that is billed beside its new one."""
    site = new.new_site(body)
    old = new.new_line(body, site=site)
    fields = {"generation": Generation.objects.get(code=PSN), "site": site} | new_line
    successor = new.new_line(body, **fields)
    for line, amount in ((old, price), (successor, 10)):
        new.new_charge(line, amount=Decimal(amount))
    new.new_replacement(old=[old], new=[successor])
    return old


# Lines paid twice


def test_a_line_billed_beside_its_new_one_is_late_for_network_officers_and_finance(council, body):
    old = paid_twice(body)

    for role in ("NETWORK_OFFICER", "FINANCE"):
        (item,) = work(council, role)
        assert (item.band, item.kind) == (Band.LATE, "Lines paid twice")
        assert (item.reference, item.monthly) == (old.reference, Decimal(100))
        assert item.place == old.site.name
    for role in ("BUYER", "APPROVER", "VIEWER", "AUDITOR"):
        assert not any(item.kind == "Lines paid twice" for item in work(council, role))


@pytest.mark.parametrize(
    "ended",
    [
        {"billed_from": date(2014, 7, 1)},  # the new one is not billed yet
        {"billed_until": TODAY},  # or no longer
    ],
)
def test_a_line_whose_new_one_is_not_billed_on_the_day_is_not_paid_twice(council, body, ended):
    paid_twice(body, **ended)

    assert work(council) == []


def test_a_line_that_is_not_billed_any_more_is_not_paid_twice(council, body):
    old = paid_twice(body)
    Line.objects.filter(pk=old.pk).update(billed_until=TODAY)

    assert work(council) == []


def test_a_line_let_go_for_another_replacement_is_not_paid_twice(council, body):
    old = paid_twice(body)
    old.replacements.update(let_go_on=TODAY)

    assert work(council) == []


def test_pounds_of_schools_and_of_the_council_are_never_one_sum(council, body):
    paid_twice(body, price=100)
    paid_twice(new.new_body(council, kind="SCHOOL"), price=7)

    cards = Desk(work(council)).cards

    assert {(card.kind, card.monthly) for card in cards} == {
        ("Lines paid twice", Decimal(100)),
        ("School lines paid twice", Decimal(7)),
    }


@pytest.mark.parametrize("day", [TODAY, date(2013, 8, 15), date(2013, 12, 15)])
def test_lines_paid_twice_are_as_many_as_the_status_of_councils_counts(db, day):
    councils = list(Council.objects.values_list("pk", flat=True))
    counted = sum(
        standing.lines_paid_twice
        for programme in Programme.objects.all()
        for standing in standings(programme, councils, day, {}).values()
    )

    ours = Line.objects.filter(body__kind=Body.Kind.COUNCIL)
    assert len(lines_paid_twice(ours, day, at_most=10_000)) == counted


def test_a_list_does_not_explode_and_says_how_many_more_there_are(council, body):
    for _ in range(A_SOURCE + 3):
        paid_twice(body)

    *items, more = work(council)

    assert len(items) == A_SOURCE
    assert more == More(
        kind="Lines paid twice", band=Band.LATE, count=3, address="/c/all/lines/?todo=paid-twice"
    )
    (card,) = Desk([*items, more]).cards
    assert (card.count, card.monthly) == (A_SOURCE + 3, None)


# Planned moves


@pytest.mark.parametrize(
    ("days", "band"),
    [(-1, Band.LATE), (0, Band.DUE), (6, Band.DUE), (7, None)],
)
def test_a_planned_move_is_late_after_its_day_and_due_in_the_week_before(council, body, days, band):
    line = new.new_line(body)
    new.new_planned_move(line, to_stage="CUTOVER", on=TODAY + timedelta(days=days))

    items = work(council)

    assert [item.band for item in items] == ([band] if band else [])
    assert work(council, "FINANCE") == []


@pytest.mark.parametrize(
    ("stage", "is_work"), [("BUILD", True), ("CUTOVER", False), ("CEASED", False)]
)
def test_a_move_is_made_when_its_stage_or_a_later_one_is_reached(council, body, stage, is_work):
    line = new.new_line(body)
    new.new_line_move(line, to_stage=stage)
    new.new_planned_move(line, to_stage="CUTOVER", on=TODAY)

    assert bool(work(council)) == is_work


def test_a_rolled_back_line_has_its_planned_move_to_make_again(council, body):
    line = new.new_line(body)
    for stage in ("CUTOVER", "ACCEPTED"):
        new.new_line_move(line, to_stage=stage)
    new.new_planned_move(line, to_stage="CUTOVER", on=TODAY)

    assert [item.what for item in work(council)] == ["Bring into use"]


def test_lines_of_one_site_that_move_together_are_one_row_with_their_next_stage(council, body):
    site = new.new_site(body)
    for price in (10, 5):
        line = new.new_line(body, site=site)
        new.new_charge(line, amount=Decimal(price))
        for stage in ("INSTALLED", "ACCEPTED"):
            new.new_planned_move(line, to_stage=stage, on=TODAY)

    (item,) = work(council)

    assert (item.what, item.reference, item.place) == ("Take the delivery", "2 lines", site.name)
    assert item.address == f"/c/{council.slug}/lines/?q={site.code}"
    assert item.monthly == Decimal(15)


def test_what_one_line_costs_that_is_not_known_is_not_left_out_of_a_sum(council, body):
    site = new.new_site(body)
    for has_price in (True, False):
        line = new.new_line(body, site=site)
        if has_price:
            new.new_charge(line)
        new.new_planned_move(line, on=TODAY)

    (item,) = work(council)

    assert item.monthly is None


# Jobs and payments


def test_figures_that_wait_for_too_long_and_failed_jobs_are_work(council):
    failed = {"started_at": AT, "finished_at": AT, "error": "ValueError: x"}
    new.new_job_run(council=council, kind="SAVINGS", **failed)
    new.new_job_run(council=council, kind="MIGRATION_STATUS", requested_at=AT)

    for role in ("NETWORK_OFFICER", "FINANCE"):
        items = work(council, role)
        assert {item.band for item in items} == {Band.LATE, Band.WAITING}
        assert {item.action for item in items} == {"Look at the jobs"}
    assert work(council, "VIEWER") == []


def test_figures_asked_for_just_now_and_those_mended_since_are_no_work(council):
    failed = {"started_at": AT, "finished_at": AT, "error": "ValueError: x"}
    new.new_job_run(council=council, kind="SAVINGS", **failed)
    new.new_job_run(council=council, kind="SAVINGS", started_at=AT, finished_at=AT)
    new.new_job_run(council=council, kind="MIGRATION_STATUS", requested_at=clock.now())

    assert work(council) == []


def test_refused_rows_of_payment_files_are_work_of_finance(council):
    new.new_payment_file(council, name="May.csv", rows_read=90, rows_refused=12)
    new.new_payment_file(council, rows_refused=0)

    (item,) = work(council, "FINANCE")

    assert (item.what, item.reference) == ("12 rows were refused", "May.csv")
    assert item.action == "Load the corrected file"
    assert work(council, "VIEWER") == []


def test_work_of_another_council_does_not_exist(council, body):
    paid_twice(body)
    new.new_planned_move(new.new_line(body), on=TODAY)
    new.new_job_run(council=council, requested_at=AT)
    new.new_payment_file(council, rows_refused=1)
    before = JobRun.objects.waiting().count(), PaymentFile.objects.count()

    for role in ("NETWORK_OFFICER", "FINANCE"):
        assert work(new.new_council(), role) == []
    assert before == (1, 1)


# The page


@pytest.fixture
def desk(db, browse):
    """The page of a network officer of Camden, with a line paid twice."""
    camden = Body.objects.get(council__slug="camden", kind="COUNCIL")
    new.new_payment_file(camden.council, rows_refused=1)
    return paid_twice(camden), browse("network@camden")


def test_the_page_says_how_much_there_is_and_shows_it_late_first(desk):
    old, client = desk

    text = client.get("/my-work/").content.decode()

    assert "2 late, 9 due this week, 0 waiting on others." in text
    assert "Monday 30 June 2014" in text
    assert text.index(old.reference) < text.index("Choose the solution")
    assert "£100.00 a month" in text
    assert "You wait for nobody." in text


def test_nothing_to_do_is_said_as_good_news(db, browse):
    text = browse("viewer@camden").get("/my-work/").content.decode()

    assert "Nothing to do: nothing is late, nothing is due this week." in text
    assert "Nothing is late." in text


@pytest.mark.parametrize(("table", "rows"), [("late", 2), ("due", 9)])
def test_each_band_comes_as_a_file(desk, table, rows):
    _, client = desk

    answer = client.get(f"/my-work/?format=csv&table={table}")
    lines = b"".join(answer.streaming_content).decode().splitlines()

    assert lines[0].lstrip("\ufeff").startswith("what,why,place,reference,due,monthly,for_whom")
    assert len(lines) == rows + 1
    assert client.get(f"/my-work/?format=xlsx&table={table}").status_code == 200


def test_more_than_a_page_of_a_band_is_said_with_the_way_to_it(db, browse):
    camden = Body.objects.get(council__slug="camden", kind="COUNCIL")
    for _ in range(A_SOURCE + 2):
        paid_twice(camden)

    text = browse("network@camden").get("/my-work/").content.decode()

    assert "53 late" in text
    more = 'and 2 more (lines paid twice) in <a href="/c/all/lines/?todo=paid-twice">Lines'
    assert more in text


@pytest.mark.parametrize(
    "address", ["network@camden", "finance@camden", "viewer@camden", "programme@london-grid"]
)
def test_my_work_keeps_the_budget(desk, browse, address):
    assert queries_of(browse(address), "/my-work/") <= BUDGET


def test_more_work_takes_no_more_queries(db, browse):
    client = browse("network@camden")
    before = queries_of(client, "/my-work/")
    camden = Body.objects.get(council__slug="camden", kind="COUNCIL")
    for _ in range(20):
        old = paid_twice(camden)
        PlannedMove.objects.create(line=old, to_stage="CUTOVER", on=TODAY)

    assert queries_of(client, "/my-work/") == before
    assert LineMove.objects.filter(line=old).count() == 0


def test_what_is_due_comes_by_its_day_and_what_has_none_last():
    def item(due):
        text = dict.fromkeys(("kind", "what", "why", "place", "reference", "address"), "x")
        return Item(band=Band.DUE, due=due, action="x", for_whom="x", **text)

    later, never, sooner = item(date(2014, 7, 2)), item(None), item(TODAY)

    assert Desk([later, never, sooner]).items(Band.DUE) == [sooner, later, never]


def test_a_person_of_the_data_set_sees_the_councils_own_work_only(db):
    places = {item.address for item in work_of(person("network@camden"), TODAY)}

    assert not [address for address in places if "sutton" in address]

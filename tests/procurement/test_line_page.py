"""One line with its money, and one move: what their pages say, to whom, and by what sums."""

from datetime import date
from decimal import Decimal

import pytest

from boroughs.models import Supplier
from londonpsn.common.periods import Period, month_period
from procurement.actions.savings import recompute
from procurement.queries import SavingsFilter, move_months, move_of, move_sentence, savings_by_month
from procurement.savings import Group, LineMoney, amounts_by_month, paid_twice
from services.charges import Price
from services.models import Line, Replacement
from services.stages import Stage
from services.steps import Reached, steps
from tests import factories as new
from tests.factories import TODAY
from tests.londonpsn.test_pages import BUDGET, queries_of
from tests.procurement.test_savings import e1


@pytest.fixture
def moved(db):
    """BT's £1,200.00 a month until 25 October, £720.00 since 10 September, £1,500.00 once."""
    body = new.new_body(kind="COUNCIL")
    until = date(2013, 10, 26)
    bt = Supplier.objects.get(code="bt")
    old = new.new_line(body, site=new.new_site(body), supplier=bt, billed_until=until)
    since = date(2013, 9, 10)
    fresh = new.new_line(
        body, service_type=new.new_service_type(name="100 Mbit/s Ethernet"), billed_from=since
    )
    new.new_charge(old, amount="1200", starts_on=date(2012, 1, 1))
    new.new_charge(fresh, amount="720", starts_on=since)
    new.new_charge(fresh, kind="ONE_OFF", amount="1500", starts_on=since)
    replacement = new.new_replacement([old], [fresh])
    new.new_baseline(replacement, amount="1200", starts_on=date(2013, 9, 1))
    return replacement


# The sums


def test_the_group_of_a_move_comes_to_what_savings_hold(moved):
    council = moved.body.council
    recompute([council.pk])
    held = savings_by_month(SavingsFilter(None, [council.pk]))

    assert amounts_by_month(move_of(moved).group) == held
    assert len(held) == 55


def test_a_line_that_was_let_go_counts_until_then(moved):
    moved.members.filter(side="OLD").update(let_go_on=date(2013, 9, 16))
    council = moved.body.council
    recompute([council.pk])

    months = amounts_by_month(move_of(moved).group)

    assert months == savings_by_month(SavingsFilter(None, [council.pk]))
    assert months[date(2013, 9, 1)].legacy == Decimal("600.00")


def test_a_move_loads_in_three_queries(moved, django_assert_num_queries):
    for _ in range(3):
        new.new_replacement_line(replacement=moved, line=new.new_line(moved.body))

    with django_assert_num_queries(3):
        assert len(move_of(moved).members) == 5


def test_paid_twice_is_the_new_service_on_days_the_old_is_billed():
    """The worked example of spec/savings.md 4.5: September 504.00, October 720 x 25/31."""
    months = [date(2026, month, 1) for month in (9, 10, 11)]

    assert [paid_twice(e1(), month_period(month)) for month in months] == [
        Decimal("504.00"),
        Decimal("580.65"),
        Decimal("0.00"),
    ]


def test_a_day_is_not_paid_twice_more_than_once():
    period = Period(date(2013, 4, 1), date(2013, 5, 1))
    old = LineMoney(period, (Price(Decimal(10), period),))
    fresh = LineMoney(period, (Price(Decimal(30), period),))

    assert paid_twice(Group(Price(Decimal(20), period), (old, old), (fresh,)), period) == 30


def test_the_sentence_of_a_move(moved):
    move = move_of(moved)

    said = move_sentence(move, move_months(move.group, TODAY), date(2014, 1, 15))

    assert (said.old_monthly, said.old_until) == (1200, date(2013, 10, 25))
    assert (said.new_monthly, said.new_since) == (720, date(2013, 9, 10))
    assert said.pays_back == date(2014, 4, 1)


# The five steps


def reached(*days: tuple[Stage, str]) -> list[Reached]:
    sources = [None, *(stage for stage, _ in days)]
    return [
        Reached(source, stage, date.fromisoformat(on))
        for source, (stage, on) in zip(sources, days, strict=False)
    ]


def test_steps_have_actual_days_behind_and_planned_ones_ahead():
    moves = reached(
        (Stage.IDENTIFIED, "2013-04-01"),
        (Stage.VALIDATED, "2013-04-08"),
        (Stage.QUALIFIED, "2013-04-15"),
        (Stage.ORDERED, "2013-06-04"),
    )

    found = steps(Stage.ORDERED, moves, {Stage.CUTOVER: date(2013, 9, 25)})

    assert [step.state for step in found] == ["done", "now", "ahead", "ahead", "ahead"]
    assert found[0].on == date(2013, 4, 15)
    assert found[1].on == date(2013, 6, 4)
    assert found[1].words.startswith("Ordered 4 June 2013; Date promised, not yet")
    assert found[2].on == date(2013, 9, 25)
    assert found[2].words == "Accepted, not yet; In use planned 25 September 2013"
    assert found[3].on is None


def test_a_closed_line_has_no_step_under_way():
    found = steps(Stage.CLOSED, reached((Stage.CLOSED, "2014-01-01")), {})

    assert {step.state for step in found} == {"done"}
    assert found[0].words == "Found, day not known; Confirmed, day not known; " + (
        "Solution chosen, day not known"
    )


def test_a_roll_back_takes_what_came_after_back():
    moves = reached(
        (Stage.ACCEPTED, "2013-09-10"), (Stage.CUTOVER, "2013-09-25"), (Stage.BUILD, "2013-09-26")
    )

    found = steps(Stage.BUILD, moves, {})

    assert [step.state for step in found] == ["done", "now", "ahead", "ahead", "ahead"]
    assert found[1].on == date(2013, 9, 26)
    assert "Accepted, not yet; In use, not yet" in found[2].words


def test_a_retired_line_skips_the_steps_of_replacing():
    moves = reached((Stage.VALIDATED, "2013-04-08"), (Stage.CEASE_ORDERED, "2013-05-01"))

    found = steps(Stage.CEASE_ORDERED, moves, {})

    assert [(step.label, step.state) for step in found] == [
        ("Chosen", "done"),
        ("Old line ceased", "now"),
        ("Closed", "ahead"),
    ]
    assert "Solution chosen" not in found[0].words


# The pages


def pages_of(replacement) -> dict[str, str]:
    old, fresh = (replacement.members.get(side=side).line for side in ("OLD", "NEW"))
    return {
        "old": f"/lines/{old.pk}/",
        "new": f"/lines/{fresh.pk}/",
        "move": f"/moves/{replacement.pk}/",
    }


def test_a_move_says_what_it_costs_and_saves(moved, browse):
    page = browse("programme@london-grid").get(pages_of(moved)["move"])
    text = " ".join(page.content.decode().replace("<b>", "").replace("</b>", "").split())

    assert "A service to 100 Mbit/s Ethernet" in text
    assert "£1,200.00 a month to BT until 25 October 2013; £720.00 since 10 September 2013" in text
    assert "to June 2014 £1,348.26 better off" in text
    assert "pays back April 2014" in text
    assert "Evidence grade B: contract price in force" in text
    assert "£580.65" in text  # paid twice in October
    assert "worse off</span>" in text  # in words as well as colour


def test_what_is_not_known_is_said_and_no_saving_shown(moved, browse):
    line = moved.members.get(side="OLD").line
    line.charges.all().delete()

    text = browse("programme@london-grid").get(pages_of(moved)["move"]).content.decode()

    assert f"What {line.reference} costs is not known for every day on which it is billed." in text
    assert "better off" not in text
    moved.baselines.all().delete()
    text = browse("programme@london-grid").get(pages_of(moved)["move"]).content.decode()
    assert "No old price is held for this move." in text


def test_a_line_shows_what_it_gives_way_to_and_what_it_replaced(moved, browse):
    client, pages = browse("programme@london-grid"), pages_of(moved)

    old, fresh = (client.get(pages[side]).content.decode() for side in ("old", "new"))

    assert f'href="{pages["new"]}"' in old
    assert f'href="{pages["old"]}"' in fresh
    assert pages["move"] in old
    assert "Still paid for the old" in old
    assert "£967.74" in old  # October, 25 of 31 days
    assert "New service" in fresh
    assert "£1,500.00" in fresh


def test_a_bare_line_says_what_is_not_known(db, browse):
    line = new.new_line(new.new_body(kind="COUNCIL"))

    text = browse("programme@london-grid").get(f"/lines/{line.pk}/").content.decode()

    assert "what it costs is not known" in text
    assert "This line is in no move" in text
    assert "No move of this line is recorded." in text
    assert '<span class="soft">not known</span>' in text
    assert "£0.00" not in text


def test_a_line_shows_flags_in_force_and_its_history(moved, browse):
    line = moved.members.get(side="OLD").line
    new.new_line_flag(line, kind="DISPUTED", reason="Billed at the wrong price")
    new.new_line_flag(line, reason="Over long ago", ends_on=date(2013, 5, 1))
    by = new.new_user(name="Ola Officer")
    new.new_line_move(line, by=by, proof="ORD-1", reason="A late start", to_stage="ORDERED")

    text = browse("programme@london-grid").get(pages_of(moved)["old"]).content.decode()

    assert "Disputed" in text
    assert "Over long ago" not in text
    assert "by Ola Officer; ORD-1; A late start" in text
    assert "1 April 2013" in text


def test_files_hold_every_month(moved, browse):
    client, pages = browse("programme@london-grid"), pages_of(moved)

    file = b"".join(client.get(pages["move"] + "?format=csv").streaming_content).decode()
    months = b"".join(client.get(pages["old"] + "?format=csv&table=months").streaming_content)

    assert len(file.strip().splitlines()) == 56
    assert len(months.decode().strip().splitlines()) == 56
    assert client.get(pages["old"] + "?format=csv&table=moon").status_code == 400


# Who sees them


def test_another_councils_line_and_move_do_not_exist(moved, browse):
    client = browse("finance@camden")

    for page in (*pages_of(moved).values(), "/lines/99999999999999999999/", "/moves/0/"):
        assert client.get(page).status_code == 404


def test_ones_own_lines_and_moves_open(db, browse):
    camden = Replacement.objects.filter(body__council__slug="camden").first()

    for page in pages_of(camden).values():
        assert browse("viewer@camden").get(page).status_code == 200
        assert browse("viewer@sutton").get(page).status_code == 404


def test_a_supplier_sees_its_line_and_neither_move_nor_others_nor_people(moved, browse):
    supplier = Supplier.objects.get(code="virgin-media-business")
    fresh = moved.members.get(side="NEW").line
    contract = new.new_contract(moved.body.council, title="Somebody else’s contract")
    Line.objects.filter(pk=fresh.pk).update(
        supplier=supplier, contract=contract, owner="Ola Owner", cost_centre="Centre 9"
    )
    new.new_line_move(fresh, by=new.new_user(name="Ola Officer"), reason="Not for all")
    new.new_line_flag(fresh, reason="Under dispute")
    client, pages = browse("agent1@virgin-media-business"), pages_of(moved)

    page = client.get(pages["new"])
    text = page.content.decode()

    assert page.status_code == 200
    hidden_words = (
        "Ola",
        "Centre 9",
        "Not for all",
        "Under dispute",
        "BT",
        "Somebody else’s contract",
    )
    for hidden in (*hidden_words, pages["old"], pages["move"]):
        assert hidden not in text
    assert f"/sites/{fresh.site_id}/" not in text
    assert client.get(pages["old"]).status_code == 404
    assert client.get(pages["move"]).status_code == 404


@pytest.mark.parametrize("address", ["programme@london-grid", "network@camden"])
def test_pages_keep_the_budget_of_queries(db, browse, address):
    camden = Replacement.objects.filter(body__council__slug="camden")
    pages = [page for each in camden.order_by("pk")[:3] for page in pages_of(each).values()]

    assert all(queries_of(browse(address), page) <= BUDGET for page in pages)

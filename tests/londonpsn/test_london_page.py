"""London on any day: the head, the map in its colours, what changed, the plan, the table."""

import csv
import io
import re
from datetime import date

import pytest

from boroughs.models import Council
from londonpsn.home.london import last_monday
from services import queries
from services.migration import CouncilChanges, progress
from services.models import LineFlag
from tests import factories as new
from tests.factories import TODAY
from tests.londonpsn.test_pages import BUDGET, queries_of

LONDON = "/london/psn-network/"


def text_of(client, query="", page=LONDON) -> str:
    return client.get(f"{page}?{query}").content.decode()


def words_of(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def row_of(text: str, slug: str) -> str:
    return words_of(text.split(f'id="{slug}"')[1].split("</tr>")[0])


@pytest.fixture
def officer(db, browse):
    return browse("programme@london-grid")


# The day shown, and the one it is compared with


@pytest.mark.parametrize(
    ("day", "monday"),
    [("2014-06-30", "2014-06-23"), ("2014-06-29", "2014-06-23"), ("2014-07-01", "2014-06-30")],
)
def test_the_last_monday_lies_before_the_day(day, monday):
    assert last_monday(date.fromisoformat(day)) == date.fromisoformat(monday)


def test_a_past_day_is_said_plainly_and_leads_back(officer):
    text = text_of(officer, "as_at=2013-07-31")

    assert "You are looking at 31 July 2013." in text
    assert "As it stood on 31 July 2013" in text
    assert "2 of 33 connected, 0 of 33 fully migrated." in text
    assert "Figures as of" not in text
    assert "You are looking at" not in text_of(officer)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("as_at=2014-07-01", "1 July 2014 has not come yet"),
        ("as_at=yesterday", "is not a day"),
        ("since=2014-06-30", "has to lie before the day shown"),
        ("map=moon", "The map has no colours by"),
        ("format=pdf", "is no format of a file"),
    ],
)
def test_what_cannot_be_read_is_answered_with_a_sentence(officer, query, said):
    response = officer.get(f"{LONDON}?{query}")

    assert response.status_code == 400
    assert said in response.content.decode()


def test_what_changed_is_said_from_then_to_now(officer):
    text = text_of(officer, "as_at=2013-07-31&since=2013-06-30")

    assert "In progress → Connected, still paying for old lines" in row_of(text, "camden")
    assert re.search(r"\+\d+\.\d", row_of(text, "camden"))
    assert "no change" in row_of(text, "hackney")


def test_since_last_monday_nothing_has_changed(officer):
    text = text_of(officer)

    assert "Status since 23 June" in text
    assert row_of(text, "camden").count("no change") == 2


def test_a_status_then_that_is_worked_out_with_others_is_that_of_the_day_alone(db):
    programme = queries.find_programme("PSN-NETWORK")
    days = [date(2013, 7, 31), date(2013, 10, 31)]
    councils = [council.pk for council in Council.objects.all()]

    together = queries.standings_on(programme, councils, days, {})

    assert together == {day: queries.standings(programme, councils, day, {}) for day in days}


# The map


def test_the_map_is_coloured_by_old_lines_ceased(officer):
    text = text_of(officer, "map=ceased&as_at=2013-07-31")

    assert "Councils by old lines ceased" in text
    assert text.count('class="tile ') == 33
    assert re.search(r'aria-label="CMD [\d.]+% ceased, Camden, Under 50% ceased"', text)
    assert re.search(r"No data<b>30</b>", text)
    assert re.search(r'All ceased<b class="zero">0</b>', text)


def test_the_map_is_coloured_by_what_is_paid_less_than_the_old_price(officer):
    text = text_of(officer, "map=saving")

    assert re.search(r'aria-label="CMD −?[\d.]+% less than the old price, Camden, ', text)
    assert 'aria-label="HCK No data, Hackney, No data"' in text


def test_the_switch_keeps_the_day(officer):
    text = text_of(officer, "as_at=2013-07-31")

    assert "?as_at=2013-07-31&amp;map=ceased" in text


# Lines connected and ceased against the plan


def test_the_burn_up_ends_where_the_rates_stand(db):
    programme = queries.find_programme("PSN-NETWORK")
    councils = [council.pk for council in Council.objects.all()]
    day = date(2013, 8, 15)

    rows = queries.burn_up(programme, councils, day=day, today=TODAY)

    standings = queries.standings(programme, councils, day, {}).values()
    shown = next(row for row in rows if row.on == day)
    assert shown.connected == sum(one.lines_connected for one in standings)
    assert shown.ceased == sum(one.lines_ceased for one in standings)
    assert shown.councils == sum(one.status == "CONNECTED" for one in standings)
    assert [row.is_planned for row in rows] == [row.on > day for row in rows]
    assert rows[0].on == date(2013, 4, 30)


@pytest.fixture
def old_line(db):
    kind = new.new_service_type()
    programme = new.new_programme([kind], generation=new.new_generation(sequence=99))
    line = new.new_line(new.new_body(kind="COUNCIL"), service_type=kind)
    return programme, line


def reached(programme, line, on: date) -> tuple[int, int, int]:
    rows = queries.burn_up(programme, [line.body.council_id], day=TODAY, today=TODAY)
    row = next(row for row in rows if row.on == on)
    return row.connected, row.ceased, row.councils


def test_a_line_that_was_rolled_back_is_connected_no_more(old_line):
    programme, line = old_line
    new.new_line_move(line, to_stage="CUTOVER", on="2013-05-10")
    new.new_line_move(line, to_stage="ACCEPTED", on="2013-07-10")
    new.new_line_move(line, to_stage="CUTOVER", on="2013-09-10")

    months = ((4, 30), (5, 31), (7, 31), (9, 30))
    found = [reached(programme, line, date(2013, *month))[0] for month in months]
    assert found == [0, 1, 0, 1]


def test_what_is_planned_counts_from_its_month_unless_it_has_happened(old_line):
    programme, line = old_line
    new.new_line_move(line, to_stage="CUTOVER", on="2013-05-10")
    new.new_planned_move(line, to_stage="CUTOVER", on="2014-08-01")
    new.new_planned_move(line, to_stage="CEASED", on="2014-09-01")

    assert reached(programme, line, date(2014, 8, 31)) == (1, 0, 1)
    assert reached(programme, line, date(2014, 9, 30)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("kind", "expected"), [("EXEMPT", (0, 0, 0)), ("DUPLICATE", (0, 0, 0)), ("DISPUTED", (1, 0, 1))]
)
def test_lines_out_of_scope_are_not_counted(old_line, kind, expected):
    programme, line = old_line
    new.new_line_move(line, to_stage="CUTOVER", on="2013-05-10")
    new.new_line_flag(line, kind=LineFlag.Kind(kind), starts_on="2013-06-01")

    assert reached(programme, line, TODAY) == expected


def test_a_council_is_connected_when_its_gateways_are_verified_too():
    april, may = date(2013, 4, 1), date(2013, 5, 1)
    councils = [
        CouncilChanges(1, date(2013, 5, 20), done={april: (1, 0)}),
        CouncilChanges(1, None, done={april: (1, 0)}),
        CouncilChanges(2, done={april: (1, 0)}, ahead={date(2013, 6, 1): (1, 0)}),
        CouncilChanges(0),
    ]

    rows = progress(councils, first=april, day=may)

    assert [(row.on.isoformat(), row.connected, row.councils) for row in rows] == [
        ("2013-04-30", 3, 0),
        ("2013-05-01", 3, 0),
        ("2013-05-31", 3, 1),
        ("2013-06-30", 4, 2),
    ]


def test_the_charts_have_their_answer_in_words_and_a_table_with_every_month(officer):
    text = text_of(officer)

    assert "56 of 56 lines are connected and 56 of 56 old ones ceased" in text
    assert "What the moves come to, added up since April 2013" in text
    assert re.search(r"It (pays|will pay) back \w+ 20\d\d\.", text)
    assert text.count('<svg class="wide"') == text.count('<svg class="small"') == 3
    assert "Connected and ceased as a table" in text


def test_a_programme_without_lines_has_no_chart_and_says_so(officer):
    new.new_programme(code="EMPTY", name="Nothing yet")

    text = text_of(officer, page="/london/empty/")

    assert '<svg class="wide"' not in text
    assert "No line of this programme is held yet." in text
    assert "Nothing yet" in text


# The table and its files


def file_of(client, query) -> list[list[str]]:
    response = client.get(f"{LONDON}?{query}")
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_councils_are_sorted_by_what_is_asked(officer):
    text = text_of(officer, "sort=-council")

    rows = re.findall(r'<tr class="govuk-table__row" role="row" id="([\w-]+)"', text)
    assert (rows[0], rows[-1]) == ("westminster", "barking-and-dagenham")
    assert 'aria-sort="descending"' in text


def test_files_hold_all_councils_and_pounds_only_for_who_sees_all(officer, browse):
    header, *rows = file_of(officer, "format=csv")
    others, *_ = file_of(browse("viewer@camden"), "format=csv")

    assert len(rows) == 33
    assert "paid_twice" in header
    assert {"council", "status", "reasons", "ceased_change"} <= set(others)
    assert "paid_twice" not in others


def test_the_charts_tables_are_files_too_but_not_sums_of_few_councils(officer, browse):
    header, *rows = file_of(officer, "format=csv&table=net")
    progress_header, *_ = file_of(officer, "format=csv&table=progress")

    assert header == ["month", "baseline", "legacy", "new", "one_off", "net", "added_up"]
    assert len(rows) == 60
    assert progress_header == ["on", "connected", "ceased", "councils"]
    closed = browse("viewer@camden").get(f"{LONDON}?format=csv&table=net")
    assert closed.status_code == 400  # three councils: there is no such table for them


def test_another_councils_viewer_gets_no_pounds_of_three_councils(db, browse):
    text = text_of(browse("viewer@sutton"))

    assert "£" not in text
    assert "fewer than five councils" in text


def test_a_supplier_does_not_see_london(db, browse):
    assert browse("agent1@virgin-media-business").get(LONDON).status_code == 403


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("programme@london-grid", "map=saving"),
        ("programme@london-grid", "as_at=2013-09-30&map=saving&since=2013-04-02"),
        ("network@camden", "as_at=2013-09-30&map=ceased"),
        ("network@camden", "map=saving"),
    ],
)
def test_every_day_and_colour_keeps_the_budget_of_queries(db, browse, address, query):
    assert queries_of(browse(address), f"{LONDON}?{query}") <= BUDGET

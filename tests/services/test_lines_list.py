"""The list of lines: what is ticked, previewed and confirmed, sorted and downloaded."""

import csv
import io
import re
from datetime import date

import pytest
from openpyxl import load_workbook

from boroughs.models import Body
from services.models import Line
from services.queries import ToDo
from services.stages import Stage
from tests import factories as new
from tests.conftest import person
from tests.factories import TODAY

LIST = "/c/camden/lines/"
PREVIEW = "/c/camden/lines/preview/"


@pytest.fixture
def officer(db, browse):
    return browse("network@camden")


def some_lines(slug="camden", count=3):
    return list(Line.objects.filter(body__council__slug=slug).order_by("pk")[:count])


def test_ticked_lines_are_previewed_and_nothing_is_kept_yet(officer):
    lines = some_lines()

    text = officer.post(PREVIEW, {"tick": [line.pk for line in lines]}).content.decode()

    assert "3 lines ticked" in text
    assert all(line.reference in text for line in lines)
    assert "Yes, all 3 are still right" in text
    assert not Line.objects.filter(reviewed_by__isnull=False).exists()


def test_confirmed_lines_carry_the_day_and_the_name_and_the_list_says_so(officer):
    lines, back = some_lines(), f"{LIST}?stage=CLOSED"
    ticks = [line.pk for line in lines]

    answer = officer.post(PREVIEW, {"tick": ticks, "confirm": "yes", "back": back}, follow=True)

    assert answer.redirect_chain == [(back, 302)]
    assert "3 lines still right, noted." in answer.content.decode()
    held = Line.objects.filter(pk__in=ticks).values_list("reviewed_on", "reviewed_by__email")
    assert set(held) == {(TODAY, "network@camden.demo.example")}


def test_lines_of_another_council_are_not_there(officer):
    mine, theirs = some_lines("camden", 1), some_lines("sutton", 1)

    for ticks in ([theirs[0].pk], [mine[0].pk, theirs[0].pk], [0], []):
        back = f"{LIST}?who=COUNCIL"
        asked = {"tick": ticks, "confirm": "yes", "back": back}
        answer = officer.post(PREVIEW, asked, follow=True)
        assert answer.redirect_chain == [(back, 302)]  # the filter is kept
        text = answer.content.decode()
        assert "Not done" in text
        assert "Tick " in text
    assert officer.post("/c/sutton/lines/preview/", {"tick": theirs[0].pk}).status_code == 404
    assert not Line.objects.filter(reviewed_by__isnull=False).exists()


def test_who_may_not_confirm_has_no_boxes_and_is_refused(officer, browse):
    viewer = browse("viewer@camden")

    for has_boxes, who in ((True, officer), (False, viewer)):
        text = who.get(LIST).content.decode()
        assert ('name="tick"' in text) == (">Still right</button>" in text) == has_boxes
        assert text.count('<th scope="col"') == 7 + has_boxes
    answer = viewer.post(PREVIEW, {"tick": some_lines()[0].pk})
    assert answer.status_code == 403
    assert "say that a line is still right" in answer.content.decode()


def test_pounds_of_the_council_and_of_schools_are_never_one_sum(officer):
    """Decisions 17, on the preview too."""
    lines = Line.objects.filter(body__council__slug="camden", ends_on=None, starts_on__lte=TODAY)
    own = lines.filter(body__kind="COUNCIL").order_by("pk").first()
    schools = lines.filter(body__kind="SCHOOL").order_by("pk").first()
    new.new_line(own.body, reference="without a price")

    ticks = [own.pk, schools.pk, Line.objects.get(reference="without a price").pk]
    text = officer.post(PREVIEW, {"tick": ticks}).content.decode()
    said = " ".join(re.sub("<[^>]+>", "", re.search(r'class="lede">(.*?)</p>', text)[1]).split())

    prices = [line.charges.get(kind="RECURRING").amount for line in (own, schools)]
    assert said == (
        f"3 lines ticked: Council 2, £{prices[0]:,.2f} a month and 1 not known; "
        f"School 1, £{prices[1]:,.2f} a month."
    )


def test_a_preview_that_is_asked_for_without_ticks_leads_back_to_the_list(officer):
    assert officer.get(PREVIEW).url == LIST


def test_stages_are_sorted_by_how_far_they_are(officer):
    rows = rows_of(officer.get(f"{LIST}?generation=LEGACY&who=COUNCIL&sort=stage&format=csv"))

    numbers = [Stage[row["stage"]].number for row in rows if row["stage"]]
    assert len(set(numbers)) > 2
    assert numbers == sorted(numbers)


def test_the_way_back_stays_within_the_portal(officer):
    ticks = {"tick": some_lines()[0].pk, "confirm": "yes", "back": "https://elsewhere.example/"}

    assert officer.post(PREVIEW, ticks).url == LIST


def rows_of(response) -> list[dict]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_holds_every_row_that_the_filter_finds_in_the_order_shown(officer):
    rows = rows_of(officer.get(f"{LIST}?who=COUNCIL&sort=-monthly&format=csv"))

    council_lines = Line.objects.filter(body__council__slug="camden", body__kind="COUNCIL")
    assert len(rows) == council_lines.count() > 25
    prices = [float(row["monthly"]) for row in rows if row["monthly"]]
    assert prices == sorted(prices, reverse=True)
    assert all(not row["monthly"] for row in rows[len(prices) :])  # what is not known comes last
    assert list(rows[0])[:2] == ["reference", "body"]


def test_the_spreadsheet_has_numbers_as_numbers(officer):
    response = officer.get(f"{LIST}?q=cmd-hq01|w1&format=xlsx")

    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    header, *rows = book.active.values
    found = {row[0]: row[header.index("monthly")] for row in rows}
    assert found["CMD-HQ01|w1/NEW"] == 590
    assert "attachment" in response.headers["Content-Disposition"]


def test_what_looks_like_a_formula_is_text_in_files(officer):
    council = person("network@camden").access.roles[0].council
    new.new_line(new.new_body(council), reference="=1+1")

    rows = rows_of(officer.get(f"{LIST}?q==1&format=csv"))
    book = officer.get(f"{LIST}?q==1&format=xlsx")

    assert rows[0]["reference"] == "'=1+1"
    cell = load_workbook(io.BytesIO(b"".join(book.streaming_content))).active["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_format_that_there_is_not_is_refused_in_a_sentence(officer):
    answer = officer.get(f"{LIST}?format=pdf")

    assert answer.status_code == 400
    assert "Ask for csv or xlsx." in answer.content.decode()


@pytest.mark.parametrize("sort", ["reference", "-reference", "monthly", "-starts_on", "moon", "-"])
def test_every_order_is_stable_and_says_itself(officer, sort):
    text = officer.get(f"{LIST}?sort={sort}").content.decode()

    asked = sort.removeprefix("-") in ("reference", "monthly", "starts_on")
    words = "descending" if sort.startswith("-") else "ascending"
    assert text.count("aria-sort=") == asked
    assert (f'aria-sort="{words}"' in text) == asked


@pytest.mark.parametrize("todo", ToDo.values)
def test_the_list_can_be_narrowed_to_what_my_work_asks_for(db, browse, todo):
    """What is too much for My work stands in the list that it links to."""
    body = Body.objects.get(council__slug="camden", kind="COUNCIL")
    old, fresh = new.new_line(body, reference="asks"), new.new_line(body, reference="fresh")
    for line in (old, fresh):
        new.new_charge(line)
    if todo == ToDo.PAID_TWICE:
        new.new_replacement([old], [fresh])
    else:
        new.new_planned_move(old, to_stage="VALIDATED", on=TODAY)
        new.new_planned_move(fresh, to_stage="VALIDATED", on=date(2014, 7, 7))

    rows = rows_of(browse("network@camden").get(f"{LIST}?todo={todo}&who=COUNCIL&format=csv"))

    references = [row["reference"] for row in rows]
    assert "asks" in references
    assert "fresh" not in references
    assert all("/NEW" not in reference for reference in references)

"""A sample of any list: at random, and the same again from its seed."""

import csv

import pytest

from boroughs.models import Council
from services.models import Line
from tests import factories as new

LINES = "/c/camden/lines/"


@pytest.fixture
def auditor(browse):
    return browse("auditor@london-grid")


def drawn(client, address: str, key: str) -> list[str]:
    text = b"".join(client.get(f"{address}&format=csv").streaming_content).decode("utf-8-sig")
    return [row[key] for row in csv.DictReader(text.splitlines())]


def test_the_same_seed_draws_the_same_rows_however_they_are_sorted(db, auditor):
    first = drawn(auditor, f"{LINES}?sample=10&seed=2014-Q2", "reference")
    again = drawn(auditor, f"{LINES}?sample=10&seed=2014-Q2", "reference")
    sorted_down = drawn(auditor, f"{LINES}?sample=10&seed=2014-Q2&sort=-reference", "reference")
    other = drawn(auditor, f"{LINES}?sample=10&seed=2014-Q3", "reference")

    assert len(first) == 10
    assert first == again
    assert sorted_down == sorted(first, reverse=True)
    assert set(other) != set(first)


def test_a_smaller_sample_of_a_seed_is_a_part_of_a_larger_one(db, auditor):
    small = drawn(auditor, f"{LINES}?sample=5&seed=a", "reference")
    large = drawn(auditor, f"{LINES}?sample=20&seed=a", "reference")

    assert set(small) < set(large)


def test_a_sample_is_drawn_of_what_the_filter_finds(db, auditor):
    found = drawn(auditor, f"{LINES}?stage=CLOSED&sample=1000&seed=a", "reference")
    everything = drawn(auditor, f"{LINES}?stage=CLOSED", "reference")

    assert found == everything


def test_a_list_that_is_in_no_table_is_sampled_by_what_its_rows_say(db, auditor):
    lambeth, alias = Council.objects.get(register_code="LBH"), None
    for number in range(40):
        alias = new.new_supplier_alias(f"Supplier name {number}")
        new.new_payment(lambeth, alias=alias, amount=number)
    address = "/c/lambeth/spend/?sample=7&seed=x"

    first = drawn(auditor, address, "name")

    assert len(first) == 7
    assert sorted(first) == sorted(drawn(auditor, f"{address}&sort=-amount", "name"))
    assert set(first) != set(drawn(auditor, "/c/lambeth/spend/?sample=7&seed=y", "name"))


def test_the_page_says_what_was_drawn_of_how_many_and_leads_back(db, auditor):
    total = Line.objects.filter(body__council__slug="camden").count()

    page = auditor.get(f"{LINES}?q=CMD&sample=25&seed=2014-Q2").content.decode()

    assert f"A sample of 25 of {total} rows, drawn with seed <b>2014-Q2</b>" in page
    assert '<a href="?q=CMD">Show the whole list</a>' in page
    assert "All 25" in page


def test_who_reads_trails_is_offered_a_sample_that_keeps_the_filter(db, auditor, browse):
    offered = auditor.get(f"{LINES}?generation=PSN").content.decode()

    assert "Draw a sample" in offered
    assert '<input type="hidden" name="generation" value="PSN">' in offered
    assert "Draw a sample" not in browse("network@camden").get(LINES).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        *("sample=0&seed=a", "sample=1001&seed=a", "sample=x&seed=a", "sample=-1&seed=a"),
        *("sample=25", "sample=25&seed=", f"sample=25&seed={'a' * 41}", "sample=²&seed=a"),
        f"sample={'9' * 5000}&seed=a",
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused(db, auditor, query):
    assert auditor.get(f"{LINES}?{query}").status_code == 400
    assert auditor.get(f"{LINES}?{query}&format=csv").status_code == 400

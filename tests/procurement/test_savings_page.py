"""The savings explorer: three blocks, cuts in the address, files, and a year explained."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest

from boroughs.models import Body, Council
from procurement.models import SavingsMonth
from procurement.queries import (
    SavingsFilter,
    councils_that_add_most,
    moves_that_add_most,
    savings_by_month,
)
from services.models import Replacement
from tests.conftest import person
from tests.londonpsn.test_pages import BUDGET, queries_of

CAMDEN = "/c/camden/savings/"


@pytest.fixture
def finance(db, browse):
    return browse("finance@camden")


def text_of(client, query="", page=CAMDEN) -> str:
    return client.get(f"{page}?{query}").content.decode()


def file_of(client, query, page=CAMDEN) -> list[list[str]]:
    response = client.get(f"{page}?{query}")
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_three_blocks_stand_beside_each_other_and_are_never_added(finance):
    text = text_of(finance)

    assert "£79,811.33" in text
    assert "£15,667.65" in text
    assert "avoided, not cash" in text
    assert re.search(r"Other bodies</h2>\s*<p class=\"big soft\">No data", text)
    assert "£95,478.98" not in text


@pytest.mark.parametrize(
    ("by", "header"),
    [
        ("financial_year", ["period", "baseline", "legacy", "new", "one_off", "net"]),
        ("month", ["period", "baseline", "legacy", "new", "one_off", "net"]),
        ("service_type", ["key", "baseline", "legacy", "new", "one_off", "net"]),
    ],
)
def test_files_name_their_columns_as_the_api_does_and_add_up_alike(finance, by, header):
    found, *rows = file_of(finance, f"by={by}&format=csv&table=council-lines")

    assert found == header
    assert sum(Decimal(row[-1]) for row in rows) == Decimal("1719894.49")


def test_schools_have_a_file_of_their_own(finance):
    _, *rows = file_of(finance, "by=financial_year&format=csv&table=schools")

    assert rows[0] == ["2013-14", "21894.12", "0.00", "9360.00", "0.00", "12534.12"]
    assert finance.get(f"{CAMDEN}?format=xlsx&table=schools").status_code == 200


def test_all_councils_are_cut_by_council(db, browse):
    client = browse("auditor@london-grid")

    _, *rows = file_of(client, "by=council&format=csv&table=council-lines", "/c/all/savings/")

    assert [row[0] for row in rows] == ["CMD", "KTT", "STN"]
    assert "Camden" in text_of(client, "by=council", "/c/all/savings/")


def test_from_and_to_month_are_both_included(finance):
    _, *rows = file_of(finance, "by=month&from=2013-12&to=2014-02&format=csv&table=council-lines")

    assert [row[0] for row in rows] == ["2013-12", "2014-01", "2014-02"]
    text = text_of(finance, "from=2013-12&to=2014-02")
    assert "net, December 2013 to February 2014" in text
    assert "Pays back" not in text  # of a part it would mean nothing
    assert "Clear all" in text


def test_months_that_are_all_planned_have_no_figure_to_date(finance):
    text = text_of(finance, "from=2015-04")

    assert "Nothing yet" in text
    assert "these months are planned" in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=x", "“x” is not a month."),
        ("from=2015-01&to=2014-01", "This month lies before the first one. Swap them."),
    ],
)
def test_a_month_that_cannot_be_read_is_said_at_its_field(finance, query, said):
    text = text_of(finance, query)

    assert said in text
    assert "There is a problem" in text


def test_services_are_narrowed_by_family_and_a_family_without_savings_is_named(finance):
    voice = file_of(finance, "family=voice&by=service_type&format=csv&table=council-lines")
    every = file_of(finance, "by=service_type&format=csv&table=council-lines")
    SavingsMonth.objects.filter(service_type__family="voice").delete()

    text = text_of(finance, "family=voice")

    assert 1 < len(voice) < len(every)
    assert "No savings are held for Services Voice." in text
    assert "Clear all" in text


# A year explained


def test_a_year_is_explained_by_its_arithmetic_and_the_moves_that_add_most(finance):
    text = text_of(finance, "year=2014-15")

    explained = text[text.index('id="explained"') :]
    sums = ("£996,296.52", "£278,604.29", "£396,394.00", "£19,255.00", "£302,043.23")
    assert all(amount in explained for amount in sums)
    assert "Hosted telephony seat, 992" in explained
    assert "£64,638.72" in explained
    assert re.search(r"56 others</th><td>\s*£111,584.15", explained)


def test_the_portals_year_is_explained_unless_another_is_asked_for(finance):
    assert "How 2014-15 is worked out" in text_of(finance)
    assert "How 2016-17 is worked out" in text_of(finance, "year=2016-17")
    response = finance.get(f"{CAMDEN}?year=1999-00")
    assert response.status_code == 400
    assert "There are: 2013-14" in response.content.decode()


def test_years_lead_to_their_explanation_and_keep_the_filter(finance):
    text = text_of(finance, "by=financial_year&family=voice")

    assert "?by=financial_year&amp;family=voice&amp;year=2013-14#explained" in text


@pytest.mark.parametrize("slug", ["camden", "sutton"])
@pytest.mark.parametrize("kind", [Body.Kind.COUNCIL, Body.Kind.SCHOOL])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2013, 4, 1), date(2014, 3, 1)),
        (date(2013, 7, 1), date(2013, 7, 1)),
        (date(2013, 4, 1), date(2018, 3, 1)),
    ],
)
def test_moves_add_up_to_the_savings_of_their_months(db, slug, kind, first, last):
    council = Council.objects.get(slug=slug)
    wanted = SavingsFilter(None, [council.pk], kind, None, first, last)
    user = person("auditor@london-grid")

    parts = moves_that_add_most(SavingsFilter(user, [council.pk], kind, None, first, last))

    total = sum(amounts.net for amounts in savings_by_month(wanted).values())
    assert sum(part.net for part in parts.most) + parts.others_net == total
    moves = Replacement.objects.filter(body__council=council, body__kind=kind)
    assert len(parts.most) + parts.others == moves.count()


def test_councils_add_up_too(db):
    user = person("auditor@london-grid")
    wanted = SavingsFilter(user, None, Body.Kind.COUNCIL)

    parts = councils_that_add_most(wanted, count=2)

    total = sum(amounts.net for amounts in savings_by_month(wanted).values())
    assert sum(part.net for part in parts.most) + parts.others_net == total
    assert (len(parts.most), parts.others) == (2, 1)
    assert parts.most[0].net >= parts.most[1].net


# The chart, what is not there, and who sees it


def test_the_chart_has_its_table_beside_it_or_in_it(finance):
    by_year, by_service = text_of(finance), text_of(finance, "by=service_type")

    assert "Where each year’s old price goes" in by_year
    assert "The table of council lines has the same facts." in by_year
    assert "Years as a table" in by_service
    assert "table=council-lines-by-year" in by_service
    assert "Where each month’s old price goes" in text_of(finance, "by=month")


def test_a_council_without_savings_says_what_they_need(db, browse):
    text = text_of(browse("auditor@london-grid"), page="/c/hackney/savings/")

    assert "No savings have been worked out yet" in text
    assert 'id="explained"' not in text


def test_another_councils_savings_do_not_exist(finance):
    assert finance.get("/c/sutton/savings/").status_code == 404
    assert finance.get("/c/sutton/savings/?format=csv&table=council-lines").status_code == 404
    assert "£1,719,894.49" in text_of(finance, page="/c/all/savings/")  # its own and no other's


@pytest.mark.parametrize("page", [CAMDEN, "/c/all/savings/"])
@pytest.mark.parametrize("query", ["", "by=month", "by=service_type", "by=council&family=voice"])
def test_every_cut_keeps_the_budget_of_queries(db, browse, page, query):
    assert queries_of(browse("programme@london-grid"), f"{page}?{query}") <= BUDGET


@pytest.mark.parametrize("cut", ["supplier", "contract"])
def test_savings_by_supplier_and_contract_add_up_to_the_same(db, browse, cut):
    """Decisions 13: cut by the new line's."""
    client = browse("finance@camden")

    def net(by):
        address = f"/c/camden/savings/?by={by}&table=council-lines&format=csv"
        text = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
        return sum(Decimal(row["net"]) for row in csv.DictReader(io.StringIO(text)))

    assert net(cut) == net("month") != 0


def test_a_file_of_months_that_cannot_be_read_is_refused(db, browse):
    client = browse("finance@camden")

    for months in ("from=2015-01&to=2013-01", "from=2030-01"):
        assert client.get(f"/c/camden/savings/?{months}&format=csv").status_code == 400

"""All 33 councils: the published figures of the data set, and budgets that do not grow with it."""

import re
from collections import Counter
from decimal import Decimal

import pytest
from django.db import transaction

from boroughs.models import Body, Connection, Council, Site, User
from londonpsn.common.periods import add_months, month_of
from procurement.models import SavingsMonth
from procurement.queries import SavingsFilter, savings
from services import queries
from services.migration import Status
from services.models import Charge, Line, Replacement
from tests.factories import AT, TODAY
from tests.londonpsn.test_pages import BUDGET, PAGES, queries_of
from tests.services.test_migration import CONNECTED

pytestmark = [pytest.mark.london, pytest.mark.usefixtures("london")]


def test_section_2_sizes():
    assert Site.objects.filter(body__kind="COUNCIL").count() == 2_166
    assert Site.objects.filter(body__kind="SCHOOL").count() == 2_477
    assert Replacement.objects.count() == 10_243
    assert Line.objects.count() == 2 * 10_243
    assert Charge.objects.filter(kind="ONE_OFF").count() == 5_402
    assert Connection.objects.count() == 2_166 + 2_477
    assert User.objects.count() == 174
    assert Body.objects.filter(kind="COUNCIL").count() == 33


def test_section_9_yearly_baseline_comes_out_of_the_portal():
    rows = savings(SavingsFilter(None), "financial_year")

    assert {row.amounts.baseline for row in rows} == {Decimal("73683646.20")}


def test_section_6_councils_connected_at_each_months_end():
    programme = queries.find_programme("PSN-NETWORK")
    connected = {}
    for line in CONNECTED.split(", "):
        month, count = line.split()
        day = add_months(month_of(TODAY.fromisoformat(f"{month}-01")), 1)
        rows = queries.summaries(
            programme, today=TODAY, now=AT, as_at=TODAY.fromordinal(day.toordinal() - 1)
        )
        reached = (Status.CONNECTED, Status.FULLY_MIGRATED)
        connected[month] = (sum(row.status in reached for row in rows), int(count))

    assert all(found == expected for found, expected in connected.values()), connected


def test_the_press_release_33_of_33_connected_is_not_33_fully_migrated(browse):
    """Spec 5.4: both counts are shown; connected includes fully migrated."""
    programme = queries.find_programme(None)
    rows = queries.summaries(programme, today=TODAY, now=AT)

    counts = Counter(row.status for row in rows)
    assert counts == {Status.FULLY_MIGRATED: 24, Status.CONNECTED: 9}
    text = browse("programme@london-grid").get("/london/").content.decode()
    assert "33 of 33 connected, 24 of 33 fully migrated." in text
    assert "4 old lines are still paid beside the new" in text
    assert "£973.18" in text
    assert "2,421 of 2,425 old lines switched off" in text


def test_who_still_pays_twice_is_told_apart_from_who_waits_for_clean_bills(browse):
    text = browse("programme@london-grid").get("/london/").content.decode()

    assert text.count("Connected, last bills to check</span>") == 8
    assert text.count("Connected, still paying for old lines</span>") == 1


def test_the_legend_tells_them_apart_too(browse):
    text = browse("programme@london-grid").get("/london/").content.decode()

    assert re.search(r"Connected, last bills to check<b[^>]*>8</b>", text)
    assert re.search(r"Connected, still paying for old lines<b[^>]*>1</b>", text)


def test_five_councils_with_a_status_are_not_five_whose_pounds_are_summed(browse):
    some = Council.objects.order_by("pk")[:4]
    with transaction.atomic():
        SavingsMonth.objects.exclude(council__in=some).delete()
        text = browse("viewer@camden").get("/london/").content.decode()
        transaction.set_rollback(True)

    assert "£" not in text
    assert "fewer than five councils" in text


def test_sums_of_pounds_over_five_or_more_councils_are_open_to_all(browse):
    text = browse("viewer@camden").get("/london/").content.decode()

    assert "What the moves come to" in text
    assert "£728,300.52" in text
    assert "£973.18" not in text  # one council's
    assert "a month ended" not in text  # nor is it the difference of two sums


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("address", ["programme@london-grid", "network@camden"])
def test_pages_keep_their_queries_at_london_size(browse, address, page):
    assert queries_of(browse(address), page) <= BUDGET


@pytest.mark.parametrize("address", ["programme@london-grid", "network@camden"])
def test_pages_of_one_thing_keep_their_queries_at_london_size(browse, address):
    of_camden = Line.objects.filter(body__council__slug="camden")
    line = of_camden.filter(replacements__side="OLD").earliest("pk")
    connection = Connection.objects.filter(site=line.site).first()
    pages = (
        f"/lines/{line.pk}/",
        f"/moves/{line.replacements.get().replacement_id}/",
        f"/sites/{line.site_id}/",
        f"/bodies/{line.body_id}/",
        f"/connections/{connection.pk}/",
        f"/contracts/{line.contract_id}/",
    )
    client = browse(address)

    for page in pages:
        assert queries_of(client, page) <= BUDGET, page


def test_lambeths_part_is_within_a_fifth_of_its_real_payments():
    """Demo specification 9: £3.2m a year in 14 of 17 published lists."""
    lambeth = Council.objects.get(register_code="LBH")
    year = savings(SavingsFilter(None, [lambeth.pk]), "financial_year")[0].amounts.baseline

    assert Decimal("0.8") < year / Decimal("3200000") < Decimal("1.2")


def test_every_council_page_opens(browse):
    client = browse("auditor@london-grid")

    for council in Council.objects.all():
        assert client.get(f"/c/{council.slug}/").status_code == 200

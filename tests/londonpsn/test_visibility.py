"""Decision 6: what is another council's does not exist, on every page and API path."""

import json
import re

import pytest
from django.test import Client

from boroughs.authorization import GRANTS, Permission, can, resolve
from boroughs.models import Body, Connection, Council, JobRun, Membership, Site, Supplier
from boroughs.models.visibility import CouncilRowsQuerySet
from procurement.models import Payment
from services.models import Contract, Line
from tests import factories as new
from tests.conftest import person, sign_in
from tests.factories import TODAY
from tests.test_constraints import our_models

LISTS = ("bodies", "sites", "connections", "lines", "contracts", "jobs")
SUMS = ("savings", "payments/summary")
MODELS = {
    "bodies": Body,
    "sites": Site,
    "connections": Connection,
    "lines": Line,
    "contracts": Contract,
    "jobs": JobRun,
}
PATHS = {
    "bodies": "council",
    "sites": "body__council",
    "connections": "site__body__council",
    "lines": "body__council",
    "contracts": "council",
    "jobs": "council",
}
PAGES = ("", "lines/", "savings/")
COUNCIL_PEOPLE = ("network", "buyer", "approver", "finance", "viewer")


def without_token(response) -> bytes:
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", response.content)


@pytest.fixture
def payment(db):
    """A real payment of Sutton, which nobody of Camden may see."""
    return new.new_payment(Council.objects.get(register_code="STN"))


@pytest.mark.parametrize("account", COUNCIL_PEOPLE)
@pytest.mark.parametrize("page", PAGES)
def test_pages_of_ones_own_council_open_and_those_of_another_are_404(db, browse, account, page):
    client = browse(f"{account}@camden")

    assert client.get(f"/c/camden/{page}").status_code == 200
    foreign = client.get(f"/c/sutton/{page}")
    unknown = client.get(f"/c/nowhere/{page}")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert b"Sutton" not in foreign.content
    assert without_token(foreign) == without_token(unknown)  # nothing tells that it exists


@pytest.mark.parametrize("account", COUNCIL_PEOPLE)
@pytest.mark.parametrize("route", LISTS)
def test_lists_of_the_api_hold_ones_own_council_only(db, browse, payment, account, route):
    client = browse(f"{account}@camden")
    mine = MODELS[route].objects.filter(**{f"{PATHS[route]}__register_code": "CMD"})
    theirs = MODELS[route].objects.filter(**{f"{PATHS[route]}__register_code": "STN"}).first()

    answer = client.get(f"/api/v1/{route}/").json()

    assert answer["count"] == mine.count() > 0
    assert {row["council"] for row in answer["results"]} == {"CMD"}
    assert client.get(f"/api/v1/{route}/{mine.first().pk}/").status_code == 200
    assert client.get(f"/api/v1/{route}/{theirs.pk}/").status_code == 404
    assert client.get(f"/api/v1/{route}/?council=CMD").json()["count"] == mine.count()


@pytest.mark.parametrize("route", ["councils", *LISTS, *SUMS])
@pytest.mark.parametrize("code", ["STN", "HCK", "XXX"])
def test_naming_an_invisible_council_is_404(db, browse, route, code):
    client = browse("finance@camden")

    assert client.get(f"/api/v1/{route}/?council={code}").status_code == 404


def test_sums_cover_visible_councils_only(db, browse, payment):
    camden, programme = browse("finance@camden"), browse("programme@london-grid")

    mine = camden.get("/api/v1/savings/?group_by=council").json()
    assert [row["key"] for row in mine["results"]] == ["CMD"]
    assert camden.get("/api/v1/payments/summary/").json()["count"] == 0
    everyones = programme.get("/api/v1/savings/?group_by=council").json()
    assert [row["key"] for row in everyones["results"]] == ["CMD", "KTT", "STN"]
    assert programme.get("/api/v1/payments/summary/").json()["count"] == 1


def test_all_council_people_see_the_summary_of_every_council(db, browse):
    client = browse("viewer@camden")

    rows = client.get("/api/v1/migration/").json()
    assert rows["count"] == 33
    sutton = client.get("/api/v1/migration/?council=STN").json()["results"]
    assert [row["council"] for row in sutton] == ["STN"]
    assert "£" not in json.dumps(rows, ensure_ascii=False)
    page = client.get("/london/psn-network/")
    assert page.status_code == 200
    assert "/c/camden/" in page.content.decode()
    assert "/c/sutton/" not in page.content.decode()  # a link to what does not exist for them


def test_sums_of_pounds_over_fewer_than_five_councils_are_not_open_to_all(db, browse):
    """At small size three councils have data: their sum would tell about each."""
    own, programme = browse("finance@camden"), browse("programme@london-grid")

    assert "£" not in own.get("/london/psn-network/").content.decode()
    assert "£" in programme.get("/london/psn-network/").content.decode()


def test_the_directory_of_councils_is_open_to_all_who_are_signed_in(db, browse):
    for address in ("viewer@camden", "agent1@virgin-media-business"):
        assert browse(address).get("/api/v1/councils/").json()["count"] == 33


@pytest.mark.parametrize("account", ["administrator", "programme", "auditor", "viewer"])
def test_programme_wide_people_read_all_councils(db, browse, account):
    client = browse(f"{account}@london-grid")

    assert client.get("/c/sutton/").status_code == 200
    assert client.get("/c/all/lines/").status_code == 200
    assert client.get("/api/v1/lines/?limit=1").json()["count"] == Line.objects.count()


def test_supplier_agents_see_lines_they_provide_and_no_council_figures(db, browse):
    client = browse("agent1@virgin-media-business")
    lines = client.get("/api/v1/lines/?limit=1000").json()

    assert {row["supplier"] for row in lines["results"]} == {"Virgin Media Business"}
    assert lines["count"] == Line.objects.filter(supplier__name="Virgin Media Business").count()
    for route in ("bodies", "sites", "connections", "jobs"):
        assert client.get(f"/api/v1/{route}/").json()["count"] == 0
    for path in ("/api/v1/savings/", "/api/v1/migration/", "/london/psn-network/"):
        assert client.get(path).status_code == 403
    assert client.get("/c/camden/savings/").status_code == 403
    assert client.get("/c/camden/lines/").status_code == 200
    bt = Line.objects.filter(supplier__name="BT").first()
    assert client.get(f"/api/v1/lines/{bt.pk}/").status_code == 404


def test_a_supplier_agent_of_one_council_sees_no_other_councils_figures(db, browse, payment):
    """Who supplies everywhere and works for one council sees pounds of that one only."""
    camden = Council.objects.get(register_code="CMD")
    agent = person("agent1@virgin-media-business")
    new.new_membership(user=agent, council=camden, role="FINANCE")
    client = browse("agent1@virgin-media-business")

    for path in (
        "/c/sutton/savings/",
        "/api/v1/savings/?council=STN",
        "/api/v1/bodies/?council=STN",
    ):
        assert client.get(path).status_code == 404
    rows = client.get("/api/v1/savings/?group_by=council").json()["results"]
    assert [row["key"] for row in rows] == ["CMD"]
    assert client.get("/api/v1/payments/summary/").json()["count"] == 0
    assert client.get("/c/sutton/").url == "/c/sutton/lines/"
    page = client.get("/c/sutton/lines/").content.decode()
    assert "Virgin Media Business" in page
    assert "/c/sutton/savings/" not in page
    own = Line.objects.filter(body__council=camden)
    supplied = Line.objects.filter(supplier__name="Virgin Media Business")
    assert client.get("/api/v1/lines/").json()["count"] == (own | supplied).count()
    assert client.get("/c/all/savings/").content.decode().count("£996,296.52") > 0


def test_a_programme_role_is_not_narrowed_by_a_role_at_a_supplier(db, browse):
    supplier = Supplier.objects.get(code="virgin-media-business")
    viewer = person("viewer@london-grid")
    new.new_membership(user=viewer, supplier=supplier, role="SUPPLIER_AGENT")

    client = browse("viewer@london-grid")

    assert client.get("/api/v1/lines/?limit=1").json()["count"] == Line.objects.count()
    assert client.get("/api/v1/contracts/?limit=1").json()["count"] == Contract.objects.count()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("administrator@london-grid", 200),
        ("programme@london-grid", 403),
        ("finance@camden", 403),
        ("agent1@virgin-media-business", 403),
    ],
)
def test_only_administrators_open_the_admin(db, browse, address, code):
    assert browse(address).get("/admin/", follow=True).status_code == code


def test_a_job_batch_of_other_councils_does_not_exist(db, browse):
    batch = "11111111-1111-1111-1111-111111111111"
    new.new_job_run(council=Council.objects.get(register_code="STN"), batches=[batch])

    assert browse("finance@camden").get(f"/jobs/{batch}/").status_code == 404
    assert browse("finance@sutton").get(f"/jobs/{batch}/").status_code == 200


def test_the_button_asks_for_the_councils_where_one_may(db, browse):
    browse("network@camden").post("/jobs/")
    assert set(JobRun.objects.waiting().values_list("council__register_code", flat=True)) == {"CMD"}

    assert browse("viewer@sutton").post("/jobs/").status_code == 403
    assert JobRun.objects.waiting().count() == 2


# Memberships


def test_roles_count_from_the_next_request_and_only_in_their_period(db, browse):
    client = browse("buyer@camden")
    membership = Membership.objects.get(user__email="buyer@camden.demo.example")
    assert client.get("/c/camden/").status_code == 200

    Membership.objects.filter(pk=membership.pk).update(ends_on=TODAY)
    assert client.get("/c/camden/").status_code == 404

    Membership.objects.filter(pk=membership.pk).update(starts_on="2014-07-01", ends_on=None)
    assert client.get("/c/camden/").status_code == 404


def test_one_person_may_hold_roles_in_several_councils(db):
    user = person("buyer@camden")
    sutton = Council.objects.get(register_code="STN")
    new.new_membership(user=user, council=sutton, role="NETWORK_OFFICER")
    resolve(user, TODAY)

    assert len(user.access.council_ids) == 2
    assert can(user, Permission.LINE_MOVE, sutton)
    assert not can(user, Permission.LINE_MOVE, Council.objects.get(register_code="CMD"))
    client = Client()
    sign_in(client, user)
    assert "Change council" in client.get("/c/sutton/").content.decode()


def test_every_role_is_in_the_table_of_grants():
    assert set(GRANTS) == set(Membership.Role)


def test_every_model_of_council_rows_narrows_by_one_method():
    """A model that points at a council has ``visible_to``; facts of a line go through the line."""
    without = {model.__name__ for model in our_models() if not hasattr(model.objects, "visible_to")}

    assert without == {
        "User",
        "SignInTry",  # shown to nobody
        "TrailCheck",  # shown with the trail of its council
        "TrailClosing",
        "SupplierAlias",  # shown with its supplier
        "Milestone",  # shown with its programme
        "ContractExtension",  # shown with their contract
        "ContractChange",
        "ContractNotice",
        "IdempotentCall",  # answered to who made it
        "IndexationRun",  # shown with its call-off's prices
        "Charge",
        "LineMove",
        "PlannedMove",
        "LineFlag",
        "ReplacementLine",
        "Baseline",
    }
    reaching_council = [m for m in our_models() if any(f.name == "council" for f in m._meta.fields)]
    for model in reaching_council:
        if model.__name__ not in ("Membership", "ApiToken"):  # people's, by a rule of their own
            assert isinstance(model.objects.all(), CouncilRowsQuerySet), model


def test_payments_are_narrowed_too(db, payment):
    assert not Payment.objects.visible_to(person("finance@camden")).exists()
    assert Payment.objects.visible_to(person("finance@sutton")).exists()

"""Sites, bodies, connections, suppliers and contracts: what their pages say, and to whom."""

import csv

import pytest

from boroughs.models import Body, Connection, Contact, Council, Site, Supplier
from services.models import Contract, Line
from tests import factories as new
from tests.conftest import person
from tests.factories import APRIL
from tests.londonpsn.test_pages import BUDGET, queries_of

PROGRAMME = "programme@london-grid"
LISTS = ("/c/camden/sites/", "/c/all/sites/", "/c/camden/contracts/", "/c/all/contracts/")


@pytest.fixture
def hackney(db):
    return Council.objects.get(slug="hackney")


@pytest.fixture
def site(hackney):
    """A site of Hackney of which little is known."""
    return new.new_site(Body.objects.get(council=hackney, kind="COUNCIL"), name="Clapton library")


def pages_of(slug: str) -> list[str]:
    """A page of each kind of object of one council of the data set."""
    site = Site.objects.filter(body__council__slug=slug).first()
    connection = Connection.objects.filter(site__body__council__slug=slug).first()
    old = Contract.objects.filter(council__slug=slug, kind="CONTRACT").first()
    call_off = Contract.objects.call_offs().filter(council__slug=slug).first()
    return [
        f"/sites/{site.pk}/",
        f"/bodies/{site.body_id}/",
        f"/connections/{connection.pk}/",
        f"/contracts/{old.pk}/",
        f"/calloffs/{call_off.pk}/",
    ]


def text_of(client, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200
    return response.content.decode()


def csv_of(client, page: str) -> list[list[str]]:
    text = b"".join(client.get(page).streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


# Places


def test_a_site_shows_facts_connections_lines_and_history(site, browse):
    connection = new.new_connection(site, reference="CON-1", bandwidth=100, live_since=APRIL)
    line = new.new_line(site.body, site=site, connection=connection, reference="HCK-1")
    new.new_line_move(line, to_stage="ORDERED", from_stage="QUALIFIED", proof="ORD-9")
    Site.objects.filter(pk=site.pk).update(latitude="51.5", longitude="-0.1", position="SYNTHETIC")

    text = text_of(browse(PROGRAMME), f"/sites/{site.pk}/")

    assert "Synthetic and approximate" in text
    assert f'href="/connections/{connection.pk}/"' in text
    assert f'href="/lines/{line.pk}/"' in text
    assert f'href="/bodies/{site.body_id}/"' in text
    assert "from Solution chosen; ORD-9" in text
    assert "These are the latest" not in text


def test_a_bare_site_says_so_in_words(site, browse):
    text = text_of(browse(PROGRAMME), f"/sites/{site.pk}/")

    assert "No connection of this site is held." in text
    assert "No line is held at this site." in text
    assert "None of its lines has moved yet." in text
    assert text.count('<span class="soft">not known</span>') == 4  # address, postcode, UPRN, place


def test_a_long_history_is_cut_and_says_so(site, browse):
    line = new.new_line(site.body, site=site)
    for day in range(1, 12):
        new.new_line_move(line, on=APRIL.replace(day=day))

    text = text_of(browse(PROGRAMME), f"/sites/{site.pk}/")

    assert "These are the latest 10." in text
    assert text.index("11 April 2013") < text.index("10 April 2013")
    assert '<time datetime="2013-04-01"' not in text


def test_a_body_shows_its_sites_and_lines(site, browse):
    line = new.new_line(site.body, site=site)
    new.new_line(site.body, ends_on=APRIL)

    text = text_of(browse(PROGRAMME), f"/bodies/{site.body_id}/")

    assert "Clapton library" in text
    assert f'href="/sites/{site.pk}/"' in text
    assert f'href="/lines/{line.pk}/"' in text
    assert "Council-wide" in text


def test_a_connection_shows_the_lines_that_run_over_it(site, browse):
    connection = new.new_connection(site)
    line = new.new_line(site.body, site=site, connection=connection)
    other = new.new_line(site.body, site=site)

    text = text_of(browse(PROGRAMME), f"/connections/{connection.pk}/")

    assert f'href="/lines/{line.pk}/"' in text
    assert f'href="/lines/{other.pk}/"' not in text
    assert text.count('<span class="soft">not known</span>') >= 2  # bandwidth, live since


def test_sites_are_listed_with_connections_and_lines_in_use(site, browse):
    new.new_connection(site)
    new.new_line(site.body, site=site)
    new.new_line(site.body, site=site, ends_on=APRIL)

    rows = csv_of(browse(PROGRAMME), "/c/hackney/sites/?format=csv")

    assert rows[1][-2:] == ["1", "1"]


def test_a_council_without_sites_or_contracts_says_so(hackney, browse):
    client = browse(PROGRAMME)

    assert "No sites are held for Hackney yet." in text_of(client, "/c/hackney/sites/")
    assert "No contract is held that you may see." in text_of(client, "/c/hackney/contracts/")


# Suppliers and contracts


def test_a_supplier_shows_names_lines_by_council_and_kind_and_contracts(hackney, browse):
    supplier = new.new_supplier(code="acme", name="Acme Lines")
    new.new_supplier_alias("ACME LINES LTD", supplier=supplier)
    kind = new.new_service_type(name="Fax line")
    body = Body.objects.get(council=hackney, kind="COUNCIL")
    school = new.new_body(hackney, kind="SCHOOL")
    fields = {"supplier": supplier, "service_type": kind}
    new.new_charge(new.new_line(body, **fields), amount="12.00")
    new.new_line(body, **fields)
    new.new_charge(new.new_line(school, **fields), amount="5.00")
    new.new_line(body, ends_on=APRIL, **fields)
    contract = new.new_contract(hackney, supplier=supplier)

    client = browse(PROGRAMME)
    text = text_of(client, "/suppliers/acme/")
    rows = csv_of(client, "/suppliers/acme/?format=csv&table=provides")

    assert "ACME LINES LTD" in text
    assert "1 of 2 not known" in text
    assert f'href="/contracts/{contract.pk}/"' in text
    assert [row[:4] for row in rows[1:]] == [
        ["Hackney", "Council", "Fax line", "2"],
        ["Hackney", "School", "Fax line", "1"],
    ]
    assert "17.00" not in text  # a council and a school, in no sum


def test_a_supplier_of_nothing_one_sees_says_so(db, browse):
    new.new_supplier(code="acme", name="Acme Lines")
    client = browse("viewer@camden")

    text = text_of(client, "/suppliers/acme/")

    assert "You see no line of this supplier that is in use." in text
    assert "none held" in text
    assert "Acme Lines" in text_of(client, "/suppliers/?sort=name&page=1")
    assert client.get("/suppliers/nobody/").status_code == 404


def test_suppliers_are_counted_by_the_lines_one_sees(db, browse):
    def lines_of_bt(address):
        rows = csv_of(browse(address), "/suppliers/?format=csv")
        return int(next(row for row in rows if row[0] == "BT")[-1])

    assert 0 < lines_of_bt("viewer@camden") < lines_of_bt(PROGRAMME)
    assert lines_of_bt("agent1@virgin-media-business") == 0


def test_a_contract_says_its_last_day_and_how_part_months_are_billed(hackney, browse):
    contract = new.new_contract(hackney, ends_on="2014-04-01", notice_days=90)
    line = new.new_line(new.new_body(hackney), contract=contract)

    text = text_of(browse(PROGRAMME), f"/contracts/{contract.pk}/")

    assert "31 March 2014" in text
    assert "90 days" in text
    assert "by the days of the month" in text
    assert f'href="/lines/{line.pk}/"' in text


# Who sees them


def test_objects_of_another_council_do_not_exist(db, browse):
    for page in pages_of("camden"):
        assert browse("viewer@camden").get(page).status_code == 200
        assert browse("finance@sutton").get(page).status_code == 404
    for page in ("/c/sutton/sites/", "/c/sutton/contracts/", "/sites/99999999999999999999/"):
        assert browse("viewer@camden").get(page).status_code == 404


def test_lists_and_files_hold_ones_own_council_only(db, browse):
    client = browse("viewer@camden")
    mine = Site.objects.filter(body__council__slug="camden").count()

    assert len(csv_of(client, "/c/all/sites/?format=csv")) == mine + 1
    contracts = csv_of(client, "/c/all/contracts/?format=csv")
    assert len(contracts) == Contract.objects.filter(council__slug="camden").count() + 1
    assert {row[2] for row in contracts[1:]} == {"Camden"}


def test_a_supplier_sees_its_contracts_and_lines_and_no_places(db, browse):
    client = browse("agent1@virgin-media-business")
    supplier = Supplier.objects.get(code="virgin-media-business")
    own = Contract.objects.filter(supplier=supplier).first()
    foreign = Contract.objects.exclude(supplier=supplier).first()
    line = Line.objects.filter(supplier=supplier).exclude(site=None).first()

    assert client.get(f"/contracts/{own.pk}/", follow=True).status_code == 200
    if foreign:
        assert client.get(f"/contracts/{foreign.pk}/").status_code == 404
    assert client.get("/c/all/sites/").status_code == 403
    for page in (f"/sites/{line.site_id}/", f"/bodies/{line.body_id}/"):
        assert client.get(page).status_code == 404
    lines = text_of(client, "/c/all/lines/")
    assert "/lines/" in lines
    assert 'href="/sites/' not in lines  # a link to what does not exist for them
    assert f"/bodies/{Body.objects.first().pk}/" not in lines


def test_lines_link_to_their_page_and_site(db, browse):
    text = text_of(browse("viewer@camden"), "/c/camden/lines/?sort=site")
    line = Line.objects.filter(body__council__slug="camden").exclude(site=None)

    assert 'href="/lines/' in text
    assert any(f'href="/sites/{pk}/"' in text for pk in line.values_list("site", flat=True))


@pytest.mark.parametrize("address", [PROGRAMME, "network@camden"])
def test_pages_keep_the_budget_of_queries(db, browse, address):
    client = browse(address)
    suppliers = ("/suppliers/", "/suppliers/virgin-media-business/", "/suppliers/bt/")

    for page in (*LISTS, *suppliers, *pages_of("camden")):
        assert queries_of(client, page) <= BUDGET, page


# Contacts


def test_a_sites_page_says_whom_to_call_to_those_who_may_see_people(db, browse):
    """DESIGN: a viewer reads their council without contacts."""
    site = Site.objects.filter(body__council__slug="camden").first()
    new.new_contact(site, name="Kay Keys", access_notes="Ring twice.")
    address = f"/sites/{site.pk}/"

    officer = browse("network@camden")
    assert "Kay Keys" in officer.get(address).content.decode()
    rows = officer.get(f"{address}?format=csv&table=contacts")
    assert b"Ring twice." in b"".join(rows.streaming_content)
    viewer = browse("viewer@camden")
    assert "Kay Keys" not in viewer.get(address).content.decode()
    assert viewer.get(f"{address}?format=csv&table=contacts").status_code == 400
    assert browse("network@sutton").get(address).status_code == 404
    assert not Contact.objects.visible_to(person("viewer@camden")).exists()
    assert not Contact.objects.visible_to(person("network@sutton")).exists()


def test_a_site_without_contacts_says_who_can_add_one(db, browse):
    site = Site.objects.filter(body__council__slug="camden").first()

    assert "Nobody to call is recorded here." in (
        browse("network@camden").get(f"/sites/{site.pk}/").content.decode()
    )

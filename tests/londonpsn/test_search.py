"""Search: what is found by which words, in which order, by whom, and with how many queries."""

import re

import pytest
from django.db import connection

from boroughs.models import Body, Council
from londonpsn.home.search import Kind, Match, search
from services.models import Line
from tests import factories as new
from tests.conftest import person
from tests.londonpsn.test_pages import BUDGET, queries_of


@pytest.fixture
def find(db):
    """Return what a person finds: per kind the titles of the hits, best first."""

    def found(words, address="network@camden"):
        groups = search(person(address), words).groups
        return {group.kind: [hit.title for hit in group.hits] for group in groups}

    return found


@pytest.fixture
def camden_council(db):
    return Body.objects.get(council__slug="camden", kind="COUNCIL")


@pytest.fixture
def line(camden_council):
    site = new.new_site(camden_council, code="CMD-ZED1", name="Zed hall", postcode="NW1 9ZZ")
    return new.new_line(
        camden_council,
        site=site,
        reference="Zed 77/ab",
        phone_numbers="020 7946 0510, 020 7946 0511",
        billing_account="QX 4410 22",
    )


@pytest.mark.parametrize(
    "words",
    [
        *("Zed 77/ab", "zed77/AB", " ZED  77 / ab ", "77/a", "02079460510", "020 7946 0511"),
        *("qx441022", "QX 4410", "zed hall", "cmd-zed1", "NW1 9ZZ", "nw19zz"),
    ],
)
def test_a_line_is_found_by_reference_number_account_and_site(find, line, words):
    assert line.reference in find(words)[Kind.LINE]


@pytest.mark.parametrize(
    "words", ["zed hall", "ZED", "CMD-ZED1", "cmd - zed1", "nw1 9zz", "NW19ZZ"]
)
def test_a_site_is_found_by_name_code_and_postcode(find, line, words):
    assert find(words)[Kind.SITE] == ["Zed hall"]


@pytest.mark.parametrize(
    ("words", "kind", "title"),
    [
        ("E09000007", Kind.COUNCIL, "Camden"),
        ("cmd", Kind.COUNCIL, "Camden"),
        ("hackney", Kind.COUNCIL, "Hackney"),
        ("borough of camden", Kind.BODY, "London Borough of Camden"),
        ("cmd / londonpsn", Kind.CONTRACT, "LondonPSN services, Camden"),
        ("LondonPSN services", Kind.CONTRACT, "LondonPSN services, Camden"),
        ("colt", Kind.SUPPLIER, "Colt"),
        ("british telecommunications", Kind.SUPPLIER, "BT"),
    ],
)
def test_councils_bodies_contracts_and_suppliers_are_found(find, words, kind, title):
    assert title in find(words)[kind]


@pytest.mark.parametrize(
    ("words", "kind", "title"),
    [
        ("camdne", Kind.COUNCIL, "Camden"),
        ("libary", Kind.SITE, "Camden library 1"),
        ("CMD-HQ01|w1/ODL", Kind.LINE, "CMD-HQ01|w1/OLD"),
        ("virgin meda", Kind.SUPPLIER, "Virgin Media Business"),
    ],
)
def test_a_slip_of_the_finger_still_leads_there(find, words, kind, title):
    assert title in find(words)[kind]


def test_what_is_written_so_hides_what_is_only_alike(find, camden_council):
    new.new_site(camden_council, name="Libary of errors")

    assert find("libary") == {Kind.SITE: ["Libary of errors"]}


def test_exact_comes_before_the_beginning_and_that_before_a_part(find, camden_council):
    for name in ("Old Quay", "Quay house", "Quay"):
        new.new_site(camden_council, name=name)

    assert find("quay")[Kind.SITE] == ["Quay", "Quay house", "Old Quay"]


def test_the_kind_with_the_best_hit_comes_first(db, line):
    new.new_site(line.body, name="Site of zed 77/ab")

    first, second = search(person("network@camden"), "zed 77/ab").groups

    assert (first.kind, first.hits[0].match) == (Kind.LINE, Match.EXACT)
    assert (second.kind, second.hits[0].match) == (Kind.SITE, Match.PART)


def test_two_characters_are_looked_for_at_the_start_only(find, camden_council):
    for name in ("Xq one", "Hall of xq"):
        new.new_site(camden_council, name=name)

    assert find("xq")[Kind.SITE] == ["Xq one"]
    assert len(find("of xq")[Kind.SITE]) == 1


@pytest.mark.parametrize("words", ["100%", "a_b", "%%", "it's", '"x"', "\\", "€€", "line\u200b 1"])
def test_signs_mean_themselves(find, camden_council, words):
    new.new_site(camden_council, name="Plain")

    assert "Plain" not in find(words.ljust(2, "\\")).get(Kind.SITE, [])


def test_at_most_five_of_a_kind_and_the_number_of_all(db):
    lines = next(
        group
        for group in search(person("network@camden"), "library").groups
        if group.kind == Kind.LINE
    )

    held = Line.objects.filter(body__council__slug="camden", site__name__contains="library")
    assert (len(lines.hits), lines.total) == (5, held.count())


def test_all_lines_leads_to_the_list_of_as_many(db, browse):
    client = browse("network@camden")

    text = client.get("/search/?q=library").content.decode()
    address, words = re.search(r'href="(/c/all/lines/[^"]+)">All (\d+) lines', text).groups()

    assert f"All {words}, of all that you see" in client.get(address).content.decode()


# Who finds what


@pytest.mark.parametrize("account", ["network", "buyer", "approver", "finance", "viewer"])
@pytest.mark.parametrize(
    "words", ["STN-HQ01", "Sutton", "STN/LONDONPSN", "suttno", "STN-HQ01|w1/ODL"]
)
def test_records_of_another_council_are_not_found(db, account, words):
    groups = search(person(f"{account}@camden"), words).groups

    hits = [hit for group in groups for hit in group.hits]
    assert not [hit for hit in hits if hit.council not in ("", "Camden")]
    assert not [hit for hit in hits if hit.title == "Sutton" and hit.key]


def test_the_directory_of_councils_links_only_to_pages_that_open(db, browse):
    own = browse("viewer@camden")

    assert 'href="/c/camden/"' in own.get("/search/?q=camden").content.decode()
    foreign = own.get("/search/?q=sutton").content.decode()
    assert "London Borough of Sutton" in foreign
    assert "/c/sutton/" not in foreign
    everyones = browse("programme@london-grid").get("/search/?q=sutton").content.decode()
    assert 'href="/c/sutton/"' in everyones


def test_supplier_agents_find_lines_and_contracts_that_they_provide(db):
    agent = person("agent1@virgin-media-business")
    bt = Line.objects.filter(supplier__code="bt", body__council__slug="camden").first()
    groups = {group.kind: group for group in search(agent, "cmd").groups}

    provided = Line.objects.filter(supplier__code="virgin-media-business")
    assert groups[Kind.LINE].total == provided.filter(body__council__slug="camden").count()
    assert groups.keys() == {Kind.COUNCIL, Kind.LINE, Kind.CONTRACT}
    assert bt.reference not in [
        hit.title for g in search(agent, bt.reference).groups for hit in g.hits
    ]
    assert not [g for g in search(agent, "British Telecom").groups if g.kind == Kind.SUPPLIER]


def test_a_stranger_is_sent_to_sign_in(client, db):
    assert "/accounts/login/" in client.get("/search/?q=camden").url
    assert client.get("/api/v1/search/?q=camden").status_code == 401


# The page


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20%20"])
def test_an_empty_search_says_what_can_be_searched(db, browse, query):
    text = browse("network@camden").get(f"/search/{query}").content.decode()

    assert "What can be searched" in text
    assert "phone number, billing account" in text


def test_nothing_found_is_said_with_the_words_and_what_to_try(db, browse):
    text = browse("network@camden").get("/search/?q=<zzqq>").content.decode()

    assert "Nothing that you may see is named “&lt;zzqq&gt;”." in text
    assert "Try a shorter part of it" in text


def test_a_guess_is_said_to_be_one(db, browse):
    text = browse("network@camden").get("/search/?q=libary").content.decode()

    assert "Nothing is written “libary”. This is written most like it." in text
    assert "Camden library 1" in text


def test_one_exact_hit_still_shows_the_page_with_it_first(db, browse):
    response = browse("network@camden").get("/search/", {"q": "cmd-hq01|W1/old"})

    text = response.content.decode()
    assert response.status_code == 200
    assert text.index("Lines <span") < text.index("CMD-HQ01|w1/OLD</")
    assert "Ethernet access, 1 Gbit/s, Camden town hall" in text
    assert "1 found." in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("x", "Write at least 2 characters"), ("x" * 101, "Write at most 100 characters")],
)
def test_too_few_and_too_many_characters_are_said(db, browse, words, sentence):
    client = browse("network@camden")

    page = client.get("/search/", {"q": words})
    answer = client.get("/api/v1/search/", {"q": words})

    assert (page.status_code, answer.status_code) == (200, 400)
    assert sentence in page.content.decode()
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/search/", "/api/v1/search/"])
def test_a_character_that_no_text_has_is_400(db, browse, path):
    assert browse("network@camden").get(path, {"q": "a\0b"}).status_code == 400


@pytest.mark.parametrize("words", ["library", "cmd-hq01", "camdne", "zzzz"])
@pytest.mark.parametrize("address", ["programme@london-grid", "network@camden"])
@pytest.mark.parametrize("path", ["/search/", "/api/v1/search/"])
def test_search_keeps_the_budget(db, browse, path, address, words):
    assert queries_of(browse(address), f"{path}?q={words}") <= BUDGET


def test_parts_are_looked_up_in_an_index(db):
    """Small tables are read through; with that forbidden the plan shows what a large one does."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")

    plan = Line.objects.matching("HQ01|w1").explain()

    assert "line_looked_up" in plan
    assert "site_looked_up" in plan


# The API


def test_the_api_gives_the_same_hits_in_the_same_order(db, browse):
    answer = browse("network@camden").get("/api/v1/search/?q=cmd-hq01").json()

    line = Line.objects.get(reference="CMD-HQ01|pstn/NEW")
    assert answer["count"] == 6
    assert [row["kind"] for row in answer["results"]] == ["site", *5 * ["line"]]
    assert answer["results"][0]["match"] == "EXACT"
    assert answer["results"][1] == {
        "kind": "line",
        "id": line.pk,
        "title": "CMD-HQ01|pstn/NEW",
        "words": "Analogue exchange line, Camden town hall or main civic centre",
        "council": "Camden",
        "match": "START",
    }


def test_councils_without_records_stand_in_the_api_too(db, browse):
    rows = browse("viewer@camden").get("/api/v1/search/?q=hackney").json()["results"]

    assert [row["id"] for row in rows] == [Council.objects.get(slug="hackney").pk]


def test_an_item_is_found_by_code_and_name_and_a_quote_by_its_number(find, camden_council):
    quote = new.new_quote(number="Q-ZED-7", council=camden_council.council)

    assert find("WAN-1G")[Kind.ITEM] == ["Ethernet line, 1 Gbit/s"]
    assert "Wireless access point" in find("wireless acc").get(Kind.ITEM, [])
    assert find("q-zed7")[Kind.QUOTE] == [quote.number]
    assert Kind.QUOTE not in find("q-zed7", "network@sutton")

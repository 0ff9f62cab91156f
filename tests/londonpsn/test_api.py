"""The JSON API: shapes of decisions 33, tokens, errors in words, the OpenAPI document."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import URLResolver, get_resolver
from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView

from boroughs.api.authentication import TokenMayWrite
from boroughs.models import ApiToken, Council
from londonpsn.api import router
from londonpsn.common import clock
from services.models import Line
from tests import factories as new
from tests.test_architecture import patterns

ENVELOPE = {"count", "next", "previous", "results"}


@pytest.fixture
def get(db, browse):
    client = browse("programme@london-grid")

    def answer(path, code=200, **query):
        response = client.get(f"/api/v1/{path}", query)
        assert response.status_code == code, response.content
        return response.json()

    return answer


def test_every_view_asks_who_it_is_and_what_their_token_may():
    """Whatever else a view asks: its own permissions come on top."""
    views = [
        (pattern, callback)
        for pattern, callback in callbacks(get_resolver())
        if issubclass(getattr(callback, "cls", object), APIView)
    ]

    assert {callback.cls for _, callback in views} > {one for _, one, _ in router.registry}
    for pattern, callback in views:
        asked = {type(one) for one in callback.cls(**callback.initkwargs).get_permissions()}
        assert asked >= {IsAuthenticated, TokenMayWrite}, pattern


def callbacks(resolver, before: str = ""):
    """Yield every pattern of the portal with what answers it."""
    for entry in resolver.url_patterns:
        path = f"{before}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from callbacks(entry, path)
        else:
            yield path, entry.callback


@pytest.mark.parametrize(
    "route",
    [
        *("councils", "bodies", "sites", "connections", "lines", "suppliers", "contracts", "jobs"),
        *("migration", "savings", "payments/summary", "frameworks", "legal-rules"),
    ],
)
def test_every_list_has_the_envelope_and_pages(get, route):
    first = get(f"{route}/", limit=1)

    assert first.keys() == ENVELOPE
    assert len(first["results"]) == min(1, first["count"])
    if first["count"] > 1:
        second = get(f"{route}/", limit=1, offset=1)
        assert second["results"] != first["results"]
        assert "offset=1" in first["next"]


def test_a_page_has_100_rows_unless_asked(get):
    assert len(get("lines/")["results"]) == 100


def test_a_line_says_what_it_is(get):
    line = Line.objects.get(reference="CMD-HQ01|w1/NEW")

    answer = get(f"lines/{line.pk}/")

    assert answer | {"id": 0, "body": 0, "connection": 0, "contract": 0} == {
        "id": 0,
        "council": "CMD",
        "body": 0,
        "body_kind": "COUNCIL",
        "site": "CMD-HQ01",
        "connection": 0,
        "service_type": "WAN-ETH-1G",
        "generation": "PSN",
        "supplier": "Virgin Media Business",
        "contract": 0,
        "reference": "CMD-HQ01|w1/NEW",
        "description": "",
        "quantity": 1,
        "stage": None,
        "monthly": "590.00",
        "starts_on": "2013-07-01",
        "ends_on": None,
        "billed_from": "2013-07-01",
        "billed_until": None,
        "reviewed_on": None,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"reference": "cmd-hq01 |W1"}, {"CMD-HQ01|w1/OLD", "CMD-HQ01|w1/NEW"}),
        ({"council": "CMD", "service_type": "DNS"}, {"CMD|DNS/OLD", "CMD|DNS/NEW"}),
        (
            {"council": "CMD", "service_type": "DNS", "generation": "LEGACY", "stage": "CLOSED"},
            {"CMD|DNS/OLD"},
        ),
        ({"council": "CMD", "service_type": "DNS", "stage": "BUILD"}, set()),
    ],
)
def test_lines_are_filtered(get, query, expected):
    assert {row["reference"] for row in get("lines/", **query)["results"]} == expected


def test_monthly_is_what_is_billed_on_the_day_rounded_half_away_from_zero(get):
    council = new.new_council()
    body = new.new_body(council)
    priced = {"billed_from": "2014-06-30", "billed_until": "2014-07-01"}
    for fields in (priced, {"billed_from": "2014-07-01"}, {"billed_until": "2014-06-30"}):
        new.new_charge(new.new_line(body, **fields), amount="10.005")

    rows = get("lines/", council=council.register_code)["results"]

    assert [row["monthly"] for row in rows] == ["10.01", None, None]


def test_a_line_that_never_moved_is_found_where_a_programme_moves_it_on(get):
    council = new.new_council()
    body, kind = new.new_body(council, kind="COUNCIL"), new.new_service_type()
    programme = new.new_programme([kind])
    new.new_line(body, service_type=kind)
    new.new_line(body, service_type=kind, generation=programme.generation)
    new.new_line(new.new_body(council, kind="SCHOOL"), service_type=kind)

    rows = get("lines/", council=council.register_code)["results"]
    found = get("lines/", council=council.register_code, stage="IDENTIFIED")["results"]

    assert [row["stage"] for row in rows] == ["IDENTIFIED", None, None]
    assert found == rows[:1]


def test_migration_has_one_row_a_council(get):
    rows = get("migration/")["results"]

    assert len(rows) == 33
    camden = next(row for row in rows if row["council"] == "CMD")
    assert camden.pop("computed_at") is not None
    assert camden == {
        "council": "CMD",
        "programme": "PSN-NETWORK",
        "status": "FULLY_MIGRATED",
        "reasons": [
            {"code": "ALL_CLOSED", "text": "All closed, two clean billing months", "count": 18}
        ],
        "connected_percent": "100.0",
        "ceased_percent": "100.0",
        "retired_percent": "100.0",
        "shares_saving": True,
        "saving_percent": "28.3",
        "lines_in_scope": 18,
    }
    hackney = next(row for row in rows if row["council"] == "HCK")
    assert (hackney["status"], hackney["ceased_percent"]) == ("NO_DATA", None)


def test_migration_as_at_a_past_day_and_by_programme(get):
    before = get("migration/", as_at="2013-07-31", council="STN")["results"][0]
    services = get("migration/", programme="services", council="STN")["results"][0]

    assert (before["status"], before["connected_percent"]) == ("IN_PROGRESS", "0.0")
    assert services["programme"] == "SERVICES"


@pytest.mark.parametrize(
    ("path", "query", "code", "sentence"),
    [
        ("migration/", {"as_at": "2014-07-01"}, 400, "has not come yet"),
        ("migration/", {"as_at": "30/06/2014"}, 400, "for example 2014-06-30"),
        ("migration/", {"programme": "MOON"}, 404, "There is no programme “MOON”"),
        ("savings/", {"group_by": "moon"}, 400, "month, financial_year, council"),
        ("savings/", {"from": "2013"}, 400, "for example 2013-04"),
        ("savings/", {"from": "2014-04", "to": "2013-04"}, 400, "Swap them"),
        ("savings/", {"body_kind": "CLUB"}, 400, "COUNCIL, SCHOOL, OTHER"),
        ("lines/", {"stage": "MOON"}, 400, "MOON"),
        ("payments/summary/", {"to": "x"}, 400, "for example 2013-04"),
        ("payments/summary/", {"series": "GIFTS"}, 400, "SUPPLIER_PAYMENTS, PURCHASING_CARDS"),
        ("savings/", {"from": "9999-01", "to": "9999-12"}, 400, "1990 to 2099"),
        ("migration/", {"as_at": "0001-01-01"}, 400, "1990 to 2099"),
        ("migration/", {"council": "XXX"}, 404, "There is no council “XXX”"),
        ("lines/", {"council": "a\0b"}, 400, "a character that no text has"),
        ("moon/", {}, 404, "There is no such page"),
    ],
)
def test_what_cannot_be_read_is_answered_in_a_sentence(get, path, query, code, sentence):
    assert sentence in str(get(path, code, **query))


def test_savings_by_financial_year(get):
    """Decisions 33: period or key, two-decimal strings, coverage of money and of lines."""
    rows = get("savings/", council="CMD", body_kind="COUNCIL")["results"]

    assert rows[1] == {
        "period": "2014-15",
        "baseline": "996296.52",
        "legacy": "278604.29",
        "new": "396394.00",
        "one_off": "19255.00",
        "net": "302043.23",
        "coverage_amount_percent": "100.0",
        "coverage_lines_percent": "100.0",
    }


def test_savings_return_every_month_asked_both_ends_included(get):
    query = {"group_by": "month", "from": "2013-03", "to": "2018-05"}

    rows = get("savings/", **query)["results"]

    assert (len(rows), rows[0]["period"], rows[-1]["period"]) == (63, "2013-03", "2018-05")
    assert rows[0]["baseline"] == rows[-1]["net"] == "0.00"
    assert rows[1]["baseline"] == "254994.98"


@pytest.mark.parametrize(
    ("group_by", "keys"),
    [
        ("council", ["CMD", "KTT", "STN"]),
        ("body_kind", ["COUNCIL", "SCHOOL"]),
        ("service_type", None),
    ],
)
def test_savings_by_key_add_up_to_the_same(get, group_by, keys):
    rows = get("savings/", group_by=group_by)["results"]

    assert keys is None or [row["key"] for row in rows] == keys
    assert round(sum(float(row["net"]) for row in rows), 2) == 5433928.82


def test_payments_are_summed_by_published_name_and_month(get):
    lambeth = Council.objects.get(register_code="LBH")
    alias = new.new_supplier_alias("Acme Telecom")
    for amount in ("10.00", "2.50"):
        new.new_payment(lambeth, alias=alias, amount=amount)

    answer = get("payments/summary/", council="LBH", **{"from": "2013-04", "to": "2013-04"})

    assert answer["results"] == [
        {
            "supplier": alias.supplier.name,
            "name": "Acme Telecom",
            "month": "2013-04",
            "amount": "12.50",
            "rows": 2,
        }
    ]
    assert get("payments/summary/", to="2013-03")["count"] == 0


def test_payments_of_two_series_are_never_added_up(get):
    lambeth = Council.objects.get(register_code="LBH")
    alias = new.new_supplier_alias("Acme Telecom")
    for series, amount in (("SUPPLIER_PAYMENTS", "10.00"), ("PURCHASING_CARDS", "3.00")):
        new.new_payment(lambeth, alias=alias, amount=amount, series=series)

    def amounts(**query):
        return [row["amount"] for row in get("payments/summary/", **query)["results"]]

    assert amounts() == ["10.00"]
    assert amounts(series="PURCHASING_CARDS") == ["3.00"]


def test_suppliers_of_a_council_are_those_that_provide_its_lines(get):
    everywhere = {row["name"] for row in get("suppliers/")["results"]}
    camden = {row["name"] for row in get("suppliers/", council="CMD")["results"]}
    held = Line.objects.filter(body__council__register_code="CMD")

    assert camden == set(held.values_list("supplier__name", flat=True)) < everywhere


def test_what_breaks_in_the_api_is_answered_in_json(browse, db, monkeypatch):
    client = browse("programme@london-grid")
    client.raise_request_exception = False
    monkeypatch.setattr("procurement.api.views.find_programme", lambda code: 1 / 0)

    response = client.get("/api/v1/migration/")

    assert response.status_code == 500
    assert "Nothing was saved" in response.json()["detail"]


# Tokens


def with_token(client, secret):
    return client.get("/api/v1/councils/", headers={"Authorization": f"Token {secret}"})


def make_token(capsys) -> str:
    call_command("create_token", "buyer@camden.demo.example")
    return capsys.readouterr().out.strip()


def test_a_token_opens_the_api_and_its_use_is_noted(client, db, capsys):
    secret = make_token(capsys)

    assert with_token(client, secret).status_code == 200
    token = ApiToken.objects.get()
    assert token.last_used_at is not None
    assert secret not in (token.digest, token.name)


@pytest.mark.parametrize("spoilt", ["revoked", "expired", "inactive", "another"])
def test_a_token_that_is_not_in_force_is_401(client, db, capsys, spoilt):
    secret = make_token(capsys)
    now = clock.now()
    tokens = ApiToken.objects.all()
    if spoilt == "revoked":
        tokens.update(revoked_at=now)
    elif spoilt == "expired":
        tokens.update(created_at=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    elif spoilt == "inactive":
        user = tokens.get().user
        user.is_active = False
        user.save()
    else:
        secret += "x"

    response = with_token(client, secret)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Token"


def test_nobody_gets_a_token_for_an_address_that_is_not_there(db):
    with pytest.raises(CommandError, match="Nobody who may sign in"):
        call_command("create_token", "nobody@nowhere.example")


def test_the_api_is_read_only(get, browse):
    client = browse("programme@london-grid")

    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)("/api/v1/lines/").status_code == 405


# The document


def test_the_openapi_document_names_every_route(db, browse):
    client = browse("viewer@camden")
    answer = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    documented = set(answer.json()["paths"])

    routes = {
        "/" + re.sub(r"\(\?P<(\w+)>[^)]+\)", r"{\1}", route).replace("^", "").replace("$", "")
        for route, name in patterns()
        if route.startswith("api/v1/")
    }
    documented = {re.sub(r"{\w+}", "{pk}", path) for path in documented}
    assert routes - documented == set()
    assert client.get("/api/docs/").status_code == 200


def test_the_document_is_made_without_a_warning(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")

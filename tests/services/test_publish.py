"""What a council publishes of its contracts (regulation 6.5), and what it answers when asked."""

import csv
import hashlib
import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import InternalError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boroughs.models import AuditEvent, Body, Council
from londonpsn.common.errors import Refused
from londonpsn.common.periods import quarter_of
from services.actions.publish import keep_register_facts, publish_register
from services.models import Contract, LegalRule, RegisterEdition
from services.queries.register import publish_threshold, register_entries, register_sums
from services.register import COLUMNS, Entry, as_file
from tests import factories as new
from tests.conftest import person, sign_in
from tests.factories import AT, TODAY, member
from tests.londonpsn.test_pages import BUDGET, queries_of

WINTER = quarter_of(date(2014, 2, 1))  # January to March 2014, the last that is over
LINK = "https://www.hackney.example/contracts.csv"
PROGRAMME = "programme@london-grid"


@pytest.fixture
def hackney(db):
    return Council.objects.get(slug="hackney")


@pytest.fixture
def body(hackney):
    return Body.objects.get(council=hackney, kind="COUNCIL")


def whole(council, **fields) -> Contract:
    """A contract of which nothing is missing."""
    if "supplier" not in fields:
        fields["supplier"] = new.new_supplier(name="Acme Lines", is_sme=True, is_vcse=False)
    facts = {
        "reference": "HCK/1",
        "title": "Lines",
        "organisational_unit": "Corporate resources",
        "description": "Lines,\nand what they hang on",
        "starts_on": date(2013, 4, 1),
        "ends_on": date(2018, 4, 1),
        "review_on": date(2017, 4, 1),
        "value": Decimal(25123),
        "irrecoverable_vat": Decimal(0),
        "route": "FURTHER_COMPETITION",
    }
    return new.new_contract(council, **facts | fields)


def entries(council, quarter=WINTER) -> list[Entry]:
    found = register_entries(
        Contract.objects.of_council(council), quarter, publish_threshold(quarter)
    )
    return found.get(council.pk, [])


def listed(council, quarter=WINTER) -> list[str]:
    return [entry.reference for entry in entries(council, quarter)]


def publish(council, by=None, **changed):
    asked = {"quarter": WINTER, "published_on": date(2014, 4, 28), "link": LINK, "today": TODAY}
    return publish_register(
        council_id=council.pk, by=by or member(council, "BUYER"), at=AT, **asked | changed
    )


def said(day: str, link: str = LINK) -> dict[str, str]:
    """What the form that marks a register as published sends."""
    boxes = {f"published_on_{number}": part for number, part in enumerate(day.split())}
    return boxes | {"link": link}


# The file


def test_the_file_is_exactly_what_the_code_wants(hackney):
    whole(hackney)

    assert as_file(entries(hackney)).decode().splitlines() == [
        "ContractReference,ContractTitle,OrganisationalUnit,Description,StartDate,EndDate,"
        "ReviewDate,ContractValue,IrrecoverableVAT,SupplierName,CharityCommissionNumber,"
        "SMESupplier,VCSESupplier,ProcessType",
        'HCK/1,Lines,Corporate resources,"Lines, and what they hang on",01/04/2013,31/03/2018,'
        "01/04/2017,25123.00,0.00,Acme Lines,,true,false,Invitation to quote",
    ]


def test_the_columns_are_the_required_ones_of_the_schema_in_its_order(shared):
    path = shared / "data" / "real-inputs" / "transparency-code-fields.csv"
    with path.open(encoding="utf-8", newline="") as file:
        required = [
            row
            for row in csv.DictReader(file)
            if row["schema"] == "contracts" and row["required"] == "yes"
        ]

    assert list(COLUMNS) == [row["field_name"] for row in required]
    (process_type,) = (row for row in required if row["field_name"] == "ProcessType")
    assert "Invitation to quote" in process_type["pattern"].strip("()").split("|")


@pytest.mark.parametrize("words", ["=1+1", "+44", "-x", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula_and_the_rows_keep_their_columns(hackney, words):
    whole(hackney, title=words)

    (row,) = csv.DictReader(io.StringIO(as_file(entries(hackney)).decode()))

    assert row["ContractTitle"] == f"'{words.strip()}"
    assert row["ContractValue"] == "25123.00"
    assert list(row) == list(COLUMNS)


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({}, []),
        ({"route": "DIRECT_AWARD"}, []),  # the Code has no word for it
        ({"route": ""}, ["ProcessType"]),
        ({"value": None, "review_on": None}, ["ReviewDate", "ContractValue"]),
        ({"organisational_unit": "  ", "ends_on": None}, ["OrganisationalUnit", "EndDate"]),
    ],
)
def test_what_is_missing_is_named_by_row(hackney, changed, missing):
    whole(hackney, **changed)

    (entry,) = entries(hackney)

    assert entry.missing == missing


def test_a_charity_needs_its_number_and_others_need_none(hackney):
    charity = new.new_supplier(is_sme=True, is_vcse=True)
    whole(hackney, supplier=charity)

    assert entries(hackney)[0].missing == ["CharityCommissionNumber"]
    charity.charity_number = "1234567"
    charity.save()
    assert entries(hackney)[0].missing == []


def test_whether_a_supplier_is_small_is_missing_until_it_is_known(hackney):
    whole(hackney, supplier=new.new_supplier())

    assert entries(hackney)[0].missing == ["SMESupplier", "VCSESupplier"]


# Which contracts


@pytest.mark.parametrize(
    ("fields", "is_listed"),
    [
        ({"starts_on": date(2014, 3, 31)}, True),
        ({"starts_on": date(2014, 4, 1)}, False),
        ({"starts_on": date(2014, 5, 1), "signed_on": date(2014, 3, 31)}, True),
        ({"ends_on": date(2014, 1, 2)}, True),  # its last day is 1 January
        ({"ends_on": date(2014, 1, 1)}, False),
        ({"ends_on": date(2014, 1, 1), "renewal": "ROLLS_ON", "roll_on_months": 3}, True),
        ({"starts_on": None, "ends_on": None}, True),
    ],
)
def test_contracts_in_force_or_awarded_in_the_quarter_are_listed(hackney, fields, is_listed):
    whole(hackney, **fields)

    assert bool(listed(hackney)) == is_listed


def test_drafts_are_not_listed(hackney):
    whole(hackney, kind="CALL_OFF", stage="DRAFT")

    assert listed(hackney) == []


def test_above_the_threshold_of_the_day_and_where_the_value_is_not_known(hackney):
    new.new_legal_rule(value=5000, ends_on=date(2015, 4, 1))
    for number, value in enumerate(("5000", "5000.01", None)):
        whole(
            hackney,
            reference=f"HCK/{number}",
            value=value and Decimal(value),
            supplier=new.new_supplier(),
        )

    assert listed(hackney) == ["HCK/1", "HCK/2"]


def test_without_a_threshold_for_the_day_all_are_listed_and_the_page_says_so(hackney, browse):
    whole(hackney, value=1)

    assert publish_threshold(WINTER) is None
    assert listed(hackney) == ["HCK/1"]
    text = browse(PROGRAMME).get("/c/hackney/publish/").content.decode()
    assert "is not held for this quarter, so all are listed" in text


def test_the_code_of_2015_is_held_as_not_checked(db):
    rule = publish_threshold(quarter_of(date(2015, 5, 1)))

    assert (rule.value, rule.is_verified) == (Decimal(5000), False)
    assert not LegalRule.objects.filter(kind="PUBLISH", is_verified=True).exists()


# The page


def test_the_page_counts_rows_and_what_is_missing_with_those_on_top(hackney, browse):
    whole(hackney)
    bare = new.new_contract(hackney, reference="HCK/2", title="Bare")

    text = browse(PROGRAMME).get("/c/hackney/publish/").content.decode()

    assert "2 rows, 1 with something missing." in text
    assert text.index("HCK/2") < text.index("HCK/1")
    assert f'href="/contracts/{bare.pk}/"' in text
    assert "January 2014 to 31 March 2014" in text


def test_the_file_is_downloaded_byte_for_byte_and_that_is_in_the_trail(hackney, browse):
    whole(hackney)

    answer = browse(PROGRAMME).get("/c/hackney/publish/contracts.csv?quarter=2014-01")

    assert answer.content == as_file(entries(hackney))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "contracts-hackney-2014-01.csv" in answer["Content-Disposition"]
    event = AuditEvent.objects.get(type="LIST_DOWNLOADED")
    assert (event.council_id, event.after["list"]) == (hackney.pk, "contracts-register")


def test_the_buyer_marks_it_as_published_and_it_is_shown_with_day_and_link(db, browse):
    client = browse("buyer@camden")
    address = "/c/camden/publish/?quarter=2014-01"

    answer = client.post(address, said("28 4 2014"), follow=True)

    text = answer.content.decode()
    assert "Published on 28 April 2014" in text
    assert f'<a href="{LINK}">' in text
    assert "The rows are the same as then." in text
    assert "Mark as published" not in text


def test_rows_that_have_changed_since_are_said_to_have(hackney, browse):
    contract = whole(hackney)
    publish(hackney)
    Contract.objects.filter(pk=contract.pk).update(title="Other lines")
    client = browse(PROGRAMME)

    assert "The rows have changed since." in client.get("/c/hackney/publish/").content.decode()
    buyer = sign_in(Client(), member(hackney, "BUYER"))
    assert "Mark as published" in buyer.get("/c/hackney/publish/").content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (said("x y z"), "This is no day."),
        (said("28 4 2014", "x y"), "This is no address."),
        (said("1 7 2014"), "not in the future"),
        ({}, "Say on which day it was published."),
    ],
)
def test_a_form_that_does_not_fit_is_answered_in_words(db, browse, fields, words):
    answer = browse("buyer@camden").post("/c/camden/publish/", {"x": "1"} | fields)

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not RegisterEdition.objects.exists()


@pytest.mark.parametrize("quarter", ["2014-02", "2014", "x"])
def test_a_quarter_that_is_none_is_400(db, browse, quarter):
    answer = browse(PROGRAMME).get("/c/camden/publish/", {"quarter": quarter})

    assert answer.status_code == 400


# Filling in


def test_a_buyer_fills_in_what_the_register_wants_of_an_old_contract(hackney, body):
    contract = new.new_contract(hackney, reference="HCK/OLD", ends_on=date(2015, 4, 1))
    buyer = member(hackney, "BUYER")
    client, page = sign_in(Client(), buyer), f"/contracts/{contract.pk}/register/"
    asked = client.get(page).content.decode()
    assert "still wants: directorate or service responsible, description, start" in asked
    said = {"organisational_unit": "Libraries", "description": "Lines of libraries"}
    for name, day in {"starts_on": "1 4 2012", "review_on": "1 4 2014"}.items():
        said |= {f"{name}_{number}": part for number, part in enumerate(day.split())}
    said |= {"value": "£9,000", "route": "DIRECT_AWARD", "irrecoverable_vat": "0"}

    client.post(page, said)

    (entry,) = entries(hackney)
    assert (entry.value, entry.starts_on) == (Decimal(9000), date(2012, 4, 1))
    assert set(entry.missing) <= {"SMESupplier", "VCSESupplier"}
    event = AuditEvent.objects.get(type="REGISTER_COMPLETED")
    assert (event.council_id, event.user_id) == (hackney.pk, buyer.pk)
    assert event.after["description"] == "given"
    assert sign_in(Client(), member(hackney, "FINANCE")).get(page).status_code == 403


@pytest.mark.parametrize("name", ["value", "irrecoverable_vat"])
def test_pounds_below_nothing_are_refused_from_programs_too(hackney, name):
    contract, buyer = new.new_contract(hackney), member(hackney, "BUYER")
    address = f"/api/v1/contracts/{contract.pk}/register-facts/"
    how = {"content_type": "application/json", "headers": {"Idempotency-Key": "one"}}

    answer = sign_in(Client(), buyer).post(address, {name: "-1.00"}, **how)

    assert answer.status_code == 400
    assert "below nothing" in answer.json()["detail"]


def test_what_a_call_off_was_awarded_with_is_not_changed_for_the_register(hackney):
    call_off = new.new_call_off(hackney)

    with pytest.raises(Refused, match="a call-off was awarded with it"):
        keep_register_facts(
            contract_id=call_off.pk, facts={"value": Decimal(1)}, by=member(hackney, "BUYER"), at=AT
        )


BLANKS, YES = st.sampled_from(["", " ", "x"]), st.sampled_from([None, True, False])
DAYS = st.sampled_from([None, date(2013, 12, 1), date(2014, 1, 1), date(2014, 3, 1)])
POUNDS = st.sampled_from([None, Decimal(0), Decimal(5000), Decimal(9000)])
DRAWN = st.fixed_dictionaries(
    {
        **dict.fromkeys(("organisational_unit", "description"), BLANKS),
        **dict.fromkeys(("ends_on", "review_on"), DAYS),
        **dict.fromkeys(("value", "irrecoverable_vat"), POUNDS),
        "renewal": st.sampled_from(["", "ROLLS_ON", "ENDS"]),
        "notice_days": st.sampled_from([None, 30]),
        "route": st.sampled_from(["", "DIRECT_AWARD"]),
    }
)


@given(st.lists(st.tuples(DRAWN, YES, YES, BLANKS, st.booleans()), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_sums_of_all_councils_are_those_of_their_rows(hackney, drawn):
    """A property: what SQL counts is what the rows themselves come to."""
    with transaction.atomic():
        for number, (facts, is_sme, is_vcse, charity, is_extended) in enumerate(drawn):
            of_it = {"is_sme": is_sme, "is_vcse": is_vcse, "charity_number": charity}
            supplier = new.new_supplier(**of_it)
            facts |= {"reference": f"R{number}", "supplier": supplier, "roll_on_months": 1}
            contract = new.new_contract(hackney, **facts)
            if is_extended:
                taken = {"taken_on": date(2013, 11, 1), "months": 2}
                new.new_contract_extension(contract=contract, **taken)
        rows = entries(hackney)

        sums = register_sums(
            Contract.objects.of_council(hackney), WINTER, publish_threshold(WINTER)
        )

        lacking = sum(bool(row.missing) for row in rows)
        assert sums.get(hackney.pk, (0, 0)) == (len(rows), lacking)
        transaction.set_rollback(True)


# Marking


def test_marking_keeps_the_digest_of_the_file_and_stands_in_the_trail(hackney):
    whole(hackney)

    edition = publish(hackney)

    digest = hashlib.sha256(as_file(entries(hackney))).hexdigest()
    assert (edition.rows, edition.sha256, edition.quarter) == (1, digest, date(2014, 1, 1))
    event = AuditEvent.objects.get(type="REGISTER_PUBLISHED")
    assert (event.council_id, event.role) == (hackney.pk, "BUYER")
    assert event.after["link"] == LINK
    assert event.after["sha256"] == digest


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quarter": quarter_of(TODAY)}, "not over yet"),
        ({"published_on": date(2014, 3, 31)}, "after the quarter"),
        ({"published_on": date(2014, 7, 1)}, "not in the future"),
    ],
)
def test_marking_is_refused_where_the_days_do_not_fit(hackney, changed, words):
    with pytest.raises(Refused, match=words):
        publish(hackney, **changed)

    assert not RegisterEdition.objects.exists()
    assert not AuditEvent.objects.filter(type="REGISTER_PUBLISHED").exists()


def test_a_quarter_is_marked_again_only_when_its_rows_have_changed(hackney, browse):
    """Regulation 6.5: editions are retained, the corrected ones beside the first."""
    contract = whole(hackney)
    first = publish(hackney)
    with pytest.raises(Refused, match="the same as then"):
        publish(hackney)
    keep_register_facts(
        contract_id=contract.pk, facts={"description": "Other"}, by=member(hackney, "BUYER"), at=AT
    )

    second = publish(hackney)

    assert [edition.version for edition in (first, second)] == [1, 2]
    client = sign_in(Client(), member(hackney, "VIEWER"))
    page = f"/c/{hackney.slug}/publish/contracts.csv?quarter=2014-01&version="
    files = [client.get(f"{page}{version}").content for version in (1, 2)]
    assert files == [bytes(first.file), bytes(second.file)]
    assert [hashlib.sha256(file).hexdigest() for file in files] == [first.sha256, second.sha256]
    assert client.get(f"{page}3").status_code == 404
    with pytest.raises(InternalError), transaction.atomic():
        RegisterEdition.objects.filter(pk=first.pk).delete()


@pytest.mark.parametrize("role", ["NETWORK_OFFICER", "APPROVER", "FINANCE", "VIEWER", "AUDITOR"])
def test_only_the_buyer_marks_it(hackney, role):
    with pytest.raises(PermissionDenied, match="You need the right to publish the register"):
        publish(hackney, by=member(hackney, role))

    assert not RegisterEdition.objects.exists()


def test_others_read_it_without_the_form_and_are_refused_in_words(db, browse):
    client = browse("network@camden")

    page = client.get("/c/camden/publish/").content.decode()
    refused = client.post("/c/camden/publish/", said("28 4 2014"))

    assert "The council’s buyer marks it as published." in page
    assert "Mark it as published" not in page
    assert refused.status_code == 403
    assert "You need the right to publish the register of contracts" in refused.content.decode()


# Who sees it


@pytest.mark.parametrize("page", ["publish/", "publish/contracts.csv", "foi/"])
def test_another_councils_register_and_answer_are_404(db, browse, page):
    client = browse("buyer@camden")

    assert client.get(f"/c/camden/{page}").status_code == 200
    for slug in ("sutton", "nowhere"):
        assert client.get(f"/c/{slug}/{page}").status_code == 404
    assert client.post(f"/c/sutton/{page}", {"link": LINK}).status_code in (404, 405)


@pytest.mark.parametrize("page", ["publish/", "publish/contracts.csv", "foi/"])
def test_suppliers_have_neither(db, browse, page):
    client = browse("agent1@virgin-media-business")

    assert client.get(f"/c/camden/{page}").status_code in (403, 404)


def test_all_councils_stand_in_one_list_by_as_many_queries(hackney, browse):
    client = browse(PROGRAMME)
    before = queries_of(client, "/c/all/publish/")
    for number in range(20):
        whole(hackney, reference=f"H/{number}", supplier=new.new_supplier())
    publish(hackney)

    assert queries_of(client, "/c/all/publish/") == before <= BUDGET
    text = client.get("/c/all/publish/").content.decode()
    assert text.count('scope="row"') == 33
    ours = browse("buyer@camden").get("/c/all/publish/").content.decode()
    assert ours.count('scope="row"') == 1


# The answer to a request for information


def answered(client) -> list[list[str]]:
    response = client.get("/c/hackney/foi/?format=csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def test_the_answer_has_what_may_be_told_and_nothing_else(hackney, body, browse):
    supplier = new.new_supplier(name="Acme Lines")
    contract = whole(hackney, supplier=supplier, ends_on=date(2016, 4, 1))
    kind = new.new_service_type(name="Hosted voice")
    site = new.new_site(body, name="Secret hall", code="HCK-SECRET")
    for _ in range(2):
        line = new.new_line(
            body, contract=contract, supplier=supplier, service_type=kind, site=site
        )
        new.new_charge(line, amount=Decimal("10.50"))
    client = browse(PROGRAMME)

    assert answered(client) == [
        ["supplier", "contract_end", "term", "service", "lines", "yearly_spend"],
        ["Acme Lines", "2016-04-01", "36", "Hosted voice", "2", "252.0000"],
    ]
    page = client.get("/c/hackney/foi/").content.decode()
    for secret in ("Secret hall", "HCK-SECRET", line.reference, contract.reference):
        assert secret not in page
    assert "A person decides on release" in page


def test_what_is_not_known_is_not_answered_as_nothing(hackney, body, browse):
    line = new.new_line(body)

    _, row = answered(browse(PROGRAMME))

    assert row == [line.supplier.name, "", "", "A service", "1", ""]


def test_lines_of_schools_and_lines_that_ended_are_left_out(hackney, body, browse):
    new.new_line(new.new_body(hackney, kind="SCHOOL"))
    new.new_line(body, ends_on=TODAY)

    assert len(answered(browse(PROGRAMME))) == 1


def test_whoever_sees_the_records_sees_the_answer(db, browse):
    assert browse("viewer@camden").get("/c/camden/foi/").status_code == 200
    assert person("viewer@camden").access.council_ids

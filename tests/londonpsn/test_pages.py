"""The pages of this portal: what they say, to whom, and with how many queries."""

import re
from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import boroughs.reference
from boroughs.models import AuditEvent, Council, JobRun, Membership, Supplier, SupplierAlias, User
from services.models import Line, MigrationStatus
from tests import factories as new
from tests.conftest import PASSWORD
from tests.factories import AT, TODAY

BUDGET = 12
PAGES = (
    "/london/psn-network/",
    "/c/camden/",
    "/c/camden/lines/",
    "/c/camden/lines/?q=HQ01&stage=CLOSED&page=1",
    "/c/all/lines/",
    "/c/camden/savings/",
    "/c/camden/savings/?by=month",
    "/c/all/savings/",
    "/jobs/",
    "/c/camden/sites/",
    "/c/all/sites/",
    "/c/camden/contracts/",
    "/c/all/contracts/",
    "/c/camden/expiring/",
    "/c/all/expiring/",
    "/c/camden/publish/",
    "/c/all/publish/",
    "/c/camden/foi/",
    "/frameworks/",
    "/frameworks/PSN-SERVICES/",
    "/suppliers/",
    "/suppliers/virgin-media-business/",
)


def queries_of(client: Client, page: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("address", ["programme@london-grid", "network@camden"])
def test_at_most_twelve_queries(db, browse, address, page):
    assert queries_of(browse(address), page) <= BUDGET


@pytest.mark.parametrize("page", ["/api/v1/lines/", "/api/v1/migration/", "/api/v1/savings/"])
def test_lists_of_the_api_keep_the_budget(db, browse, page):
    assert queries_of(browse("programme@london-grid"), page) <= BUDGET


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_its_figures_are_synthetic(db, browse, page):
    text = browse("programme@london-grid").get(page).content.decode()

    assert "Synthetic data." in text
    assert "The portal’s day is <b>30 June 2014</b>" in text
    assert len(re.findall("<h1", text)) == 1


def test_a_portal_without_demo_data_does_not_say_so(db, browse):
    JobRun.objects.filter(kind="DEMO_DATA").update(note="none")

    text = browse("programme@london-grid").get("/london/psn-network/").content.decode()

    assert "Synthetic data." not in text


# Signing in and out


def test_signing_in_by_mail_address_in_any_case_leads_to_ones_own_start(client, db):
    details = {"login": "Buyer@Camden.demo.example", "password": PASSWORD}

    response = client.post("/accounts/login/", details, follow=True)

    assert response.redirect_chain[-1][0] == "/my-work/"
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/c/camden/").status_code == 302


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(client, db):
    def words(address):
        details = {"login": address, "password": "wrong"}
        text = client.post("/accounts/login/", details).content.decode()
        return re.findall(r'govuk-error-summary__list">(.*?)</ul>', text, re.DOTALL)

    known, unknown = words("buyer@camden.demo.example"), words("nobody@camden.demo.example")

    assert known == unknown
    assert "is not right" in known[0]


@pytest.mark.parametrize(
    ("address", "start"),
    [
        ("network@sutton", "/my-work/"),
        ("finance@camden", "/my-work/"),
        ("programme@london-grid", "/london/"),
        ("viewer@london-grid", "/london/"),
        ("agent1@virgin-media-business", "/c/all/lines/"),
    ],
)
def test_home_is_the_page_that_people_start_from(db, browse, address, start):
    assert browse(address).get("/").url == start


# London


def test_london_says_how_many_are_connected_and_what_is_paid_twice(db, browse):
    text = browse("programme@london-grid").get("/london/psn-network/").content.decode()

    assert "3 of 33 connected, 3 of 33 fully migrated." in text
    assert "No old line is paid beside a new one." in text
    assert text.count('class="tile ') == 33


def test_london_shows_the_worst_first(db, browse):
    status = MigrationStatus.objects.get(council__slug="sutton", programme__code="PSN-NETWORK")
    MigrationStatus.objects.filter(pk=status.pk).update(status="REGRESSED")

    text = browse("programme@london-grid").get("/london/psn-network/").content.decode()

    rows = re.findall(r'<tr class="govuk-table__row" role="row" id="([\w-]+)"', text)
    assert (rows[0], len(rows)) == ("sutton", 33)
    assert "Slipped back" in text


def test_another_programme_has_a_page_of_its_own_and_an_unknown_one_none(db, browse):
    client = browse("programme@london-grid")

    assert "Other services" in client.get("/london/services/").content.decode()
    assert client.get("/london/moon/").status_code == 404


def test_old_figures_are_shown_with_their_time_while_newer_facts_wait(db, browse):
    council = Council.objects.get(slug="camden")
    new.new_job_run(council=council, kind="MIGRATION_STATUS", requested_at=AT)

    text = browse("network@camden").get("/c/camden/").content.decode()

    assert "being worked out again since 30 June 2014, 07:10" in text
    assert "Fully migrated" in text


def test_a_failed_job_is_said_beside_the_figures(db, browse):
    council = Council.objects.get(slug="camden")
    JobRun.objects.filter(council=council).update(finished_at=AT, started_at=AT)
    later = AT.replace(day=30, hour=9)
    fields = {"started_at": AT, "finished_at": later, "error": "ValueError: x", "attempts": 3}
    new.new_job_run(council=council, kind="MIGRATION_STATUS", **fields)

    text = browse("network@camden").get("/c/camden/").content.decode()

    assert "the last attempt failed" in text
    assert "Figures as of 30 June 2014, 07:10" in text


# A council


def test_a_council_page_has_rates_reasons_lines_savings_and_spend_apart(db, browse):
    council = Council.objects.get(slug="camden")
    new.new_payment(council, amount="1234.50")

    text = browse("finance@camden").get("/c/camden/").content.decode()

    assert "All closed, two clean billing months" in text
    assert "Hosted telephony seat" in text
    assert "£996,296.52" in text  # council lines, old price a year
    assert "£21,894.12" in text  # schools, in a table of their own
    assert "£1,018,190.64" not in text  # never one sum of both
    assert "£1,234.50" in text
    assert "Real figures, net of VAT; not part of any other figure" in text


def test_a_council_without_anything_says_what_to_do_next(db, browse):
    text = browse("programme@london-grid").get("/c/hackney/").content.decode()

    assert "No lines are held for Hackney yet." in text
    assert "No published payments of Hackney are held." in text


def test_pounds_that_are_not_known_are_not_shown_as_nothing(db, browse):
    council = Council.objects.get(slug="hackney")
    body, kind = new.new_body(council), new.new_service_type(name="Fax line")
    new.new_charge(new.new_line(body, service_type=kind), amount="12.00")
    new.new_line(body, service_type=kind)
    new.new_line(body, service_type=new.new_service_type(name="Pager"))
    new.new_line(body, service_type=new.new_service_type(name="Telex"), billed_from="2014-07-01")

    text = browse("programme@london-grid").get("/c/hackney/").content.decode()

    def old_pounds(kind):
        row = text[text.index(kind) :].split("</tr>")[0].split("</td>")[2]
        return " ".join(re.sub("<[^>]+>", " ", row).split())

    assert old_pounds("Fax line") == "£12.00 1 of 2 not known"
    assert old_pounds("Pager") == "not known"
    assert old_pounds("Telex") == "£0.00"  # it is not billed yet
    lines = browse("programme@london-grid").get("/c/hackney/lines/").content.decode()
    assert lines.count('<span class="soft">not known</span>') == 2
    assert lines.count("none now") == 1


# Lines


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("", lambda line: True),
        ("stage=moon", lambda line: True),
        ("q=cmd-hq01", lambda line: line.reference.startswith("CMD-HQ01|")),
        ("q=library", lambda line: line.site and "library" in line.site.name),
        ("who=SCHOOL", lambda line: line.body.kind == "SCHOOL"),
        (
            "generation=LEGACY&kind=security",
            lambda line: (line.generation.code, line.service_type.family) == ("LEGACY", "security"),
        ),
        ("stage=CLOSED", lambda line: line.moves.filter(to_stage="CLOSED").exists()),
        ("q=nothing-like-it", lambda line: False),
    ],
)
def test_lines_are_filtered_by_what_stands_in_the_address(db, browse, query, fits):
    related = ("site", "body", "generation", "service_type")
    lines = Line.objects.filter(body__council__slug="camden").select_related(*related)
    expected = sum(bool(fits(line)) for line in lines)

    text = browse("network@camden").get(f"/c/camden/lines/?{query}").content.decode()

    found = re.search(r"(?:\d+ to \d+ of|All) (\d+), Camden", text)
    assert (int(found[1]) if found else 0) == expected


def test_a_filter_that_finds_nothing_is_named_and_can_be_cleared(db, browse):
    text = browse("network@camden").get("/c/camden/lines/?q=zzz&who=SCHOOL").content.decode()

    assert "No line fits all of these" in text
    assert "Reference or site “zzz”" in text
    assert "Clear all" in text


def test_lines_are_paged_and_keep_their_filter(db, browse):
    client = browse("network@camden")

    text = client.get("/c/camden/lines/?who=COUNCIL&page=2").content.decode()

    assert "26 to 50 of 122" in text
    assert 'href="?who=COUNCIL&amp;page=1"' in text


# Savings


def test_savings_stand_by_kind_of_body_and_never_in_one_total(db, browse):
    text = browse("finance@camden").get("/c/camden/savings/").content.decode()

    assert "£79,811.33" in text  # net, April 2013 to June 2014
    assert "£15,667.65" in text  # schools, avoided
    assert "£302,043.23" in text
    assert "Pays back December 2013" in text
    assert "Expected, from contract prices" in text
    assert "£95,478.98" not in text


def test_savings_by_month(db, browse):
    text = browse("finance@camden").get("/c/camden/savings/?by=month").content.decode()

    assert "April 2013" in text
    assert text.count("planned") > 80


# When something is wrong


def test_an_unknown_address_gets_a_page_in_the_same_look(db, browse):
    response = browse("network@camden").get("/nope/")

    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
    assert "LondonPSN" in response.content.decode()


def test_what_is_broken_says_what_to_do(db, browse, monkeypatch):
    client = browse("network@camden")
    client.raise_request_exception = False
    monkeypatch.setattr("londonpsn.home.queries.statuses_of", lambda council: 1 / 0)

    response = client.get("/c/camden/")

    assert response.status_code == 500
    assert "Nothing was saved" in response.content.decode()


def test_pages_carry_a_policy_without_inline_script_or_style(db, browse):
    policy = browse("network@camden").get("/c/camden/").headers["Content-Security-Policy"]

    assert "unsafe-inline" not in policy
    assert "default-src 'self'" in policy


def test_healthz_and_readyz(client, db):
    anywhere = {"HTTP_HOST": "10.0.0.7"}  # a load balancer asks by number
    assert client.get("/healthz", **anywhere).json() == {"alive": True}
    answer = client.get("/readyz", **anywhere)
    assert answer.status_code == 503  # database and broker are there, no worker is
    assert answer.json() == {"database": True, "broker": True, "worker": False}


# Administration


@pytest.fixture
def admin(db, browse):
    return browse("administrator@london-grid")


def test_every_admin_list_and_record_opens(admin):
    index = admin.get("/admin/").content.decode()
    lists = set(re.findall(r'href="(/admin/\w+/\w+/)"', index))

    assert len(lists) > 25
    for address in sorted(lists):
        page = admin.get(address)
        assert page.status_code == 200, address
        record = re.search(rf'href="({address}\d+/change/)', page.content.decode())
        if record:
            assert admin.get(record[1]).status_code == 200, record[1]


KEPT = {
    "catalogueitem",
    "user",
    "contact",
    "supplier",
    "council",
    "generation",
    "gateway",
    "servicetype",
    "framework",
    "legalrule",
    "programme",
}


def test_only_people_and_reference_data_can_be_changed_and_nothing_deleted(admin):
    index = admin.get("/admin/").content.decode()
    adding = set(re.findall(r'href="/admin/\w+/(\w+)/add/"', index))

    assert adding == KEPT
    lines = admin.get("/admin/services/line/")
    pk = re.search(r"/admin/services/line/(\d+)/change/", lines.content.decode())[1]
    assert admin.post(f"/admin/services/line/{pk}/change/", {"quantity": 9}).status_code == 403
    assert admin.post(f"/admin/services/line/{pk}/delete/").status_code == 403
    assert admin.get("/admin/services/line/add/").status_code == 403
    council = Council.objects.first().pk
    assert admin.post(f"/admin/boroughs/council/{council}/delete/").status_code == 403


def inline(prefix: str, rows: list[dict], initial: int = 0) -> dict:
    data = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def roles(*new_roles: dict, held=()) -> dict:
    """The two inlines of a person: roles held, and roles to give."""
    return inline("memberships", list(held), initial=len(held)) | inline(
        "memberships-2" if held else "memberships", list(new_roles)
    )


def test_an_administrator_invites_a_person_with_a_role(
    admin, mailoutbox, django_capture_on_commit_callbacks
):
    camden = Council.objects.get(slug="camden")
    fields = {"email": "New.Person@camden.gov.example", "name": "New person"}
    role = {"role": "BUYER", "council": camden.pk, "starts_on": "2014-06-30"}

    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post("/admin/boroughs/user/add/", fields | roles(role))

    assert response.status_code == 302, response.content.decode()
    user = User.objects.get(email="new.person@camden.gov.example")
    assert user.memberships.get().role == "BUYER"
    assert user.memberships.get().given_by.email == "administrator@london-grid.demo.example"
    assert not user.has_usable_password()
    (invitation,) = mailoutbox
    assert invitation.to == ["new.person@camden.gov.example"]
    assert "/accounts/password/reset/" in invitation.body
    given, invited = AuditEvent.objects.order_by("-pk")[:2][::-1]  # by the names of chains
    assert (invited.type, invited.chain) == ("PERSON_INVITED", "PROGRAMME")
    assert invited.subject_id == user.pk
    assert (given.type, given.chain, given.role) == ("ROLE_GIVEN", "CMD", "ADMINISTRATOR")
    assert "new.person" not in str(list(AuditEvent.objects.values_list("after", "subject", "note")))


def test_a_role_that_breaks_a_rule_is_refused_in_the_form(admin):
    user = User.objects.get(email="buyer@camden.demo.example")
    role = {"role": "ADMINISTRATOR", "starts_on": "2014-06-30", "user": user.pk}
    role["council"] = Council.objects.get(slug="camden").pk
    held = {"id": user.memberships.get().pk, "user": user.pk}

    response = admin.post(
        f"/admin/boroughs/user/{user.pk}/change/",
        {"email": user.email, "name": user.name} | roles(role, held=[held]),
    )

    assert response.status_code == 200
    assert "Programme officers and administrators work for the whole" in response.content.decode()
    assert Membership.objects.filter(user=user).count() == 1


def test_an_administrator_ends_a_role_which_is_never_deleted(admin):
    user = User.objects.get(email="buyer@camden.demo.example")
    membership = user.memberships.get()
    held = {"id": membership.pk, "user": user.pk, "ends_on": "2014-06-30", "role": "AUDITOR"}

    response = admin.post(
        f"/admin/boroughs/user/{user.pk}/change/",
        {"email": user.email, "name": user.name} | roles(held=[held]),
    )

    assert response.status_code == 302, response.content.decode()
    membership.refresh_from_db()
    assert (membership.ends_on, membership.role) == (date(2014, 6, 30), "BUYER")
    event = AuditEvent.objects.latest("pk")
    assert (event.type, event.before["ends_on"]) == ("ROLE_CHANGED", None)
    assert event.after["ends_on"] == "2014-06-30"


def test_the_form_rewrites_no_past_of_who_could_do_what(admin):
    user = User.objects.get(email="buyer@camden.demo.example")
    membership = user.memberships.get()
    camden = membership.council
    past = {"role": "FINANCE", "council": camden.pk, "starts_on": "2014-06-29", "user": user.pk}
    own = {"id": membership.pk, "user": user.pk}

    def sent(*new_roles, held) -> str:
        fields = {"email": user.email, "name": user.name}
        response = admin.post(
            f"/admin/boroughs/user/{user.pk}/change/", fields | roles(*new_roles, held=[held])
        )
        assert response.status_code == 200
        return response.content.decode()

    assert "A role begins today or later." in sent(past, held=own)
    assert "The first day without is today or later." in sent(held=own | {"ends_on": "2014-06-29"})
    membership.ends_on = TODAY
    membership.save()
    assert "This role is over and stays as it was." in sent(held=own | {"ends_on": ""})

    assert list(user.memberships.values_list("role", "ends_on")) == [("BUYER", TODAY)]


def test_a_leaver_loses_every_role_and_token_and_can_be_made_anonymous(admin, browse):
    client, user = browse("buyer@camden"), User.objects.get(email="buyer@camden.demo.example")
    token = new.new_api_token(user=user)
    new.new_audit_event(user_id=user.pk)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "A" * 32})
    SocialAccount.objects.create(user=user, uid="1", extra_data={"name": "Camden buyer"})

    for action in ("anonymize", "let_go"):  # who may still sign in is not made anonymous
        admin.post("/admin/boroughs/user/", {"action": action, "_selected_action": [user.pk]})
    user.refresh_from_db()
    assert (user.is_active, user.name) == (False, "Camden buyer")
    assert not Membership.objects.in_force_on(TODAY).filter(user=user).exists()
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert client.get("/c/camden/").status_code == 302  # to the sign-in page

    admin.post("/admin/boroughs/user/", {"action": "anonymize", "_selected_action": [user.pk]})
    user.refresh_from_db()
    assert user.name == f"Former person {user.pk}"
    assert user.email == f"former-{user.pk}@nowhere.invalid"
    assert AuditEvent.objects.filter(user_id=user.pk).exists()
    for held in (Authenticator, SocialAccount):
        assert not held.objects.filter(user=user).exists()


def test_what_an_administrator_changes_stands_in_the_trail_with_before_and_after(admin):
    camden = Council.objects.get(slug="camden")
    page = admin.get(f"/admin/boroughs/council/{camden.pk}/change/")
    form = page.context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}

    response = admin.post(
        f"/admin/boroughs/council/{camden.pk}/change/",
        fields | {"mail_domains": "camden.gov.example"},
    )

    assert response.status_code == 302, response.content.decode()
    event = AuditEvent.objects.latest("pk")
    assert (event.type, event.subject) == ("REFERENCE_CHANGED", "Camden")
    assert event.before == {"mail_domains": ["camden.demo.example"]}
    assert event.after == {"mail_domains": ["camden.gov.example"]}


def test_an_administrator_adds_an_alias_and_a_second_spelling_of_it_is_refused(admin):
    supplier = Supplier.objects.get(name="Colt")
    address = f"/admin/boroughs/supplier/{supplier.pk}/change/"
    held = [{"id": a.pk, "supplier": supplier.pk, "name": a.name} for a in supplier.aliases.all()]
    fields = {"name": "Colt", "role": supplier.role}

    def add(name):
        rows = [*held, {"supplier": supplier.pk, "name": name}]
        return admin.post(address, fields | inline("aliases", rows, initial=len(held)))

    assert add("Colt Telecom Ltd").status_code == 302
    assert supplier.aliases.filter(folded="colt telecom ltd").exists()
    assert add("COLT  telecom LTD").status_code == 200
    assert supplier.aliases.count() == len(held) + 1


def test_changing_a_programme_has_every_status_worked_out_again(admin):
    programme = MigrationStatus.objects.first().programme
    fields = {
        "code": programme.code,
        "name": programme.name,
        "generation": programme.generation_id,
        "service_types": [kind.pk for kind in programme.service_types.all()],
        "body_kinds": "COUNCIL",
        "frozen_on": "2013-04-01",
        "is_default": "on" if programme.is_default else "",
    }
    held = [
        {"id": m.pk, "programme": programme.pk, "percent": m.percent}
        for m in programme.milestones.all()
    ]

    response = admin.post(
        f"/admin/services/programme/{programme.pk}/change/",
        fields | inline("milestones", held, initial=len(held)),
    )

    assert response.status_code == 302, response.content.decode()
    for kind in ("MIGRATION_STATUS", "SAVINGS"):  # coverage counts what is in scope
        assert JobRun.objects.waiting().filter(kind=kind).count() == 33


def test_every_admin_page_says_that_its_figures_are_synthetic(admin):
    for page in ("/admin/", "/admin/services/line/", "/admin/boroughs/supplier/"):
        text = admin.get(page).content.decode()
        assert "Synthetic data. The portal’s day is 30 June 2014." in text


def test_what_files_name_a_record_by_is_given_once(admin):
    supplier = Supplier.objects.get(code="colt")

    page = admin.get(f"/admin/boroughs/supplier/{supplier.pk}/change/").content.decode()

    assert 'name="name"' in page
    assert 'name="code"' not in page
    assert 'name="code"' in admin.get("/admin/boroughs/supplier/add/").content.decode()


def test_reference_data_load_again_after_an_administrator_renamed_a_supplier(db):
    colt = Supplier.objects.get(code="colt")
    Supplier.objects.filter(pk=colt.pk).update(name="Colt Technology Services")
    SupplierAlias.objects.filter(supplier=colt).update(name="Colt Ltd", folded="colt ltd")
    before = Supplier.objects.count(), SupplierAlias.objects.count()

    boroughs.reference.load()

    assert (Supplier.objects.count(), SupplierAlias.objects.count()) == before
    assert Supplier.objects.get(code="colt").name == "Colt Technology Services"


def test_an_administrator_revokes_a_token(admin, client):
    token, other = new.new_api_token(), new.new_api_token()

    admin.post("/admin/boroughs/apitoken/", {"action": "revoke", "_selected_action": [token.pk]})

    token.refresh_from_db()
    other.refresh_from_db()
    assert token.revoked_at is not None
    assert other.revoked_at is None

"""Every write is a typed event, in the transaction of the write (issue: people and trail, 5)."""

from datetime import date, timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, connection, transaction

from boroughs import audit, tasks, trail
from boroughs.actions import people, reference, roles
from boroughs.authorization import resolve
from boroughs.models import (
    ApiToken,
    AuditEvent,
    Body,
    Council,
    Document,
    HeldFactor,
    LinkedSignIn,
    Site,
    TrailCheck,
    User,
)
from londonpsn.common import clock
from londonpsn.common.errors import Refused
from services.actions.lines import confirm_lines
from services.models import Contract, Line, LineFlag
from tests import factories as new
from tests.conftest import person
from tests.factories import AT, TODAY, member


@pytest.fixture
def camden(db):
    return Council.objects.get(register_code="CMD")


def events() -> list[AuditEvent]:
    return list(AuditEvent.objects.exclude(type="DATA_LOADED").order_by("pk"))


def test_an_event_says_who_did_what_to_what_in_which_role_and_council(camden):
    officer = person("network@camden")
    line = Line.objects.get(reference="CMD-HQ01|w1/NEW")

    confirm_lines(line_ids=[line.pk], by=officer, on=TODAY, at=AT)

    (event,) = events()
    assert (event.type, event.chain, event.council_id) == ("LINES_CONFIRMED", "CMD", camden.pk)
    assert (event.user_id, event.role) == (officer.pk, "NETWORK_OFFICER")
    assert (event.subject_type, event.subject_id) == ("services.line", line.pk)
    assert event.subject == "CMD-HQ01|w1/NEW"
    assert event.after == {"reviewed_on": "2014-06-30"}
    assert event.at == AT


def test_an_event_of_a_deputy_says_so(camden):
    approver, deputy = member(camden, "APPROVER"), member(camden, "VIEWER")
    new.new_delegation(membership=approver.memberships.get(), deputy=deputy)

    audit.record(AuditEvent.Type.NOTE_ADDED, by=resolve(deputy, TODAY), at=AT, council=camden)

    assert events()[-1].role == "APPROVER (deputy), VIEWER"


def test_a_write_that_is_rolled_back_leaves_no_event_and_no_gap(camden):
    audit.record(AuditEvent.Type.NOTE_ADDED, by=None, at=AT, council=camden)
    with pytest.raises(RuntimeError), transaction.atomic():
        audit.record(AuditEvent.Type.NOTE_ADDED, by=None, at=AT, council=camden)
        raise RuntimeError
    audit.record(AuditEvent.Type.NOTE_ADDED, by=None, at=AT, council=camden)

    first, second = events()
    assert second.sequence == first.sequence + 1
    assert second.previous == first.hash
    assert trail.problems() == []


def test_a_refused_action_leaves_no_event(camden):
    administrator = person("administrator@london-grid")

    with pytest.raises(Refused):
        people.invite(email="buyer@camden.demo.example", name="Again", by=administrator, at=AT)

    assert events() == []


def test_the_trail_holds_no_name_and_no_mail_address_of_people(camden):
    administrator = person("administrator@london-grid")
    user = people.invite(email="jo@camden.demo.example", name="Jo Bloggs", by=administrator, at=AT)
    people.change_person(
        user_id=user.pk, email="jo2@camden.demo.example", name="Jo", by=administrator, at=AT
    )
    contact = new.new_contact(name="Bo Peep")
    contact.phone = "020 7946 0999"
    reference.keep(row=contact, by=administrator, at=AT)

    written = str([(e.subject, e.before, e.after, e.note) for e in events()])
    for words in ("Jo", "jo@", "jo2@", "Bo Peep", "0999"):
        assert words not in written
    assert "Changed: phone" in written


def test_protecting_a_site_is_written_with_before_and_after(camden):
    site = Site.objects.get(code="CMD-LIB01")

    reference.protect_site(site_id=site.pk, protection="REFUGE", by=person("network@camden"), at=AT)

    (event,) = events()
    assert (event.before, event.after) == ({"protection": ""}, {"protection": "REFUGE"})


def test_a_download_is_written_with_its_list_and_filters(db, browse):
    client = browse("finance@camden")

    client.get("/c/camden/lines/?q=HQ01&format=csv")
    client.get("/c/camden/lines/?q=HQ01")

    (event,) = events()
    assert (event.type, event.chain, event.role) == ("LIST_DOWNLOADED", "CMD", "FINANCE")
    assert event.after["query"] == "q=HQ01&format=csv"
    assert event.after["list"] == "lines"
    assert len(event.request_id) == 36


def test_who_sees_all_councils_has_the_download_of_all_in_the_chain_of_each(db, browse):
    browse("programme@london-grid").get("/c/all/lines/?format=csv")

    councils = set(Council.objects.values_list("register_code", "pk"))
    assert {(event.chain, event.council_id) for event in events()} == councils
    assert len(councils) == 33


@pytest.mark.parametrize("account", ["programme@london-grid", "finance@camden"])
def test_the_download_of_a_thing_stands_in_the_chain_of_its_council(camden, browse, account):
    """Also by who sees all councils, or works for several."""
    if account == "finance@camden":
        sutton = Council.objects.get(register_code="STN")
        new.new_membership(user=person(account), council=sutton, role="FINANCE")
    line = Line.objects.get(reference="CMD-HQ01|w1/NEW")
    move = line.replacements.get().replacement_id
    contract = Contract.objects.filter(council=camden, kind="CONTRACT").first()
    pages = {
        f"/lines/{line.pk}/": "months",
        f"/moves/{move}/": "months",
        f"/sites/{line.site_id}/": "lines",
        f"/bodies/{line.body_id}/": "lines",
        f"/connections/{line.connection_id}/": "lines",
        f"/contracts/{contract.pk}/": "lines",
        f"/calloffs/{line.contract_id}/": "lines",
    }
    client = browse(account)

    for page, table in pages.items():
        assert client.get(f"{page}?format=csv&table={table}").status_code == 200, page

    written = {(event.after["page"], event.chain, event.council_id) for event in events()}
    assert written == {(page, "CMD", camden.pk) for page in pages}


def test_the_trail_is_checked_each_night_up_to_its_last_event(camden):
    audit.record(AuditEvent.Type.NOTE_ADDED, by=None, at=AT, council=camden)

    tasks.check_trail()

    check = TrailCheck.objects.get(chain="CMD")
    last = AuditEvent.objects.filter(chain="CMD").latest("sequence")
    assert (check.sequence, check.hash, check.problems) == (last.sequence, last.hash, [])


def test_auditors_get_the_heads_of_the_chains_that_they_read(camden):
    auditor = member(camden, "AUDITOR")
    new.new_membership(user=new.new_user(), council=camden, role="AUDITOR", ends_on=TODAY)

    tasks.mail_heads()

    sent = {message.to[0]: message.body for message in mail.outbox}
    assert sent.keys() == {auditor.email, "auditor@london-grid.demo.example"}
    heads = trail.heads()
    assert f"CMD: event {heads['CMD'].sequence:,}, {heads['CMD'].hash}" in sent[auditor.email]
    assert "STN" not in sent[auditor.email]
    assert heads["STN"].hash in sent["auditor@london-grid.demo.example"]


class FailsForOne(EmailBackend):
    """A mail server that takes every mail but those to one address."""

    refused = ""

    def send_messages(self, messages):
        if self.refused in messages[0].to:
            raise SMTPRecipientsRefused({self.refused: (550, b"no such mailbox")})
        return super().send_messages(messages)


def test_a_mail_that_fails_keeps_no_other_auditor_from_theirs(camden, settings):
    first, second = member(camden, "AUDITOR"), member(camden, "AUDITOR")
    settings.EMAIL_BACKEND = f"{__name__}.FailsForOne"
    FailsForOne.refused = first.email

    with pytest.raises(ExceptionGroup, match="could not be mailed") as failed:
        tasks.mail_heads()

    assert len(failed.value.exceptions) == 1
    sent = {message.to[0] for message in mail.outbox}
    assert second.email in sent
    assert first.email not in sent


def test_a_log_that_cannot_be_shortened_keeps_no_document_from_going(camden, settings):
    settings.RETENTION |= {"SECURITY_MONTHS": 0}  # the database refuses less than six months
    audit.record_security(AuditEvent.Type.SIGNED_IN, at=clock.now() - timedelta(days=62))
    document = new.new_document(camden, retention="SHORT")

    with pytest.raises(ExceptionGroup, match="Not all that expired"):
        tasks.delete_expired()

    assert AuditEvent.objects.filter(chain="SECURITY").count() == 1
    assert not Document.objects.filter(pk=document.pk).exists()


def test_the_security_log_is_kept_for_as_long_as_the_settings_say(db, settings):
    settings.RETENTION |= {"SECURITY_MONTHS": 13}
    now = audit.clock.now()
    for months in (20, 14, 1):
        at = now - timedelta(days=30.5 * months)
        audit.record_security(AuditEvent.Type.SIGNED_IN, at=at, user_id=1)

    tasks.delete_expired()

    assert AuditEvent.objects.filter(chain="SECURITY").count() == 1
    assert trail.problems() == []
    assert AuditEvent.objects.filter(type="TRAIL_EXPIRED").count() == 2
    audit.record_security(AuditEvent.Type.SIGNED_OUT, at=now, user_id=1)
    assert AuditEvent.objects.filter(chain="SECURITY").latest("pk").sequence == 4
    assert trail.problems() == []


def test_a_role_for_a_day_to_come_never_begins_when_its_holder_leaves(camden):
    user = new.new_user()
    new.new_membership(user=user, council=camden, role="BUYER", starts_on=date(2014, 9, 1))

    people.leave(user_id=user.pk, by=person("administrator@london-grid"), at=AT, today=TODAY)

    assert user.memberships.get().ends_on == date(2014, 9, 1)
    user.refresh_from_db()
    assert not user.is_active


def test_nobody_gives_or_changes_their_own_role(camden):
    administrator = person("administrator@london-grid")
    own = administrator.memberships.get()

    with pytest.raises(Refused, match="another administrator"):
        roles.give_role(
            user_id=administrator.pk,
            role="APPROVER",
            council=camden,
            starts_on=TODAY,
            by=administrator,
            at=AT,
            today=TODAY,
        )
    with pytest.raises(Refused, match="another administrator"):
        roles.change_role(
            membership_id=own.pk,
            ends_on=date(2020, 1, 1),
            limit=None,
            by=administrator,
            at=AT,
            today=TODAY,
        )

    assert events() == []


def test_a_deputy_does_not_confirm_the_role_that_they_stand_in_for(camden):
    approver, deputy = member(camden, "APPROVER"), member(camden, "VIEWER")
    role = approver.memberships.get()
    new.new_delegation(membership=role, deputy=deputy)

    with pytest.raises(PermissionDenied):
        roles.confirm_roles(membership_ids=[role.pk], by=resolve(deputy, TODAY), on=TODAY, at=AT)


def test_who_may_not_see_an_address_does_not_lift_its_protection(camden):
    site = Site.objects.get(code="CMD-CCT01")
    administrator = person("administrator@london-grid")

    with pytest.raises(PermissionDenied, match="see where a protected site is"):
        reference.protect_site(site_id=site.pk, protection="", by=administrator, at=AT)

    site.refresh_from_db()
    assert site.protection == "CONTROL_ROOM"


@pytest.mark.parametrize(
    "address",
    [
        "/admin/boroughs/site/?address__startswith=1",
        "/admin/boroughs/contact/?access_notes__contains=key",
        "/admin/boroughs/user/?password__startswith=p",
    ],
)
def test_a_list_of_the_administration_is_narrowed_by_its_filters_alone(db, browse, address):
    assert browse("administrator@london-grid").get(address).status_code == 400


def kept_of(row) -> list:
    """Return the kept states of a row, first ones first."""
    tracked = {Authenticator: HeldFactor, SocialAccount: LinkedSignIn}.get(type(row), type(row))
    rows = tracked._meta.get_field("rows").related_model.objects
    return list(rows.filter(pgh_obj_id=row.pk).order_by("pk"))


def fields_kept(model) -> tuple:
    return model._meta.get_field("rows").related_model._meta.concrete_fields


def test_it_is_kept_why_a_site_is_protected(camden):
    site = Site.objects.get(code="CMD-LIB01")

    Site.objects.filter(pk=site.pk).update(protection="REFUGE")
    Site.objects.filter(pk=site.pk).update(name="Another name")

    assert [row.protection for row in kept_of(site)] == ["", "REFUGE"]


def test_it_is_kept_that_a_secret_changed_and_never_what_it_is(db):
    user, token = new.new_user(), new.new_api_token()
    account = SocialAccount.objects.create(user=user, provider="openid_connect", uid="ann")

    User.objects.filter(pk=user.pk).update(password="other")
    ApiToken.objects.filter(pk=token.pk).update(digest="f" * 64)
    SocialAccount.objects.filter(pk=account.pk).update(uid="eve")
    SocialAccount.objects.filter(pk=account.pk).update(extra_data={"name": "Eve"})

    assert [row.pgh_label for row in kept_of(user)] == ["insert", "password changed"]
    assert [row.pgh_label for row in kept_of(token)] == ["insert", "secret changed"]
    assert [row.pgh_label for row in kept_of(account)] == ["insert", "account changed"]
    kept = [field.name for model in (ApiToken, User, LinkedSignIn) for field in fields_kept(model)]
    assert not {"digest", "password", "uid", "extra_data"} & {*kept}


def test_it_is_kept_who_sees_a_document_and_whose_a_body_is(camden):
    document, body = new.new_document(camden, title="Letter"), new.new_body(camden)
    other = new.new_council()

    Document.objects.filter(pk=document.pk).update(for_london_grid=True, title="Letter of Jo")
    Body.objects.filter(pk=body.pk).update(council=other)
    Body.objects.filter(pk=body.pk).update(name="Another name")

    assert [row.for_london_grid for row in kept_of(document)] == [False, True]
    assert [row.council_id for row in kept_of(body)] == [camden.pk, other.pk]
    assert "title" not in {field.name for field in fields_kept(Document)}


def test_what_somebody_wrote_in_their_own_words_is_not_kept_for_good(db):
    """It may name people, and what is kept cannot be changed."""
    kept = {(model, field.name) for model in (Contract, LineFlag) for field in fields_kept(model)}

    own_words = {(Contract, name) for name in ("conflict", "route_reason", "description")}
    assert not kept & {*own_words, (LineFlag, "owner")}
    assert kept >= {(Contract, "value"), (LineFlag, "kind")}


def test_it_is_kept_for_which_mail_addresses_a_council_vouches(camden):
    Council.objects.filter(pk=camden.pk).update(mail_domains=["evil.example"])

    assert kept_of(camden)[-1].mail_domains == ["evil.example"]


def test_it_is_kept_that_a_mail_address_changed_and_never_what_it_is(db):
    """A person can be made anonymous; what is kept for good holds no address."""
    user = new.new_user(email="jo@camden.demo.example")

    User.objects.filter(pk=user.pk).update(email="other@evil.example")
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert [(row.pgh_label, row.is_active) for row in kept_of(user)] == [
        ("insert", True),
        ("mail address changed", True),
        ("update", False),
    ]
    assert "@" not in str([row.__dict__ for row in kept_of(user)])


def test_it_is_kept_who_had_which_second_factor_and_never_its_secret(db):
    user = new.new_user()
    secret = {"secret": "JBSWY3DPEHPK3PXP", "last_step": 1}
    factor = Authenticator.objects.create(user=user, type="totp", data=secret)

    Authenticator.objects.filter(pk=factor.pk).update(data=secret | {"last_step": 2})  # was used
    Authenticator.objects.filter(pk=factor.pk).update(data={"secret": "OTHER"})
    kept = factor.pk
    factor.delete()
    factor.pk = kept

    rows = kept_of(factor)
    assert [(row.pgh_label, row.user_id, row.type) for row in rows] == [
        ("insert", user.pk, "totp"),
        ("secret changed", user.pk, "totp"),
        ("delete", user.pk, "totp"),
    ]
    held = {field.name for field in rows[0]._meta.concrete_fields}
    assert held == {
        *("pgh_id", "pgh_created_at", "pgh_label", "pgh_transaction", "pgh_obj"),
        *("user", "type"),
    }


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("boroughs.site:{site}", ["Protected as: <del>nothing</del>", "<b>Refuge</b>"]),
        ("boroughs.council:{council}", ["<b>evil.example</b>"]),
        ("boroughs.user:{user}", ["mail address changed"]),
        ("boroughs.heldfactor:{factor}", ["secret changed"]),
    ],
)
def test_the_trail_shows_what_was_kept_of_rights(camden, browse, subject, told):
    site = Site.objects.get(code="CMD-LIB01")
    user = new.new_user()
    factor = Authenticator.objects.create(user=user, type="totp", data={"secret": "ONE"})
    Site.objects.filter(pk=site.pk).update(protection="REFUGE")
    Council.objects.filter(pk=camden.pk).update(mail_domains=["evil.example"])
    User.objects.filter(pk=user.pk).update(email="other@evil.example")
    Authenticator.objects.filter(pk=factor.pk).update(data={"secret": "TWO"})
    keys = {"site": site.pk, "council": camden.pk, "user": user.pk, "factor": factor.pk}

    page = browse("auditor@london-grid").get(f"/c/all/trail/?subject={subject.format(**keys)}")

    text = page.content.decode()
    for words in told:
        assert words in text
    assert "@evil.example" not in text


@pytest.mark.parametrize(
    "table",
    [
        *("services_charge", "boroughs_membership", "procurement_payment"),
        *("boroughs_site", "boroughs_council", "mfa_authenticator"),
    ],
)
def test_what_is_kept_as_it_was_cannot_be_emptied(db, table):
    with (
        pytest.raises(IntegrityError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {table} CASCADE")

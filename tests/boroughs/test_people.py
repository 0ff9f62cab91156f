"""Who people are and how they sign in, as administrators change it (issue: people and trail)."""

from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client

from boroughs.actions import people
from boroughs.authorization import Permission, can, resolve
from boroughs.models import ApiToken, AuditEvent, User
from boroughs.queries import second_factors
from londonpsn.common import clock
from londonpsn.common.errors import Refused
from tests import factories as new
from tests.conftest import code_of, person
from tests.factories import AT, TODAY
from tests.londonpsn.test_sign_in import (
    CODE,
    FINANCE,
    NETWORK,
    NEW_PASSWORD,
    enter,
    is_in,
    set_up_app,
)

PEOPLE = "/admin/boroughs/user/"
LOST = people.ResetReason.LOST


@pytest.fixture
def administrator(db) -> User:
    return person("administrator@london-grid")


def events(*types: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type__in=types).order_by("pk"))


def finance_signed_in() -> Client:
    client = Client()
    enter(client, FINANCE)
    client.post(CODE, {"code": code_of("finance@camden")})
    assert client.get("/c/camden/").status_code == 200
    return client


# A second factor that is lost


def test_an_administrator_resets_a_lost_second_factor_on_the_page_of_people(
    browse, db, mailoutbox, django_capture_on_commit_callbacks
):
    theirs, user = finance_signed_in(), person("finance@camden")
    new.new_second_factor(user, type="recovery_codes")
    admin = browse("administrator@london-grid")
    asked = {"action": "reset_second_factor", "_selected_action": [user.pk]}

    page = admin.post(PEOPLE, asked).content.decode()
    assert "Reset the second step at sign-in" in page
    assert "finance@camden.demo.example" in page
    assert "This field is required" in admin.post(PEOPLE, asked | {"reason": ""}).content.decode()
    assert second_factors([user.pk])  # nothing has happened yet

    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(PEOPLE, asked | {"reason": "LOST"}, follow=True)

    assert "Camden finance: second step reset." in answer.content.decode()
    assert not Authenticator.objects.filter(user=user).exists()
    assert theirs.get("/c/camden/").status_code == 302
    assert not is_in(theirs)
    assert not UserSession.objects.filter(user=user).exists()
    (sent,) = mailoutbox
    assert sent.to == ["finance@camden.demo.example"]
    assert "an administrator has removed your second step at sign-in" in sent.body


def test_a_reset_stands_in_the_trail_and_in_the_security_log_with_its_reason(administrator):
    user = person("finance@camden")

    people.reset_second_factor(user_id=user.pk, reason=LOST, by=administrator, at=AT)

    reset, logged = events("SECOND_FACTOR_RESET")
    assert (reset.chain, reset.user_id, reset.subject_id) == (
        "PROGRAMME",
        administrator.pk,
        user.pk,
    )
    assert (reset.role, reset.note) == ("ADMINISTRATOR", "The phone or key is lost or broken")
    assert (logged.chain, logged.user_id, logged.note) == ("SECURITY", user.pk, reset.note)


def test_after_a_reset_the_person_sets_up_a_new_factor_at_the_next_sign_in(administrator):
    user = person("finance@camden")
    people.reset_second_factor(user_id=user.pk, reason=LOST, by=administrator, at=AT)

    enter(client := Client(), FINANCE)

    assert client.get("/c/camden/").url.startswith("/accounts/?next=")
    assert set_up_app(client).url == "/accounts/recovery-codes/"
    assert client.get("/c/camden/").status_code == 200
    assert second_factors([user.pk])


def test_nobody_resets_their_own_nor_one_that_is_not_there_nor_without_the_right(administrator):
    for user, words in ((administrator, "Your own"), (person("viewer@camden"), "There is no")):
        with pytest.raises(Refused, match=words):
            people.reset_second_factor(user_id=user.pk, reason=LOST, by=administrator, at=AT)
    with pytest.raises(PermissionDenied):
        people.reset_second_factor(
            user_id=administrator.pk, reason=LOST, by=person("approver@camden"), at=AT
        )

    assert second_factors([administrator.pk])
    assert events("SECOND_FACTOR_RESET") == []


# Another mail address


def change_mail(user, by, email="else@camden.demo.example"):
    return people.change_person(user_id=user.pk, email=email, name=user.name, by=by, at=AT)


def test_another_mail_address_ends_sessions_and_tokens_and_the_old_one_is_told(
    administrator, mailoutbox, django_capture_on_commit_callbacks
):
    enter(client := Client())
    user, day = person("network@camden"), timedelta(days=1)
    token = new.new_api_token(user=user, expires_at=clock.now() + day)

    with django_capture_on_commit_callbacks(execute=True):
        change_mail(user, administrator)

    assert client.get("/c/camden/").status_code == 302
    token.refresh_from_db()
    assert token.state_at(clock.now()) == ApiToken.State.REVOKED
    (sent,) = mailoutbox
    assert sent.to == [NETWORK]
    assert "This one does not open it any more." in sent.body
    assert "else@" not in sent.body
    changed, logged = events("PERSON_CHANGED", "MAIL_CHANGED")
    assert (changed.chain, changed.user_id) == ("PROGRAMME", administrator.pk)
    assert (logged.chain, logged.type, logged.user_id) == ("SECURITY", "MAIL_CHANGED", user.pk)
    assert logged.after == {"sessions": 1, "tokens": 1, "providers": 0}
    enter(client, "else@camden.demo.example")
    assert is_in(client)


def test_another_name_signs_nobody_out_and_mails_nobody(
    administrator, mailoutbox, django_capture_on_commit_callbacks
):
    enter(client := Client())
    user = person("network@camden")

    with django_capture_on_commit_callbacks(execute=True):
        people.change_person(user_id=user.pk, email=NETWORK, name="Jo", by=administrator, at=AT)

    assert client.get("/c/camden/").status_code == 200
    assert mailoutbox == []
    assert [event.type for event in events("PERSON_CHANGED", "MAIL_CHANGED")] == ["PERSON_CHANGED"]


def test_ones_own_mail_address_is_changed_by_another_administrator(administrator):
    with pytest.raises(Refused, match="by another administrator"):
        change_mail(administrator, administrator)

    assert events("PERSON_CHANGED", "MAIL_CHANGED") == []


# Leaving and coming back


def test_who_leaves_loses_tokens_sessions_and_links_and_the_event_counts_them(administrator):
    user = person("network@camden")
    enter(Client())
    new.new_api_token(user=user, expires_at=AT + timedelta(days=1))
    SocialAccount.objects.create(user=user, provider="council", uid="s-1")

    people.leave(user_id=user.pk, by=administrator, at=AT, today=TODAY)

    (left,) = events("PERSON_LEFT")
    assert left.after == {"sessions": 1, "tokens": 1, "providers": 1}
    assert not SocialAccount.objects.exists()


def test_a_leaver_is_invited_again_on_the_page_of_people_without_the_roles_of_before(
    browse, administrator, mailoutbox, django_capture_on_commit_callbacks
):
    user = person("network@camden")
    people.leave(user_id=user.pk, by=administrator, at=AT, today=TODAY)
    asked = {"action": "invite_again", "_selected_action": [user.pk]}

    with django_capture_on_commit_callbacks(execute=True):
        answer = browse("administrator@london-grid").post(PEOPLE, asked, follow=True)

    assert "Camden network officer: invited again." in answer.content.decode()
    user.refresh_from_db()
    assert (user.is_active, user.has_usable_password()) == (True, False)
    assert resolve(user, TODAY).access.roles == ()
    (sent,) = mailoutbox
    assert sent.to == [NETWORK]
    (returned,) = events("PERSON_RETURNED")
    assert (returned.user_id, returned.subject_id) == (administrator.pk, user.pk)


def test_who_may_sign_in_or_was_made_anonymous_is_not_invited_again(administrator):
    user = person("network@camden")
    with pytest.raises(Refused, match="may sign in"):
        people.come_back(user_id=user.pk, by=administrator, at=AT)
    people.leave(user_id=user.pk, by=administrator, at=AT, today=TODAY)
    people.anonymize(user_id=user.pk, by=administrator, at=AT)

    with pytest.raises(Refused, match="was made anonymous"):
        people.come_back(user_id=user.pk, by=administrator, at=AT)
    with pytest.raises(PermissionDenied):
        people.come_back(user_id=user.pk, by=person("approver@camden"), at=AT)

    assert events("PERSON_RETURNED") == []


# The first administrator


def set_up(monkeypatch, *, email="Ann@grid.example", password=NEW_PASSWORD):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    out = StringIO()
    call_command("createsuperuser", email, "Ann Bell", stdout=out)
    return out.getvalue()


def test_the_first_administrator_is_made_by_the_action_with_its_events(db, monkeypatch):
    said = set_up(monkeypatch)

    assert said == "Ann Bell is an administrator from today on.\n"
    ann = resolve(User.objects.get(email="ann@grid.example"), TODAY)
    assert can(ann, Permission.ADMIN_USE)
    assert ann.check_password(NEW_PASSWORD)
    invited, given = events("PERSON_INVITED", "ROLE_GIVEN")
    assert (invited.user_id, invited.subject_id) == (None, ann.pk)
    assert (given.user_id, given.after["role"]) == (None, "ADMINISTRATOR")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": NETWORK}, "held already"),
        ({"email": "ann"}, "valid email address"),
        ({"password": "short"}, "at least 12 characters"),
    ],
)
def test_a_first_administrator_that_breaks_a_rule_is_refused_in_words(
    db, monkeypatch, wrong, words
):
    before = User.objects.count()

    with pytest.raises(CommandError, match=words):
        set_up(monkeypatch, **wrong)

    assert User.objects.count() == before
    assert mail.outbox == []

"""Signing in: who gets in, how often one may try, how long it lasts, what is written down."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from boroughs.models import AuditEvent, SignInTry, User
from londonpsn import tasks
from londonpsn.home.signing_in import encryption, second_factor, sessions, tries
from tests import factories as new
from tests.conftest import PASSWORD, person, sign_in

LOGIN, RESET, CODE = "/accounts/login/", "/accounts/password/reset/", "/accounts/second-step/"
NETWORK, FINANCE = "network@camden.demo.example", "finance@camden.demo.example"
NOT_RIGHT = "The mail address or the password is not right. Check both and try again."
NEW_PASSWORD = "correct horse battery staple"


class CountingHasher(PBKDF2PasswordHasher):
    """A quick hasher that counts how often a password is worked through."""

    algorithm = "counting"
    iterations = 10
    computed: list[str] = []

    def encode(self, password, salt, iterations=None):
        self.computed.append(password)
        return super().encode(password, salt, iterations)


@pytest.fixture
def counted(settings):
    """The passwords that were hashed since; everybody's own is hashed by the counting hasher."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    User.objects.update(password=make_password(PASSWORD))
    CountingHasher.computed.clear()
    return CountingHasher.computed


def enter(client: Client, address: str = NETWORK, password: str = PASSWORD, **more):
    return client.post(LOGIN, {"login": address, "password": password} | more)


def app_of(address: str) -> Authenticator:
    return Authenticator.objects.get(user__email=address, type="totp")


def code_of(address: str) -> str:
    return second_factor.code_now(app_of(address))


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def said(response) -> str:
    """What a page says: its text without markup."""
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", main))


def events(*types: str) -> list[str]:
    found = AuditEvent.objects.filter(chain="SECURITY").order_by("pk")
    return [event.type for event in found if not types or event.type in types]


def later(minutes: float) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)


@pytest.fixture
def clock_at(monkeypatch):
    """Set the portal's clock to a moment."""
    return lambda at: monkeypatch.setattr("londonpsn.common.clock.now", lambda: at)


# By password


def test_signing_in_leads_to_the_page_that_was_asked_for(client, db):
    assert client.get("/c/camden/lines/").url == f"{LOGIN}?next=/c/camden/lines/"

    response = enter(client, next="/c/camden/lines/")

    assert response.url == "/c/camden/lines/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "http:evil"])
def test_signing_in_leads_nowhere_else(client, db, settings, elsewhere):
    settings.CSRF_TRUSTED_ORIGINS = ["https://evil.example"]

    assert enter(client, next=elsewhere).url == "/"


def test_who_is_signed_in_has_no_sign_in_page(browse, db):
    assert browse("network@camden").get(LOGIN).url == "/"


def test_signing_out_takes_a_press_of_a_button(browse, db):
    client = browse("network@camden")

    assert "Do you want to sign out?" in said(client.get("/accounts/logout/"))
    assert client.post("/accounts/logout/").url == LOGIN
    assert not is_in(client)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "/accounts/signup/",
            "/accounts/email/",
            "/accounts/confirm-email/",
            "/accounts/3rdparty/",
        ),
        *("/accounts/3rdparty/signup/", "/accounts/social/connections/", "/accounts/inactive/"),
        *("/accounts/password/set/", "/accounts/login/code/"),
    ],
)
def test_there_is_no_page_to_sign_up_or_to_manage_addresses(browse, client, db, address):
    assert client.get(address).status_code == 404
    assert browse("network@camden").get(address).status_code == 404


def test_the_words_are_ours(client, db):
    assert NOT_RIGHT in said(enter(client, password="wrong"))
    assert "Enter your mail address." in said(client.post(LOGIN, {}))


# Nothing tells whether an account exists


def answer(address: str, password: str) -> str:
    """The answer to a try, without what differs in any two: the token, and the address typed."""
    text = enter(Client(), address, password).content.decode()
    text = re.sub('name="csrfmiddlewaretoken" value="[^"]+"', "", text)
    return text.replace(address, "somebody")


@pytest.fixture
def leaver(db):
    User.objects.filter(email="viewer@camden.demo.example").update(is_active=False)
    return "viewer@camden.demo.example"


def test_an_unknown_address_an_inactive_account_and_a_wrong_password_get_the_same_bytes(leaver):
    known, unknown = answer(NETWORK, "wrong"), answer("nobody@camden.demo.example", "wrong")

    assert known == unknown == answer(leaver, "wrong") == answer(leaver, PASSWORD)


def test_and_the_same_work_is_done_for_each(leaver, counted):
    work = {}
    without = new.new_user(email="nopassword@camden.demo.example")
    without.set_unusable_password()
    without.save()
    for address in (NETWORK, "nobody@camden.demo.example", leaver, without.email):
        counted.clear()
        answer(address, "wrong")
        work[address] = len(counted)

    assert set(work.values()) == {1}, work


def test_asking_for_a_new_password_gets_one_answer_and_one_mail_whoever_asks(leaver):
    answers = set()
    for address in (NETWORK, "nobody@camden.demo.example", leaver):
        response = Client().post(RESET, {"email": address})
        assert response.url == f"{RESET}sent/"
        answers.add(Client().get(response.url).content)

    assert len(answers) == 1
    assert [message.to for message in mail.outbox] == [
        [NETWORK],
        ["nobody@camden.demo.example"],
        [leaver],
    ]
    known, unknown, inactive = (message.body for message in mail.outbox)
    assert "Open this address within an hour" in known
    assert "Nobody can sign in there with this mail address." in unknown
    assert inactive == unknown.replace("nobody@camden.demo.example", leaver)


# Ten tries in five minutes


def test_the_eleventh_try_within_five_minutes_is_not_looked_at(client, db, counted):
    for _ in range(10):
        assert enter(client, password="wrong").status_code == 200

    response = enter(client)

    assert response.status_code == 429
    assert "Wait five minutes and try again." in said(response)
    assert len(counted) == 10
    assert not is_in(client)


def test_an_account_that_does_not_exist_is_held_up_in_the_same_words(client, db, counted):
    pages = []
    for address in (NETWORK, "nobody@camden.demo.example"):
        for _ in range(10):
            enter(Client(), address, "wrong")
        pages.append(enter(Client(), address, "wrong").content)

    assert pages[0] == pages[1]


def test_tries_count_by_account_from_wherever_and_in_any_case(db, counted):
    for number in range(10):
        enter(Client(REMOTE_ADDR=f"192.0.2.{number}"), password="wrong")

    assert (
        enter(Client(REMOTE_ADDR="192.0.2.99"), " Network@CAMDEN.demo.example").status_code == 429
    )
    assert enter(Client(), "buyer@camden.demo.example").status_code == 302


def test_right_tries_do_not_count(db, counted):
    for _ in range(12):
        assert enter(Client()).status_code == 302


def test_five_minutes_later_there_are_tries_again(client, db, counted, clock_at):
    for _ in range(10):
        enter(client, password="wrong")

    clock_at(later(4.9))
    assert enter(client).status_code == 429
    clock_at(later(5.1))
    assert enter(client).status_code == 302


def test_one_address_may_not_try_many_accounts(db, counted, settings):
    settings.SIGN_IN_TRIES_PER_ADDRESS = 20
    for number in range(20):
        enter(Client(), f"person{number}@camden.demo.example", "spring2026")

    assert enter(Client()).status_code == 429
    assert enter(Client(REMOTE_ADDR="192.0.2.1")).status_code == 302


def test_a_whole_network_of_ipv6_is_one_address(db):
    assert tries.network_of("2001:db8:1:2:3:4:5:6") == tries.network_of("2001:db8:1:2::9")
    assert tries.network_of("2001:db8:1:2::9") != tries.network_of("2001:db8:1:3::9")
    assert tries.network_of("192.0.2.1") == "192.0.2.1"


def test_fifty_wrong_tries_at_once_do_not_pass(committed, counted):
    start = threading.Barrier(50)

    def wrong(number: int) -> int:
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        start.wait(timeout=60)
        try:
            return enter(client, password=f"wrong {number}").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(wrong, range(50)))

    assert sorted(statuses) == [200] * 10 + [429] * 40
    assert len(counted) == 10


def test_old_tries_are_forgotten(db):
    new.new_sign_in_try(at=datetime(2026, 1, 1, tzinfo=UTC))
    new.new_sign_in_try(at=datetime(2026, 1, 3, tzinfo=UTC))

    assert tries.forget_tries(before=datetime(2026, 1, 2, tzinfo=UTC)) == 1
    assert SignInTry.objects.count() == 1


def test_sessions_that_are_over_are_forgotten_with_where_they_were_from(client, db):
    over, held = Client(), client
    for browser in (over, held):
        enter(browser)
    key = over.session.session_key
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(minutes=1))

    tasks.forget_sessions()

    assert [one.session_key for one in Session.objects.all()] == [held.session.session_key]
    assert [one.session_key for one in UserSession.objects.all()] == [held.session.session_key]


def test_no_mail_address_stands_in_the_tries(client, db):
    enter(client, password="wrong")

    assert SignInTry.objects.get().account == tries.account_of(NETWORK)
    assert "camden" not in str(SignInTry.objects.values())


# The second step


def test_who_has_a_second_factor_is_always_asked_for_it(client, db):
    assert enter(client, FINANCE).url == CODE
    assert not is_in(client)
    assert client.get("/c/camden/").status_code == 302

    response = client.post(CODE, {"code": code_of(FINANCE)})

    assert response.url == "/"
    assert is_in(client)
    assert client.get("/c/camden/").status_code == 200


def test_the_page_asked_for_is_remembered_over_both_steps(client, db):
    enter(client, FINANCE, next="/c/camden/spend/")

    assert client.post(CODE, {"code": code_of(FINANCE)}).url == "/c/camden/spend/"


def test_a_code_works_once(client, db):
    code = code_of(FINANCE)
    enter(client, FINANCE)
    client.post(CODE, {"code": code})

    enter(other := Client(), FINANCE)

    assert "This code is not right, or was used before." in said(other.post(CODE, {"code": code}))
    assert not is_in(other)


def test_a_code_typed_with_a_space_is_the_same_code(client, db):
    code = code_of(FINANCE)
    enter(client, FINANCE)

    client.post(CODE, {"code": f"{code[:3]} {code[3:]}"})

    assert is_in(client)


def test_codes_have_their_own_ten_tries(client, db):
    enter(client, FINANCE)
    for _ in range(10):
        assert client.post(CODE, {"code": "000000"}).status_code == 200

    response = client.post(CODE, {"code": code_of(FINANCE)})

    assert response.status_code == 429
    assert not is_in(client)
    assert enter(Client(), FINANCE).url == CODE  # the password has its own


def test_a_recovery_code_stands_in_once(client, db):
    sign_in(client, person("finance@camden"))
    text = said(client.post("/accounts/recovery-codes/new/", follow=True))
    code = re.search(r"\b\d{8}\b", text)[0]

    for expected in (True, False):
        enter(other := Client(), FINANCE)
        other.post(CODE, {"code": code})
        assert is_in(other) is expected


def test_an_administrator_of_nothing_needs_no_second_step(client, db):
    assert enter(client, NETWORK).url == "/"
    assert client.get("/c/camden/").status_code == 200


# Roles that need a second factor


@pytest.fixture
def officer(db) -> User:
    """A finance officer who has set up nothing yet."""
    user = new.member(council=person("finance@camden").access.roles[0].council, role="FINANCE")
    user.set_password(NEW_PASSWORD)
    user.save()
    return user


@pytest.mark.parametrize("role", ["APPROVER", "FINANCE", "PROGRAMME_OFFICER", "ADMINISTRATOR"])
def test_without_one_every_other_page_leads_to_setting_one_up(client, db, role):
    programme_wide = role in ("PROGRAMME_OFFICER", "ADMINISTRATOR")
    place = {} if programme_wide else {"council": person("finance@camden").access.roles[0].council}
    user = new.member(role=role, **place)
    user.set_password(NEW_PASSWORD)
    user.save()

    enter(client, user.email, NEW_PASSWORD)

    for address in ("/", "/c/camden/lines/?format=csv", "/jobs/", "/admin/", "/api/docs/"):
        assert client.get(address).url.startswith("/accounts/?next=")
    assert client.post("/jobs/").url.startswith("/accounts/?next=")
    assert "Your role needs a second step at sign-in." in said(client.get("/accounts/"))
    for address in ("/help/", "/accounts/app/set-up/", "/accounts/keys/add/"):
        assert client.get(address).status_code == 200
    assert client.get("/accounts/password/").status_code == 302


def test_the_api_answers_403_to_the_session_and_lets_programs_in(client, officer):
    enter(client, officer.email, NEW_PASSWORD)

    response = client.get("/api/v1/lines/")
    with_junk = client.get("/api/v1/lines/", headers={"Authorization": "Junk"})

    assert response.status_code == with_junk.status_code == 403
    assert "second step" in response.json()["detail"]


def test_a_role_given_meanwhile_asks_for_it_from_the_next_request(client, db):
    user = person("viewer@camden")
    sign_in(client, user)
    assert client.get("/c/camden/").status_code == 200

    new.new_membership(user=user, role="FINANCE", council=user.access.roles[0].council)

    assert client.get("/c/camden/").url.startswith("/accounts/?next=")


def test_what_counts_is_what_this_session_has_proved(client, officer):
    client.force_login(officer)
    Authenticator.objects.create(user=officer, type="totp", data=app_of(FINANCE).data)

    response = client.get("/c/camden/")

    assert response.url == "/accounts/second-step/again/?next=%2Fc%2Fcamden%2F"
    code = second_factor.code_now(Authenticator.objects.get(user=officer))
    assert client.post(response.url, {"code": code}).url == "/c/camden/"
    assert client.get("/c/camden/").status_code == 200


def set_up_app(client: Client):
    page = client.get("/accounts/app/set-up/")
    secret = page.context["form"].secret
    app = Authenticator(type="totp", data={"secret": secret})
    return client.post("/accounts/app/set-up/", {"code": second_factor.code_now(app)})


def test_setting_up_an_app_proves_it_and_gives_recovery_codes(client, officer):
    enter(client, officer.email, NEW_PASSWORD)

    response = set_up_app(client)

    assert response.url == "/accounts/recovery-codes/"
    assert len(re.findall(r"\b\d{8}\b", said(client.get(response.url)))) == 10
    assert client.get("/c/camden/").status_code == 200
    assert events("SECOND_FACTOR_ADDED") == ["SECOND_FACTOR_ADDED"]


def test_secrets_of_second_factors_stand_encrypted_in_the_database(client, officer):
    enter(client, officer.email, NEW_PASSWORD)
    secret = client.get("/accounts/app/set-up/").context["form"].secret
    code = second_factor.code_now(Authenticator(type="totp", data={"secret": secret}))

    client.post("/accounts/app/set-up/", {"code": code})

    app = Authenticator.objects.get(user=officer, type="totp")
    codes = Authenticator.objects.get(user=officer, type="recovery_codes")
    assert secret not in str(app.data)
    assert encryption.decrypt(app.data["secret"]) == secret
    assert codes.data["seed"].startswith(encryption.MARK)
    assert re.fullmatch("[0-9a-f]{80}", encryption.decrypt(codes.data["seed"]))


def test_a_secret_is_read_with_an_earlier_key_of_the_portal_and_with_no_other(settings):
    kept = encryption.encrypt("JBSWY3DPEHPK3PXP")

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another one"
    assert encryption.decrypt(kept) == "JBSWY3DPEHPK3PXP"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(encryption.Unreadable, match="Ask an administrator to reset it"):
        encryption.decrypt(kept)


def test_a_second_step_that_no_key_reads_is_told_in_words_and_counts_as_a_wrong_try(
    client, officer, settings
):
    kept = encryption.encrypt("JBSWY3DPEHPK3PXP")
    Authenticator.objects.create(user=officer, type="totp", data={"secret": kept})
    settings.SECRET_KEY = "another one"
    enter(client, officer.email, NEW_PASSWORD)

    response = client.post(CODE, {"code": "123456"})

    assert response.status_code == 200
    assert "Your second step at sign-in cannot be read any more." in said(response)
    assert not is_in(client)
    assert SignInTry.objects.latest("pk").is_wrong


def test_renaming_a_security_key_stands_in_the_security_log(client, db):
    user = person("network@camden")
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Old key"})

    sign_in(client, user).post(f"/accounts/keys/{key.pk}/", {"name": "Blue key"})

    key.refresh_from_db()
    assert key.data["name"] == "Blue key"
    (event,) = AuditEvent.objects.filter(type="SECOND_FACTOR_RENAMED")
    assert (event.chain, event.user_id, event.note) == ("SECURITY", user.pk, "webauthn")


def test_each_night_secrets_are_encrypted_by_the_key_of_today(officer, settings):
    """Those in clear, those of the earlier mark and those of an earlier key; not what is lost."""
    secret, now = "JBSWY3DPEHPK3PXP", settings.SECRET_KEY
    settings.SECRET_KEY = "lost"
    lost = encryption.encrypt(secret)
    settings.SECRET_KEY = "earlier"
    marked = encryption.encrypt(secret)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = now, ["earlier"]
    current = encryption.encrypt(secret)
    kept = [secret, marked, marked.removeprefix(encryption.MARK), current, lost]
    held = [
        Authenticator.objects.create(user=new.new_user(), type="totp", data={"secret": text})
        for text in kept
    ]

    tasks.encrypt_secrets()

    settings.SECRET_KEY_FALLBACKS = []
    for app in held:
        app.refresh_from_db()
    assert [app.data["secret"] for app in held[3:]] == [current, lost]
    for app in held[:3]:
        assert app.data["secret"].startswith(encryption.MARK)
        assert encryption.decrypt(app.data["secret"]) == secret
    tasks.encrypt_secrets()
    assert [event.after for event in AuditEvent.objects.filter(type="SECRETS_ENCRYPTED")] == [
        {"factors": 3}
    ]


def test_a_secret_that_an_earlier_release_kept_as_it_is_still_works(client, officer):
    secret = "JBSWY3DPEHPK3PXP"
    app = Authenticator.objects.create(user=officer, type="totp", data={"secret": secret})

    assert second_factor.use_code(officer, second_factor.code_now(app)) == app


def test_a_wrong_code_sets_nothing_up(client, officer):
    enter(client, officer.email, NEW_PASSWORD)
    client.get("/accounts/app/set-up/")

    text = said(client.post("/accounts/app/set-up/", {"code": "000000"}))

    assert "This code is not right" in text
    assert not second_factor.is_held(officer)


def test_the_last_factor_of_who_needs_one_is_not_removed(client, db):
    sign_in(client, person("finance@camden"))

    page = client.get("/accounts/app/remove/")
    answer = client.post("/accounts/app/remove/")

    assert "Your role needs a second step at sign-in. Add another one" in said(page)
    assert answer.status_code == 200
    assert second_factor.is_held(person("finance@camden"))
    assert events("SECOND_FACTOR_REMOVED") == []


def test_one_of_two_may_be_removed_and_anybody_elses_last(client, db):
    user = person("viewer@camden")
    enter(client, user.email)
    set_up_app(client)

    response = client.post("/accounts/app/remove/")

    assert response.url == "/accounts/"
    assert not Authenticator.objects.filter(user=user).exists()  # recovery codes go with it
    assert events("SECOND_FACTOR_REMOVED") == ["SECOND_FACTOR_REMOVED"]


def test_who_only_has_the_password_cannot_remove_the_factor_that_was_added_since(client, db):
    user = person("viewer@camden")
    enter(client, user.email)
    enter(owner := Client(), user.email)
    set_up_app(owner)

    response = client.post("/accounts/app/remove/")

    assert response.url.startswith("/accounts/second-step/again/?next=")
    assert client.get("/accounts/reauthenticate/").url.startswith("/accounts/second-step/again/")
    assert second_factor.is_held(user)


def test_some_minutes_after_signing_in_the_password_is_asked_for_again(client, db):
    sign_in(client, person("viewer@camden"))
    session = client.session
    session["account_authentication_methods"][0]["at"] -= 3600
    session.save()

    response = client.get("/accounts/app/set-up/")

    assert response.url == "/accounts/reauthenticate/?next=%2Faccounts%2Fapp%2Fset-up%2F"
    assert "This password is not right" in said(client.post(response.url, {"password": "wrong"}))
    assert client.post(response.url, {"password": PASSWORD}).url == "/accounts/app/set-up/"
    assert client.get("/accounts/app/set-up/").status_code == 200


# How long it lasts


def used(client: Client, minutes_ago: float, signed_in_hours_ago: float = 0) -> None:
    session, now = client.session, timezone.now().timestamp()
    session[sessions.USED_AT] = now - 60 * minutes_ago
    session[sessions.SIGNED_IN_AT] = now - 3600 * signed_in_hours_ago - 60 * minutes_ago
    session.save()


def test_a_sign_in_ends_when_it_is_not_used_and_says_why(browse, db):
    client = browse("network@camden")
    used(client, 30.1)

    response = client.get("/c/camden/lines/?q=x")

    assert response.url == f"{LOGIN}?ended=idle&next=/c/camden/lines/%3Fq%3Dx"
    text = said(client.get(response.url))
    assert "You were signed out because the portal was not used for 30 minutes." in text
    assert enter(client, next="/c/camden/lines/?q=x").url == "/c/camden/lines/?q=x"


def test_using_it_puts_the_end_off(browse, db):
    client = browse("network@camden")
    for _ in range(3):
        used(client, 29)
        assert client.get("/c/camden/").status_code == 200

    assert timezone.now().timestamp() - client.session[sessions.USED_AT] < 60


def test_it_lasts_twelve_hours_at_most(browse, db):
    client = browse("network@camden")
    used(client, 1, signed_in_hours_ago=12)

    response = client.get("/c/camden/")

    assert response.url == f"{LOGIN}?ended=limit&next=/c/camden/"
    assert "a sign-in lasts 12 hours at most" in said(client.get(response.url))


def test_a_form_sent_too_late_leads_back_to_its_page(browse, db):
    client = browse("network@camden")
    used(client, 31)

    response = client.post("/jobs/", headers={"Referer": "http://testserver/jobs/?page=2"})

    assert response.url == f"{LOGIN}?ended=idle&next=http%3A//testserver/jobs/%3Fpage%3D2"


def test_a_part_of_a_page_takes_the_whole_page_along(browse, db):
    client = browse("network@camden")
    used(client, 31)

    response = client.get("/jobs/", headers={"HX-Request": "true"})

    assert response.headers["HX-Redirect"].startswith(f"{LOGIN}?ended=idle")


def test_the_api_knows_nobody_any_more(browse, db):
    client = browse("network@camden")
    used(client, 31)

    assert client.get("/api/v1/lines/").status_code in (401, 403)


def test_use_is_written_once_a_minute(browse, db, django_assert_num_queries):
    client = browse("network@camden")
    before = client.session[sessions.USED_AT]

    client.get("/c/camden/")

    assert client.session[sessions.USED_AT] == before


def test_asking_when_it_ends_does_not_put_it_off_but_saying_to_stay_does(browse, db):
    client = browse("network@camden")
    used(client, 26)

    told = client.get("/accounts/session/").json()
    stayed = client.post("/accounts/session/").json()

    assert 230 <= told["seconds"] <= 240
    assert (told["warn"], told["is_last"]) == (300, False)
    assert stayed["seconds"] > 1790


def test_at_the_twelfth_hour_staying_is_not_offered(browse, db):
    client = browse("network@camden")
    used(client, 1, signed_in_hours_ago=11.95)

    assert client.get("/accounts/session/").json()["is_last"] is True
    assert "12 hours after you signed in" in client.get("/c/camden/").content.decode()


def test_every_page_says_when_the_sign_in_would_end(browse, db):
    text = browse("network@camden").get("/c/camden/").content.decode()

    assert "when you have not used the portal for 30 minutes: at <span data-ends-at>" in text


def test_signing_in_costs_a_page_no_query_more(browse, db, django_assert_num_queries):
    client = browse("finance@camden")
    client.get("/help/")

    with django_assert_num_queries(4):  # session, person, roles, what data it is
        client.get("/help/")


# Everywhere


def test_one_may_see_where_one_is_signed_in_and_sign_out_everywhere_else(db):
    here, elsewhere = Client(), Client(headers={"User-Agent": "Other browser"})
    enter(here)
    enter(elsewhere)
    assert "Other browser" in said(here.get("/accounts/sessions/"))

    here.post("/accounts/sessions/")

    assert elsewhere.get("/c/camden/").status_code == 302
    assert here.get("/c/camden/").status_code == 200
    assert "You are signed in nowhere else." in said(here.get("/accounts/sessions/"))
    event = AuditEvent.objects.get(type="SESSIONS_ENDED")
    assert event.after == {"sessions": 1, "address": "127.0.0.1"}


def test_nobody_sees_where_others_are_signed_in(db):
    enter(other := Client(headers={"User-Agent": "Not yours"}), "buyer@camden.demo.example")
    enter(client := Client())

    assert "Not yours" not in said(client.get("/accounts/sessions/"))
    client.post("/accounts/sessions/")
    assert is_in(other)
    assert UserSession.objects.count() == 2


# Passwords


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("shorteleven", "at least 12 characters"),
        ("qwertyuiop123", "too common"),
        ("network@camden.demo", "too similar"),
        ("Camden network officer", "too similar"),
    ],
)
def test_a_weak_password_is_refused(client, db, password, words):
    enter(client)

    response = client.post(
        "/accounts/password/",
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )

    assert words in said(response)
    assert person("network@camden").check_password(PASSWORD)


def test_changing_the_password_signs_out_everywhere_else(db):
    enter(client := Client())
    enter(elsewhere := Client())

    details = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    response = client.post("/accounts/password/", details)

    assert response.url == "/accounts/"
    assert client.get("/c/camden/").status_code == 200
    assert elsewhere.get("/c/camden/").status_code == 302
    assert events("PASSWORD_CHANGED") == ["PASSWORD_CHANGED"]


def test_the_password_to_change_is_under_the_same_limit_of_tries(client, db, counted):
    enter(client)
    details = {"oldpassword": "wrong", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    for _ in range(10):
        assert "This password is not right" in said(client.post("/accounts/password/", details))

    assert client.post("/accounts/password/", details).status_code == 429


def test_two_passwords_that_differ_are_refused_in_words(client, db):
    enter(client)
    details = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": "another one here"}

    assert "The two passwords differ." in said(client.post("/accounts/password/", details))


def link_in_the_mail() -> str:
    return re.search(r"http://testserver(/\S+)", mail.outbox[-1].body)[1]


def test_a_forgotten_password_is_set_by_a_link_that_works_once(client, db):
    client.post(RESET, {"email": "Finance@camden.demo.example"})
    link = link_in_the_mail()
    page = client.get(link)  # the secret leaves the address
    assert page.url.endswith("-set-password/")

    response = client.post(page.url, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    assert response.url == f"{RESET}done/"
    assert mail.outbox[0].subject == "A new password for the LondonPSN portal"
    assert person("finance@camden").check_password(NEW_PASSWORD)
    assert not is_in(client)
    assert "This link holds no more" in said(Client().get(link))
    assert enter(client, FINANCE, NEW_PASSWORD).url == CODE  # it does not go round the second step
    assert events("PASSWORD_CHANGED") == ["PASSWORD_CHANGED"]


def test_the_link_holds_for_an_hour(client, db, settings):
    client.post(RESET, {"email": NETWORK})
    settings.PASSWORD_RESET_TIMEOUT = -1

    assert "This link holds no more" in said(client.get(link_in_the_mail()))


def test_mails_are_limited_like_tries(client, db):
    for _ in range(10):
        assert client.post(RESET, {"email": NETWORK}).status_code == 302

    assert client.post(RESET, {"email": NETWORK}).status_code == 429
    assert len(mail.outbox) == 10
    assert enter(client).status_code == 302


def test_no_second_table_of_mail_addresses_is_kept(client, db, django_assert_num_queries):
    from_allauth = User._meta.apps.get_model("account", "EmailAddress")
    client.post(RESET, {"email": NETWORK})
    client.get(link_in_the_mail())
    enter(client)

    assert not from_allauth.objects.exists()


# What is written down


def test_signing_in_and_out_and_what_went_wrong_stand_in_the_security_log(client, db):
    enter(client, password="wrong")
    enter(client)
    client.post("/accounts/logout/")
    enter(client, "nobody@camden.demo.example")

    found = AuditEvent.objects.filter(chain="SECURITY").order_by("pk")
    known = person("network@camden").pk
    assert [(event.type, event.user_id) for event in found] == [
        ("SIGN_IN_FAILED", known),
        ("SIGNED_IN", known),
        ("SIGNED_OUT", known),
        ("SIGN_IN_FAILED", None),
    ]
    assert {event.after["address"] for event in found} == {"127.0.0.1"}
    assert "demo.example" not in str(list(found.values()))


def test_that_tries_are_used_up_is_written_once(client, db, counted):
    for _ in range(13):
        enter(client, password="wrong")

    assert events().count("SIGN_IN_FAILED") == 10
    assert events().count("SIGN_IN_THROTTLED") == 1


def test_a_sign_in_that_ended_by_itself_says_so(browse, db):
    client = browse("network@camden")
    used(client, 31)

    client.get("/c/camden/")

    assert AuditEvent.objects.get(type="SIGNED_OUT").note == "idle"


# Without a role; in the demo


def test_who_has_no_role_is_told_whom_to_ask(client, db):
    sign_in(client, new.new_user())

    text = said(client.get("/"))

    assert "You have no role yet" in text
    assert "Ask the person at your council" in text


def test_people_of_the_demo_who_need_it_are_enrolled(db):
    enrolled = User.objects.filter(authenticator__type="totp").values_list("email", flat=True)

    needed = {"approver", "finance", "administrator", "programme"}
    assert {address.partition("@")[0] for address in enrolled} == needed
    assert len({app.data["secret"] for app in Authenticator.objects.all()}) == len(enrolled)


def test_the_demo_tells_the_code_and_nothing_else_does(db, settings, client):
    settings.DEMO = "small"
    out = StringIO()
    call_command("demo_code", "Finance@camden.demo.example", stdout=out)
    enter(client, FINANCE)
    client.post(CODE, {"code": out.getvalue().strip()})
    assert is_in(client)

    with pytest.raises(CommandError, match="Nobody with the mail address network@"):
        call_command("demo_code", NETWORK)
    settings.DEMO = ""
    with pytest.raises(CommandError, match="for the people of the demo only"):
        call_command("demo_code", FINANCE)
    settings.DEMO = "none"
    with pytest.raises(CommandError, match="for the people of the demo only"):
        call_command("demo_code", FINANCE)


def test_the_tables_of_signing_in_are_not_in_the_administration(browse, db):
    text = browse("administrator@london-grid").get("/admin/").content.decode()

    for name in ("mfa", "socialaccount", "usersessions", "account"):
        assert f"/admin/{name}/" not in text

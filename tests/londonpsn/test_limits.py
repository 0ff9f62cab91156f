"""Security settings: headers of every answer, sizes, times, and what a start needs (issue, 9)."""

import http.client
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection, transaction

from boroughs.actions.documents import add_document
from boroughs.models import ApiToken, Note
from londonpsn.embedded import processes
from services.models import Line
from tests.conftest import person
from tests.factories import AT
from tests.journeys.conftest import environment, free_port, is_open, wait_for

NETWORK, ADMINISTRATOR = "network@camden", "administrator@london-grid"
PRODUCTION = {
    "SECRET_KEY": "a-long-random-text-of-fifty-characters-or-more-0123456789",
    "ALLOWED_HOSTS": "portal.example",
    "REDIS_URL": "redis://broker.example/0",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example:587",
}


# Headers


ANSWERS = [
    (NETWORK, "/c/camden/", 200),
    (NETWORK, "/c/sutton/", 404),
    (NETWORK, "/jobs/?format=x", 400),
    ("viewer@camden", "/c/camden/spend/upload/", 403),
    (NETWORK, "/c/camden/lines/?format=csv", 200),
    (NETWORK, "/api/v1/lines/?limit=1", 200),
    (NETWORK, "/api/v1/lines/?stage=MOON", 400),
    (NETWORK, "/api/v1/moon/", 404),
    (NETWORK, "/api/docs/", 200),
    (ADMINISTRATOR, "/admin/", 200),
    (ADMINISTRATOR, "/admin/boroughs/council/", 200),
    (ADMINISTRATOR, "/admin/moon/", 404),
    (None, "/help/", 200),
    (None, "/api/v1/lines/", 401),
    (None, "/documents/1/", 302),
]


@pytest.mark.parametrize(("who", "address", "status"), ANSWERS)
def test_every_answer_carries_the_headers(db, browse, client, settings, who, address, status):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    client = browse(who) if who else client

    answer = client.get(address, secure=True)

    assert answer.status_code == status
    if answer.streaming:
        answer.getvalue()
    check_headers(answer.headers)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def check_headers(headers) -> None:
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
        assert f"{feature}=()" in headers["Permissions-Policy"]


def test_a_document_carries_them_too_and_may_do_nothing(db, browse, settings, tmp_path):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.DOCUMENTS = tmp_path
    line = Line.objects.get(reference="CMD-HQ01|w1/NEW")
    file = ContentFile(b"words", "a.txt")
    document = add_document(
        subject=line, file=file, kind="OTHER", title="A", by=person(NETWORK), at=AT
    )

    answer = browse(NETWORK).get(f"/documents/{document.pk}/", secure=True)

    answer.getvalue()
    check_headers(answer.headers)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_what_is_broken_and_what_is_too_large_carry_them(db, browse, settings, monkeypatch):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    client = browse(NETWORK)
    client.raise_request_exception = False
    monkeypatch.setattr("londonpsn.home.queries.statuses_of", lambda *_: 1 / 0)

    broken = client.get("/c/camden/", secure=True)
    too_large = client.generic("POST", "/jobs/", b"x" * (26 << 20), secure=True)

    assert (broken.status_code, too_large.status_code) == (500, 413)
    for answer in (broken, too_large):
        check_headers(answer.headers)


# Sizes


@pytest.mark.parametrize(("size", "status"), [(25 << 20, 403), ((25 << 20) + 1, 413)])
def test_a_request_has_25_mb_at_most(db, browse, size, status):
    client = browse("viewer@camden")

    page = client.generic("POST", "/c/camden/spend/upload/", b"x" * size)

    assert page.status_code == status
    if status == 413:
        api = client.generic("POST", "/api/v1/notes/", b"x" * size)
        assert "What was sent is larger than 25 MB" in page.content.decode()
        assert api.headers["Content-Type"] == "application/problem+json"
        assert "send this one in parts" in api.json()["detail"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/attach/line/{0}/note/", {"text": "x" * 2_700_000}),
        ("/attach/line/{0}/note/", {f"a{number}": "x" for number in range(1_001)}),
    ],
)
def test_a_form_of_too_much_text_or_too_many_fields_is_refused(db, browse, path, form):
    line = Line.objects.get(reference="CMD-HQ01|w1/NEW")

    assert browse(NETWORK).post(path.format(line.pk), form).status_code == 400
    assert not Note.objects.exists()


# Times


@pytest.fixture
def impatient_web(committed):
    """The portal as gunicorn serves it, with a database that gives up after a second."""
    port = free_port()
    server = processes.spawn(
        [
            *(sys.executable, "-m", "gunicorn", "londonpsn.wsgi", "--bind", f"127.0.0.1:{port}"),
            *("--threads", "2", "--no-control-socket", "--log-level", "critical"),
        ],
        end_with=signal.SIGTERM,
        cwd=settings.BASE_DIR,
        env=environment(WEB_STATEMENT_SECONDS="1"),
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: is_open(("127.0.0.1", port)))
    yield f"http://localhost:{port}"
    processes.end(server, signal.SIGTERM, time.monotonic() + 10)


def ask(web: str, method: str, path: str, **options):
    link = http.client.HTTPConnection(urlsplit(web).netloc)
    link.request(method, path, **options)
    answer = link.getresponse()
    text = answer.read().decode()
    link.close()
    return answer, text


def test_what_takes_too_long_is_given_up_with_words_and_nothing_saved(impatient_web, browse):
    client = browse(NETWORK)
    cookie = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
    secret = client.post("/api/v1/api-tokens/", {"name": "t", "scope": "WRITE"}).json()["secret"]
    token = {"Authorization": f"Token {secret}", "Content-Type": "application/json"}
    line = Line.objects.get(reference="CMD-HQ01|w1/NEW")
    body = f'{{"subject_kind": "line", "subject_id": {line.pk}, "text": "x"}}'

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE boroughs_note IN ACCESS EXCLUSIVE MODE")
        page, words = ask(impatient_web, "GET", f"/lines/{line.pk}/", headers=cookie)
        api, problem = ask(impatient_web, "POST", "/api/v1/notes/", body=body, headers=token)
    after, _ = ask(impatient_web, "GET", f"/lines/{line.pk}/", headers=cookie)

    assert (page.status, api.status, after.status) == (503, 503, 200)
    assert "This took too long" in words
    assert page.headers["Retry-After"] == "60"
    assert api.headers["Content-Type"] == "application/problem+json"
    assert '"status": 503' in problem
    assert "Nothing was saved." in problem
    assert not Note.objects.exists()
    assert ApiToken.objects.count() == 1


def test_jobs_and_commands_may_take_longer(db):
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_request_that_is_too_large_gets_its_answer_from_a_real_server(impatient_web):
    body = b"x" * (30 << 20)

    answer, words = ask(impatient_web, "POST", "/accounts/login/", body=body)

    assert answer.status == 413
    assert "This is too large" in words


# Starting in production


def manage(*arguments, without=(), **environment_changes) -> subprocess.CompletedProcess:
    known = ("SECURE", "PORTAL_TODAY", "DJANGO_ALLOW_ASYNC_UNSAFE", *without)
    kept = {name: value for name, value in os.environ.items() if name not in known}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=kept | environment_changes,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_deployment_check_has_nothing_to_say():
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_a_deployment_check_says_that_without_a_mail_server_nobody_gets_a_mail():
    unset = PRODUCTION | {"EMAIL_URL": ""}
    del unset["EMAIL_URL"]

    done = manage("check", "--deploy", "--fail-level", "WARNING", without=["EMAIL_URL"], **unset)

    assert done.returncode == 1
    assert "EMAIL_URL is not set, so no mail is sent" in done.stderr


def test_without_a_secret_key_of_its_own_nothing_starts():
    done = manage("check", without=["SECRET_KEY"], ALLOWED_HOSTS="portal.example")

    assert done.returncode == 1
    assert "SECRET_KEY is not set." in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("RETENTION_SECURITY_MONTHS", "5", "It has to be 6 at least."),
        ("RETENTION_SECURITY_MONTHS", "25", "It can be 24 at most."),
        ("RETENTION_BUSINESS_YEARS", "2", "It has to be 3 at least."),
    ],
)
def test_nothing_starts_that_keeps_records_for_less_or_more_than_the_rules_say(
    name, value, sentence
):
    done = manage("check", **{name: value})

    assert done.returncode == 1
    assert sentence in done.stderr


def test_cookies_are_for_tls_and_this_site_alone():
    names = "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_SAMESITE CSRF_COOKIE_SAMESITE"
    code = (
        f"from django.conf import settings as s; print(*[getattr(s, n) for n in '{names}'.split()])"
    )

    done = manage("shell", "--no-imports", "-c", code, **PRODUCTION)

    assert done.stdout.split() == ["True", "True", "Lax", "Lax"]

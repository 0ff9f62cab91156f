"""Is the portal alive, and can it do its work? For supervisors and load balancers."""

import threading
import time

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django.http import HttpResponse, JsonResponse
from kombu.exceptions import OperationalError as BrokerError

from londonpsn.home.bare import bare_answer

PING_KEPT = 2  # seconds; asking the workers takes one when none is there
TRY_AGAIN_AFTER = 10  # seconds


class HealthMiddleware:
    """Answers ``/healthz`` and ``/readyz`` before anything else, whatever host was asked for."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.answers = {"/healthz": alive, "/readyz": ready}

    def __call__(self, request):
        answer = self.answers.get(request.path_info)
        return answer() if answer else self.get_response(request)


class DatabaseMiddleware:
    """Says that the portal is starting while its database cannot be reached, to whoever asks.

    It stands before whatever reads the session, and connects in its stead: what is raised further
    in has become an answer by the time it would come out here.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            connection.close_if_health_check_failed()
            connection.ensure_connection()
        except OperationalError:
            return _starting(request)
        return self.get_response(request)


def _starting(request) -> HttpResponse:
    headers = {"Retry-After": str(TRY_AGAIN_AFTER), "Cache-Control": "no-store"}
    detail = (
        "The portal is starting, or its database cannot be reached. Nothing was saved. Try again "
        "in a minute; if it stays so, tell the portal’s administrator."
    )
    return bare_answer(request, 503, "The portal is starting", detail, headers)


def alive() -> JsonResponse:
    return JsonResponse({"alive": True})


def ready() -> JsonResponse:
    """Answer 200 when database, broker and a worker answer, else 503 and what does not."""
    checks = {"database": _database, "broker": _broker, "worker": workers.answer}
    answers = {name: check() for name, check in checks.items()}
    status = 200 if all(answers.values()) else 503
    response = JsonResponse(answers, status=status, headers={"Cache-Control": "no-store"})
    response._has_been_logged = True  # asked many times while starting: that is no error
    return response


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
        ) as client:
            return client.ping()
    except redis.RedisError:
        return False


class Workers:
    """Asks whether a worker is there, one question at a time however many want to know."""

    def __init__(self):
        self.lock, self.asked_at, self.were_there = threading.Lock(), 0.0, False

    def answer(self) -> bool:
        with self.lock:
            if time.monotonic() - self.asked_at > PING_KEPT:
                self.were_there, self.asked_at = self._ask(), time.monotonic()
            return self.were_there

    def _ask(self) -> bool:
        try:
            return bool(current_app.control.broadcast("ping", reply=True, timeout=1, limit=1))
        except (BrokerError, redis.RedisError, OSError):
            return False


workers = Workers()

"""Is the portal alive, and can it do its work? For supervisors and load balancers."""

import threading
import time

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import JsonResponse
from kombu.exceptions import OperationalError

PING_KEPT = 2  # seconds; asking the workers takes one when none is there


class HealthMiddleware:
    """Answers ``/healthz`` and ``/readyz`` before anything else, whatever host was asked for."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.answers = {"/healthz": alive, "/readyz": ready}

    def __call__(self, request):
        answer = self.answers.get(request.path_info)
        return answer() if answer else self.get_response(request)


def alive() -> JsonResponse:
    return JsonResponse({"alive": True})


def ready() -> JsonResponse:
    """Answer 200 when database, broker and a worker answer, else 503 and what does not."""
    checks = {"database": _database, "broker": _broker, "worker": workers.answer}
    answers = {name: check() for name, check in checks.items()}
    status = 200 if all(answers.values()) else 503
    return JsonResponse(answers, status=status, headers={"Cache-Control": "no-store"})


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
        except (OperationalError, redis.RedisError, OSError):
            return False


workers = Workers()

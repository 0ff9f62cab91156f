"""Is the portal alive, and can it do its work? For supervisors and load balancers."""

import redis
from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from kombu.exceptions import OperationalError


@login_not_required
def alive(request):
    return JsonResponse({"alive": True})


@login_not_required
@never_cache
def ready(request):
    """Answer 200 when database, broker and a worker answer, else 503 and what does not."""
    checks = {"database": _database, "broker": _broker, "worker": _worker}
    answers = {name: check() for name, check in checks.items()}
    return JsonResponse(answers, status=200 if all(answers.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            return client.ping()
    except redis.RedisError:
        return False


def _worker() -> bool:
    try:
        return bool(current_app.control.broadcast("ping", reply=True, timeout=1, limit=1))
    except (OperationalError, redis.RedisError, OSError):
        return False

"""The Celery app, and what runs at which hour."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "londonpsn.settings")

app = Celery("londonpsn")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def configure_redbeat(sender, **_):
    """Redbeat looks its settings up by their bare names, so the namespace does not reach it."""
    sender.conf.redbeat_redis_url = settings.REDIS_URL
    sender.conf.redbeat_redis_options = {"socket_connect_timeout": 2}
    sender.conf.redbeat_key_prefix = "londonpsn:redbeat"
    sender.conf.redbeat_lock_timeout = 25  # seconds until another one takes over from a dead one


@worker_ready.connect
def look_for_lost_work(sender, **_):
    """A new worker takes up at once what an earlier one left, instead of at the next minute."""
    sender.app.send_task("boroughs.tasks.sweep")


app.conf.beat_schedule = {
    "sweep": {"task": "boroughs.tasks.sweep", "schedule": 60.0},
    "trail": {"task": "boroughs.tasks.check_trail", "schedule": crontab(hour=2, minute=10)},
    "heads": {
        "task": "boroughs.tasks.mail_heads",
        "schedule": crontab(hour=6, minute=0, day_of_week="monday"),
    },
    "expired": {"task": "boroughs.tasks.delete_expired", "schedule": crontab(hour=3, minute=10)},
    "tries": {"task": "londonpsn.tasks.forget_tries", "schedule": crontab(hour=3, minute=20)},
    "calls": {"task": "boroughs.tasks.forget_calls", "schedule": crontab(hour=3, minute=25)},
    "sessions": {"task": "londonpsn.tasks.forget_sessions", "schedule": crontab(hour=3, minute=30)},
    "secrets": {"task": "londonpsn.tasks.encrypt_secrets", "schedule": crontab(hour=3, minute=40)},
    "nightly": {"task": "boroughs.tasks.request_all", "schedule": crontab(hour=2, minute=10)},
}

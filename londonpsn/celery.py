"""The Celery app, and what runs at which hour."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "londonpsn.settings")

app = Celery("londonpsn")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "sweep": {"task": "boroughs.tasks.sweep", "schedule": 60.0},
    "nightly": {"task": "boroughs.tasks.request_all", "schedule": crontab(hour=2, minute=10)},
}

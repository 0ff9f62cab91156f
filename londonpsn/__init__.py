"""The roof: puts boroughs, services and procurement together."""

from londonpsn.celery import app as celery_app

__all__ = ["celery_app"]

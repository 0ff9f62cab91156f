"""What Celery runs: thin, and safe to run twice."""

from celery import shared_task

from boroughs import jobs
from londonpsn.common import clock


@shared_task
def run(*, kind: str, council_ids: list[int]) -> None:
    jobs.run(kind=kind, council_ids=council_ids, today=clock.today())


@shared_task
def sweep() -> None:
    jobs.sweep(at=clock.now(), today=clock.today())


@shared_task
def request_all() -> None:
    """Have every figure of every council worked out: each night, and whenever it is asked for."""
    jobs.request_all(at=clock.now())

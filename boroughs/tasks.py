"""What Celery runs: thin, and safe to run twice."""

from celery import shared_task

from boroughs import jobs
from boroughs.models import Council
from londonpsn.common import clock


@shared_task
def run(*, kind: str, council_ids: list[int]) -> None:
    jobs.run(kind=kind, council_ids=council_ids, today=clock.today())


@shared_task
def sweep() -> None:
    jobs.sweep()


@shared_task
def request_all() -> None:
    """Have every figure of every council worked out: each night, and whenever it is asked for."""
    jobs.request(
        kinds=jobs.RECOMPUTES,
        council_ids=list(Council.objects.values_list("pk", flat=True)),
        at=clock.now(),
    )

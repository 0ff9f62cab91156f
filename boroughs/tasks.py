"""What Celery runs: thin, and safe to run twice."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from celery import shared_task
from django.conf import settings

from boroughs import jobs, trail
from boroughs.actions import calls, documents
from londonpsn.common import clock
from londonpsn.common.periods import add_months

log = logging.getLogger(__name__)


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


@shared_task
def check_trail() -> None:
    """Check every chain, each night; what is wrong is logged, and shown to who reads the trail."""
    for problem in trail.check(at=clock.now()):
        log.error("The trail is not as it was written: %s", problem)


@shared_task
def mail_heads() -> None:
    """Send auditors the last event of each chain, each week."""
    mails = trail.head_mails(clock.today())
    _do_each("Some heads of the trail could not be mailed", [mail.send for mail in mails])


@shared_task
def delete_expired() -> None:
    """Delete what has been kept for as long as settings.RETENTION has it."""
    now, real_day = clock.now(), clock.real_day()
    first = add_months(real_day.replace(day=1), -settings.RETENTION["SECURITY_MONTHS"])

    def forget_security_log() -> None:
        count = trail.forget_security_log(before=first, at=now)
        log.info("%d events of the security log deleted at the end of their time", count)

    def delete_documents() -> None:
        count = documents.delete_expired(today=real_day, at=now)
        log.info("%d documents deleted at the end of their time", count)

    _do_each("Not all that expired was deleted", [forget_security_log, delete_documents])


@shared_task
def forget_calls() -> None:
    """Forget what writes through the API were answered, after a day."""
    calls.forget_calls(before=clock.now() - timedelta(days=1))


def _do_each(what_failed: str, works: Iterable[Callable[[], object]]) -> None:
    """Do all of it, whichever fails; what did is raised at the end, so that the job has failed."""
    errors = []
    for work in works:
        try:
            work()
        except Exception as error:
            errors.append(error)
    if errors:
        raise ExceptionGroup(what_failed, errors)

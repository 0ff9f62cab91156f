"""The only writer of job runs: asks for recomputes, runs them, and finds those that were lost.

A row that waits says "this council's figures are stale"; it is written in the transaction that made
them so. The message on commit only wakes a worker, and the sweep does the same for what a lost
message, a dead worker or an absent broker left (decisions 21).
"""

import logging
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice

from celery import current_app
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from boroughs import audit, authorization
from boroughs.authorization import Permission
from boroughs.models import AuditEvent, Council, JobRun
from londonpsn.common import clock
from londonpsn.common.locks import Lock, hold, try_hold

ATTEMPTS = 3
COUNCILS_A_BATCH = 8
RUN_TASK = "boroughs.tasks.run"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """What came of one council's recompute."""

    rows_changed: int
    fingerprint: str = ""


@dataclass(frozen=True)
class Recompute:
    """How one kind of figure is worked out for some councils at once, in one transaction.

    ``work`` takes the councils and the portal's day; ``follows_the_day`` says that another day
    makes other figures of the same facts.
    """

    lock: Lock
    work: Callable[[Collection[int], date], Mapping[int, Done]]
    follows_the_day: bool = False


RECOMPUTES: dict[JobRun.Kind, Recompute] = {}


def register(kind: JobRun.Kind, recompute: Recompute) -> None:
    """Let an app above say how its figures are worked out; called once, when it is ready."""
    RECOMPUTES[kind] = recompute


def request(
    *,
    kinds,
    council_ids,
    at: datetime,
    by=None,
    batch: uuid.UUID | None = None,
    and_wake: bool = True,
) -> None:
    """Mark the councils' figures stale, and wake a worker once this transaction commits.

    Many requests make one recompute: a row that waits already is kept, and locked until the commit,
    so that a recompute that starts meanwhile cannot take it without seeing this change.
    """
    batches = [str(batch)] if batch else []
    rows = [(kind, council) for kind in sorted(kinds) for council in sorted(council_ids)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO boroughs_jobrun AS held
                (kind, council_id, batches, requested_at, requested_by_id, attempts, fingerprint,
                 note, error)
            VALUES (%s, %s, %s::uuid[], %s, %s, 0, '', '', '')
            ON CONFLICT (kind, council_id) WHERE started_at IS NULL
            DO UPDATE SET batches = held.batches || EXCLUDED.batches
            """,
            [(kind, council, batches, at, by.pk if by else None) for kind, council in rows],
        )
        for kind in sorted(kinds) if and_wake else ():
            transaction.on_commit(partial(wake, kind=kind, council_ids=sorted(council_ids)))


@transaction.atomic
def request_by_person(*, council_ids: Collection[int], batch: uuid.UUID, by, at: datetime) -> None:
    """Mark every figure stale of those of the councils where the person may ask for it.

    Raises PermissionDenied where that is none of them.
    """
    councils = [
        council
        for council in Council.objects.filter(pk__in=council_ids)
        if authorization.can(by, Permission.JOB_REQUEST, council)
    ]
    if not councils:
        authorization.check(by, Permission.JOB_REQUEST)
    keys = [council.pk for council in councils]
    request(kinds=RECOMPUTES, council_ids=keys, at=at, by=by, batch=batch)
    audit.record_each(
        AuditEvent.Type.JOB_REQUESTED,
        by=by,
        at=at,
        of=[(council, None) for council in councils],
        after={"batch": batch},
        needs=Permission.JOB_REQUEST,
    )


def request_all(*, at: datetime, by=None) -> None:
    """Mark every figure of every council stale: each night, and when reference data change."""
    councils = list(Council.objects.values_list("pk", flat=True))
    request(kinds=RECOMPUTES, council_ids=councils, at=at, by=by)


def wake(*, kind: str, council_ids: Collection[int]) -> None:
    """Send the councils to the workers in batches; a broker that is down is only logged."""
    councils = iter(council_ids)
    while some := list(islice(councils, COUNCILS_A_BATCH)):
        try:
            current_app.send_task(RUN_TASK, kwargs={"kind": kind, "council_ids": some})
        except (OperationalError, ConnectionError, TimeoutError) as error:
            log.warning("The broker is down (%s); the sweep will send %s later.", error, kind)
            return


def run(*, kind: str, council_ids: Collection[int], today: date) -> list[int]:
    """Work out what waits for these councils, and return the councils that were done.

    One transaction for all; where that fails, one for each, so that one council's trouble does not
    hold up the others. Nothing is half written: figures and finished rows commit together. When the
    connection to the database is lost, the locks are lost with it: then nothing more is tried, and
    the sweep finds the rows.
    """
    recompute = RECOMPUTES[JobRun.Kind(kind)]
    with hold(recompute.lock, council_ids) as session:
        claimed = _claim(kind, council_ids, today)
        try:
            return _work(recompute, claimed, today)
        except Exception:
            if not session.is_alive():
                raise
            log.exception("%s failed for %d councils together", kind, len(claimed))
        done = []
        for council, runs in claimed.items():
            try:
                done += _work(recompute, {council: runs}, today)
            except Exception as error:
                if not session.is_alive():
                    raise
                log.exception("%s failed for council %s", kind, council)
                _fail(runs, f"{type(error).__name__}: {error}")
        return done


def _work(recompute: Recompute, claimed: dict[int, list[int]], today: date) -> list[int]:
    if not claimed:
        return []
    with transaction.atomic():
        results = recompute.work(sorted(claimed), today)
        for council, runs in claimed.items():
            JobRun.objects.filter(pk__in=runs).update(
                finished_at=clock.now(),
                rows_changed=results[council].rows_changed,
                fingerprint=results[council].fingerprint,
                error="",
            )
    return sorted(claimed)


@transaction.atomic
def _claim(kind: str, council_ids: Collection[int], today: date) -> dict[int, list[int]]:
    """Start every unfinished row of these councils, and return their keys by council.

    The caller holds the councils' locks, so a row that is started already belongs to a worker that
    died. One that was started too often is given up.
    """
    unfinished = (
        JobRun.objects.select_for_update()
        .filter(kind=kind, council__in=council_ids)
        .unfinished()
        .order_by("council_id", "pk")
    )
    claimed: dict[int, list[int]] = {}
    given_up = []
    for row in unfinished:
        if row.attempts >= ATTEMPTS:
            given_up.append(row.pk)
        else:
            claimed.setdefault(row.council_id, []).append(row.pk)
    now = clock.now()
    JobRun.objects.filter(pk__in=given_up).update(
        started_at=now,
        finished_at=now,
        day=today,
        error=f"The worker ended {ATTEMPTS} times while it was at work on this.",
    )
    keys = [key for keys in claimed.values() for key in keys]
    JobRun.objects.filter(pk__in=keys).update(started_at=now, day=today, attempts=F("attempts") + 1)
    return claimed


@transaction.atomic
def _fail(runs: list[int], error: str) -> None:
    """Put a council's rows back to wait for another attempt, or finish them as failed.

    They are finished after the last attempt, and where another row waits already: of several, the
    one asked for last is put back.
    """
    for row in JobRun.objects.select_for_update().filter(pk__in=runs).order_by("-pk"):
        failed = JobRun.objects.filter(pk=row.pk)
        if row.attempts < ATTEMPTS:
            try:
                with transaction.atomic():
                    failed.update(error=error[:2000], started_at=None)
                continue
            except IntegrityError:  # another row of this council waits, or was asked for just now
                pass
        failed.update(error=error[:2000], finished_at=clock.now())


def sweep(*, at: datetime, today: date) -> int:
    """Wake workers for all that waits or was lost; returns the number of councils sent.

    A row is lost when it was started and nobody holds its council's lock any more. Figures that
    follow the day are asked for when they were last worked out for another one.
    """
    _follow_the_day(at, today)
    to_send: dict[str, set[int]] = {}
    for row in JobRun.objects.unfinished().filter(kind__in=RECOMPUTES).order_by("pk"):
        if row.started_at is not None:
            with try_hold(RECOMPUTES[row.kind].lock, row.council_id) as nobody_at_work:
                if not nobody_at_work:
                    continue
        to_send.setdefault(row.kind, set()).add(row.council_id)
    for kind, councils in to_send.items():
        wake(kind=kind, council_ids=sorted(councils))
    return sum(map(len, to_send.values()))


def _follow_the_day(at: datetime, today: date) -> None:
    for kind, recompute in RECOMPUTES.items():
        if recompute.follows_the_day:
            last = JobRun.objects.filter(kind=kind).order_by("council", "-pk").distinct("council")
            of_another_day = [row.council_id for row in last if row.started_at and row.day != today]
            request(kinds=[kind], council_ids=of_another_day, at=at, and_wake=False)


def record_done(
    kind: JobRun.Kind, done: Mapping[int, Done], *, day: date, by, at: datetime
) -> None:
    """Record what a person had done at once, for each council by its key."""
    now = clock.now()
    JobRun.objects.bulk_create(
        JobRun(
            kind=kind,
            council_id=council,
            requested_at=at,
            requested_by=by,
            started_at=at,
            finished_at=max(at, now),
            day=day,
            attempts=1,
            rows_changed=done[council].rows_changed,
            fingerprint=done[council].fingerprint,
        )
        for council in sorted(done)
    )


def record_demo(*, kind_of_data: str, at: datetime) -> None:
    """Record what the first start put into this database; every page asks for it."""
    JobRun.objects.create(
        kind=JobRun.Kind.DEMO_DATA,
        note=kind_of_data,
        requested_at=at,
        started_at=at,
        finished_at=clock.now(),
        attempts=1,
    )

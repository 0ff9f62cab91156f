"""Job runs: many changes make one recompute, none is lost, none runs for ever (decisions 21)."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from boroughs import jobs
from boroughs.jobs import Done, Recompute
from boroughs.models import JobRun
from boroughs.queries import batch_progress, freshness, job_counts
from londonpsn.common.locks import Lock, hold, try_hold
from procurement.models import SavingsMonth
from tests import factories as new
from tests.conftest import ADVISORY_LOCKS
from tests.factories import AT, TODAY
from tests.journeys.conftest import wait_for

KIND = JobRun.Kind.SAVINGS


@pytest.fixture
def worked(monkeypatch):
    """Replace the work of one kind by one that notes which councils it did."""
    done: list[list[int]] = []

    def work(council_ids, today):
        done.append(list(council_ids))
        return {council: Done(1, "f") for council in council_ids}

    monkeypatch.setitem(jobs.RECOMPUTES, KIND, Recompute(Lock.SAVINGS, work))
    return done


def failing(monkeypatch, bad: set[int]):
    def work(council_ids, today):
        if bad & set(council_ids):
            raise ValueError("a defect")
        return {council: Done(1) for council in council_ids}

    monkeypatch.setitem(jobs.RECOMPUTES, KIND, Recompute(Lock.SAVINGS, work))


def request(*councils, **fields):
    jobs.request(kinds=[KIND], council_ids=[c.pk for c in councils], at=AT, **fields)


def run(*councils):
    return jobs.run(kind=KIND, council_ids=[c.pk for c in councils], today=TODAY)


def of(council):
    return JobRun.objects.filter(council=council).order_by("pk")


def test_many_changes_make_one_recompute(db, worked):
    council = new.new_council()

    for _ in range(5):
        request(council)
    run(council)
    run(council)

    assert worked == [[council.pk]]
    (row,) = of(council)
    assert (row.state, row.attempts, row.rows_changed, row.fingerprint) == ("DONE", 1, 1, "f")


def test_a_running_job_does_not_absorb_a_request_made_after_its_start(db, monkeypatch):
    council = new.new_council()

    def work(council_ids, today):
        request(council)  # a fact changes while the recompute is at work
        return {council.pk: Done(0)}

    monkeypatch.setitem(jobs.RECOMPUTES, KIND, Recompute(Lock.SAVINGS, work))
    request(council)
    run(council)

    assert [row.state for row in of(council)] == ["DONE", "WAITING"]


def test_a_batch_is_one_piece_of_work_in_council_order(db, worked):
    councils = [new.new_council() for _ in range(3)]
    request(*reversed(councils))

    assert run(*reversed(councils)) == [council.pk for council in councils]
    assert worked == [[council.pk for council in councils]]


def test_decision_15_a_failed_batch_is_repeated_council_by_council(db, monkeypatch):
    good, bad = new.new_council(), new.new_council()
    failing(monkeypatch, {bad.pk})
    request(good, bad)

    run(good, bad)

    assert of(good).get().state == "DONE"
    row = of(bad).get()
    assert (row.state, row.attempts, row.error) == ("WAITING", 1, "ValueError: a defect")


def test_after_three_attempts_a_row_is_failed_and_shown(db, monkeypatch):
    council = new.new_council()
    failing(monkeypatch, {council.pk})
    request(council)

    for _ in range(5):
        run(council)

    row = of(council).get()
    assert (row.state, row.attempts) == ("FAILED", 3)
    assert freshness([KIND], [council.pk])[council.pk].error == "ValueError: a defect"


def test_a_failed_row_makes_way_for_a_request_that_waits_already(db, monkeypatch):
    council = new.new_council()

    def work(council_ids, today):
        raise ValueError("a defect")

    monkeypatch.setitem(jobs.RECOMPUTES, KIND, Recompute(Lock.SAVINGS, work))
    new.new_job_run(council=council, started_at=AT, attempts=1)
    request(council)
    run(council)

    assert sorted(row.state for row in of(council)) == ["FAILED", "WAITING"]


def test_a_failure_leaves_the_old_figures(db, monkeypatch):
    """Story 20: old figures with their time, never half a total."""
    council = new.new_council()
    kept = new.new_savings_month(council=council, baseline=100)

    def work(council_ids, today):
        SavingsMonth.objects.filter(council=council).delete()
        raise ValueError("half way")

    monkeypatch.setitem(jobs.RECOMPUTES, KIND, Recompute(Lock.SAVINGS, work))
    request(council)
    run(council)

    assert SavingsMonth.objects.get(council=council).pk == kept.pk


def test_a_row_whose_worker_died_is_taken_up_again(db, worked):
    council = new.new_council()
    new.new_job_run(council=council, started_at=AT, attempts=1)

    run(council)

    assert (of(council).get().state, of(council).get().attempts) == ("DONE", 2)


def test_a_worker_that_dies_three_times_does_not_loop_for_ever(db, worked):
    council = new.new_council()
    new.new_job_run(council=council, started_at=AT, attempts=3)

    run(council)

    assert worked == []
    assert "ended 3 times" in of(council).get().error


def test_the_sweep_sends_what_waits_and_what_was_lost_and_leaves_what_runs(
    committed, monkeypatch, django_db_blocker
):
    waiting, lost, running, done = (new.new_council() for _ in range(4))
    new.new_job_run(council=waiting)
    new.new_job_run(council=lost, started_at=AT)
    new.new_job_run(council=running, started_at=AT)
    new.new_job_run(council=done, started_at=AT, finished_at=AT)
    sent = []
    monkeypatch.setattr(jobs, "wake", lambda **message: sent.append(message))
    held, over = threading.Event(), threading.Event()

    def worker():
        with hold(Lock.SAVINGS, [running.pk]):
            held.set()
            over.wait(10)
        connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    held.wait(10)
    try:
        assert jobs.sweep(at=AT, today=TODAY) == 2
    finally:
        over.set()
        thread.join()

    assert sent == [{"kind": "SAVINGS", "council_ids": sorted([waiting.pk, lost.pk])}]


def test_figures_that_follow_the_day_are_asked_for_when_it_has_changed(db, monkeypatch):
    """After midnight, or with another PORTAL_TODAY, yesterday's status is no status."""
    council = new.new_council()
    JobRun.objects.exclude(kind="DEMO_DATA").delete()
    sent = []
    monkeypatch.setattr(jobs, "wake", lambda **message: sent.append(message))
    for kind in ("SAVINGS", "MIGRATION_STATUS"):
        jobs.request(kinds=[kind], council_ids=[council.pk], at=AT, and_wake=False)
        jobs.run(kind=kind, council_ids=[council.pk], today=TODAY)

    assert jobs.sweep(at=AT, today=TODAY) == 0
    assert jobs.sweep(at=AT, today=TODAY + timedelta(days=1)) == 1

    assert sent == [{"kind": "MIGRATION_STATUS", "council_ids": [council.pk]}]


def test_two_presses_of_the_button_both_come_to_their_end(db, worked):
    first, second = uuid.uuid4(), uuid.uuid4()
    one, other = new.new_council(), new.new_council()
    officer = new.member(programme_wide=True)
    request(one, batch=first)
    request(one, other, batch=second)

    totals = [batch_progress(officer, batch).total for batch in (first, second)]
    run(one, other)

    assert totals == [1, 2]
    assert all(batch_progress(officer, batch).is_over for batch in (first, second))


def test_without_its_session_a_worker_does_nothing_more(committed, monkeypatch):
    """The locks went with the connection: somebody else may be at work already."""
    council = new.new_council()
    attempts = []

    def work(council_ids, today):
        attempts.append(council_ids)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setitem(jobs.RECOMPUTES, KIND, Recompute(Lock.SAVINGS, work))
    request(council)

    with pytest.raises(OperationalError):
        run(council)

    connection.close()
    assert len(attempts) == 1
    assert of(council).get().state == "RUNNING"  # for the sweep to find


def test_a_lock_that_is_not_got_leaves_none_behind(committed):
    held, over = threading.Event(), threading.Event()

    def holder():
        with hold(Lock.SAVINGS, [2]):
            held.set()
            over.wait(10)
        connection.close()

    thread = threading.Thread(target=holder)
    thread.start()
    held.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    with pytest.raises(OperationalError), hold(Lock.SAVINGS, [1, 2, 3]):
        pass
    over.set()
    thread.join()

    with connection.cursor() as cursor:
        cursor.execute(ADVISORY_LOCKS)
        assert cursor.fetchall() == []


def test_only_what_failed_the_last_time_counts_as_failed(db):
    one, other = new.new_council(), new.new_council()
    officer = new.member(one)
    failed = {"started_at": AT, "finished_at": AT, "error": "ValueError: x"}
    new.new_job_run(council=one, **failed)
    new.new_job_run(council=other, **failed)
    assert job_counts(officer) == {"waiting": 0, "running": 0, "failed": 1}

    new.new_job_run(council=one, started_at=AT, finished_at=AT)

    assert job_counts(officer) == {"waiting": 0, "running": 0, "failed": 0}


def test_a_request_waits_for_its_commit_before_it_can_be_claimed(committed):
    """A recompute that starts meanwhile cannot take the row without seeing the change."""
    council = new.new_council()
    request(council)
    seen = []

    def worker():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
        try:
            run(council)
        except Exception as error:
            seen.append(type(error).__name__)
        connection.close()

    with transaction.atomic():
        request(council)  # keeps the waiting row, and locks it
        thread = threading.Thread(target=worker)
        thread.start()
        thread.join()

    assert seen == ["OperationalError"]
    assert of(council).get().state == "WAITING"


def test_a_lock_is_free_once_its_holder_is_gone(committed):
    def holder():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [int(Lock.SAVINGS), 7])
        connection.close()

    thread = threading.Thread(target=holder)
    thread.start()
    thread.join()

    assert wait_for(_is_free)  # the server's process takes a moment to end


def _is_free() -> bool:
    with try_hold(Lock.SAVINGS, 7) as free:
        return free


def test_freshness_is_the_last_success_and_since_when_newer_facts_wait(db, worked):
    council = new.new_council()
    request(council)

    before = freshness([KIND], [council.pk])[council.pk]
    run(council)
    after = freshness([KIND], [council.pk])[council.pk]

    assert (before.computed_at, before.stale_since) == (None, AT)
    assert after.computed_at is not None
    assert after.stale_since is None


def test_every_kind_of_figure_says_how_it_is_worked_out():
    assert set(jobs.RECOMPUTES) == {"SAVINGS", "MIGRATION_STATUS"}

"""The two jobs in a real Celery worker on the real broker: kept promises, also when things die."""

import subprocess
import sys
from decimal import Decimal

import psycopg2
import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from boroughs import jobs
from boroughs.models import Council, JobRun
from procurement.models import SavingsByMonth, SavingsMonth
from services.models import Baseline, Line, MigrationStatus
from tests.factories import AT
from tests.journeys.conftest import environment, wait_for

KINDS = ["SAVINGS", "MIGRATION_STATUS"]


def camden() -> Council:
    return Council.objects.get(register_code="CMD")


def ask(*councils, kinds=KINDS):
    jobs.request(kinds=kinds, council_ids=[council.pk for council in councils], at=AT)


def unfinished():
    return JobRun.objects.unfinished().count()


def yearly_baseline(council) -> Decimal:
    first = SavingsByMonth.objects.filter(council=council, month="2013-04-01")
    return 12 * sum(row.baseline for row in first)


def test_a_change_reaches_the_figures_through_the_worker(start_worker):
    start_worker()
    council = camden()
    before = yearly_baseline(council)
    some = Baseline.objects.filter(replacement__body__council=council).first()

    Baseline.objects.filter(pk=some.pk).update(amount=some.amount + 100)
    ask(council)
    wait_for(lambda: not unfinished())

    assert yearly_baseline(council) == before + 1200


def test_all_councils_in_batches_and_nothing_written_the_second_time(start_worker):
    start_worker()
    SavingsMonth.objects.all().delete()
    MigrationStatus.objects.all().delete()

    def nightly() -> int:
        """Return the rows that one night's run over all councils changed."""
        latest = JobRun.objects.latest("pk").pk
        runs = JobRun.objects.filter(pk__gt=latest)
        current_app.send_task("boroughs.tasks.request_all")
        wait_for(lambda: runs.count() == 2 * 33 and not unfinished())
        assert {run.state for run in runs} == {"DONE"}
        return sum(run.rows_changed for run in runs)

    assert nightly() > 300
    assert nightly() == 0


def test_a_worker_killed_in_the_middle_leaves_no_half_figures_and_the_work_is_done_soon(
    start_worker,
):
    worker = start_worker()
    council = camden()
    before = list(SavingsMonth.objects.order_by("pk").values())
    line = Line.objects.filter(body__council=council, charges__kind="RECURRING").first()
    line.charges.filter(kind="RECURRING").update(amount=1)
    blocker = psycopg2.connect(**_dsn())
    with blocker.cursor() as cursor:  # holds the worker up in the middle of its transaction
        cursor.execute("LOCK TABLE procurement_savingsmonth IN SHARE MODE")
    ask(council, kinds=["SAVINGS"])
    wait_for(lambda: JobRun.objects.filter(started_at__isnull=False, finished_at=None).count())
    wait_for(_somebody_waits_for_the_table)

    worker.kill()
    blocker.rollback()
    blocker.close()

    assert list(SavingsMonth.objects.order_by("pk").values()) == before
    assert unfinished() == 1
    start_worker()  # sweeps as soon as it is ready
    wait_for(lambda: not unfinished())
    run = JobRun.objects.latest("finished_at")
    assert (run.state, run.attempts) == ("DONE", 2)
    assert run.rows_changed > 0


def test_a_write_succeeds_while_the_broker_is_down_and_the_figures_follow(start_worker):
    """The write happens in a process whose broker is not there; the sweep finds it afterwards."""
    council = camden()
    line = Line.objects.get(reference="CMD|MOBV/OLD")
    write = (
        "import django; django.setup();"
        "from services.actions.migration import move_line;"
        "from services.stages import Stage;"
        "from londonpsn.common import clock;"
        f"move_line(line_id={line.pk}, to=Stage.QUALIFIED, on=clock.today(), by=None,"
        " at=clock.now(), today=clock.today())"
    )

    done = subprocess.run(
        [sys.executable, "-c", write],
        cwd=settings.BASE_DIR,
        env=environment(
            REDIS_URL="unix:///nowhere/broker.sock?db=0",
            DJANGO_SETTINGS_MODULE="londonpsn.settings",
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "broker is down" in done.stderr
    assert line.moves.filter(to_stage="QUALIFIED").exists()
    waiting = JobRun.objects.waiting().get()
    assert (waiting.kind, waiting.council) == ("MIGRATION_STATUS", council)
    start_worker()
    wait_for(lambda: not unfinished())
    status = MigrationStatus.objects.get(council=council, programme__code="SERVICES")
    assert status.council == council
    assert JobRun.objects.get(pk=waiting.pk).state == "DONE"


def test_the_button_shows_real_progress(start_worker, browse):
    client = browse("programme@london-grid")
    response = client.post("/jobs/")
    page = response.url
    before = client.get(page)
    assert "0 of 66 worked out" in before.content.decode()
    assert 'hx-trigger="every 1s"' in before.content.decode()

    start_worker()
    wait_for(lambda: not unfinished())

    after = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "66 figures worked out" in after
    assert "hx-trigger" not in after
    assert "<html" not in after


def _dsn() -> dict:
    keys = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    keys["PORT"] = "port"
    values = connection.settings_dict
    return {name: values[key] for key, name in keys.items() if values[key]}


def _somebody_waits_for_the_table() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND relation = 'procurement_savingsmonth'::regclass"
        )
        return cursor.fetchone()[0] > 0


@pytest.fixture(autouse=True)
def empty_queue():
    yield
    current_app.control.purge()

"""Bring the database up to date: schema, reference data and, on the first start, demo data."""

import os
import secrets

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

import boroughs.reference
import services.reference
from boroughs import jobs
from boroughs.models import Council, JobRun
from londonpsn.common import clock
from londonpsn.common.bulk import analyze
from londonpsn.common.locks import Lock, hold
from londonpsn.demo import generate, load
from londonpsn.embedded.data_directory import data_directory, write_private


class Command(BaseCommand):
    help = (
        "Migrate, load reference data, and on the first start the demo data that DEMO names "
        "(small, london or none; none by default)."
    )
    requires_migrations_checks = False

    def handle(self, **options):
        asked = os.environ.get("DEMO") or "none"
        if asked not in ("small", "london", "none"):
            raise CommandError(f"DEMO is “{asked}”. It can be small, london or none.")
        with hold(Lock.SETTING_UP):
            self.stdout.write("Bringing the schema up to date")
            call_command("migrate", verbosity=0, interactive=False)
            boroughs.reference.load()
            services.reference.load()
            held = JobRun.objects.filter(kind=JobRun.Kind.DEMO_DATA).first()
            if held is None:
                self._first_start(asked)
            elif held.note != asked:
                self.stdout.write(
                    f"This database was first started with DEMO={held.note} and stays so; "
                    f"DEMO={asked} needs a database of its own."
                )
            kept = held.note if held else asked
            write_private(data_directory() / "demo", kept)
            if kept != "none":
                load.set_password(_demo_password())
                load.enroll()

    def _first_start(self, size: str) -> None:
        at = clock.now()
        if size != "none":
            today = settings.PORTAL_TODAY or clock.today()
            total = len(generate.SMALL) if size == "small" else Council.objects.count()
            with _bar(total, "Loading demo data") as bar:
                load.load(
                    size=size,
                    today=today,
                    at=at,
                    password=_demo_password(),
                    progress=lambda name: bar.update(),
                )
        analyze()
        work_out_all()
        jobs.record_demo(kind_of_data=size, at=at)


def work_out_all() -> None:
    """Work out every figure of every council here and now, without a worker."""
    councils = list(Council.objects.order_by("pk").values_list("pk", flat=True))
    jobs.request(kinds=jobs.RECOMPUTES, council_ids=councils, at=clock.now(), and_wake=False)
    batches = [
        councils[start : start + jobs.COUNCILS_A_BATCH]
        for start in range(0, len(councils), jobs.COUNCILS_A_BATCH)
    ]
    with _bar(len(jobs.RECOMPUTES) * len(councils), "Working out figures") as bar:
        for kind in jobs.RECOMPUTES:
            for batch in batches:
                jobs.run(kind=kind, council_ids=batch, today=clock.today())
                bar.update(len(batch))


def _bar(total: int, what: str) -> tqdm:
    return tqdm(total=total, desc=f"{what:20}", unit=" councils", ncols=78, mininterval=0.5)


def _demo_password() -> str:
    """Return DEMO_PASSWORD, or one made at random and kept for the next start."""
    path = data_directory() / "demo_password"
    given = os.environ.get("DEMO_PASSWORD")
    if given or not path.exists():
        write_private(path, given or secrets.token_urlsafe(9))
    return path.read_text()

"""`manage.py load KIND FILE`: every import, by the same code as the upload page."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from londonpsn.common import clock
from londonpsn.common.errors import Refused
from londonpsn.common.importers import IMPORTERS, Upload
from londonpsn.common.periods import parse_month

PROBLEMS_SHOWN = 200


class Command(BaseCommand):
    help = "Load a file: what kind it is, which file, and for which council."

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=sorted(IMPORTERS))
        parser.add_argument("file", type=Path)
        parser.add_argument("--council", metavar="CODE", help="register code, for example LBH")
        parser.add_argument("--month", metavar="YYYY-MM", help="month of rows without a date")
        parser.add_argument("--dry-run", action="store_true", help="report, and keep nothing")

    def handle(self, *, kind, file, council, month, dry_run, **options):
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            report = IMPORTERS[kind](
                Upload(
                    path=file,
                    name=file.name,
                    at=clock.now(),
                    council_code=council,
                    month=parse_month(month) if month else None,
                    on=clock.today(),
                    dry_run=dry_run,
                )
            )
        except Refused as error:
            raise CommandError(f"{file.name} was not loaded. {error}") from error
        self.stdout.write("\n".join(report.summary()))
        problems = report.problems()
        if problems:
            self.stdout.write("To look at:")
            self.stdout.write("\n".join(f"  {problem}" for problem in problems[:PROBLEMS_SHOWN]))
        if len(problems) > PROBLEMS_SHOWN:
            self.stdout.write(f"  and {len(problems) - PROBLEMS_SHOWN:,} more")
        if report.is_refused:
            raise CommandError(
                f"{file.name} was not loaded: correct these rows, and load it again."
            )

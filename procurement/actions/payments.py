"""Load a council's published payments: match suppliers, keep what is new, report the rest."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import ClassVar

from django.db import transaction

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, Council, SupplierAlias
from londonpsn.common.errors import BadInput
from londonpsn.common.importers import Upload
from londonpsn.common.periods import month_code
from londonpsn.common.tabular import ExcelFile, FileRow, TextFile, open_rows
from londonpsn.common.text import fold, tidy
from procurement import payments
from procurement.models import Payment, PaymentFile
from procurement.payments import DateReader, Entry, Layout, Unreadable

ROWS_AT_A_TIME = 1_000


class NoMonth(BadInput):
    """The rows have no date and the file no month, so whoever loads it has to say."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that was refused or repaired: the line of the file, the cell, what was done and why."""

    line: int
    cell: str
    text: str

    def __str__(self):
        return f"Line {self.line}, {self.cell}: {self.text}"


@dataclass
class PaymentReport:
    """What came of loading one file. Counts are rows; total and blank rows are not among them."""

    name: str
    council: str
    dry_run: bool
    encoding: str = ""
    series: str = ""
    read: int = 0
    stored: int = 0
    already_held: int = 0
    unmatched: int = 0
    repaired: int = 0
    refused: int = 0
    stored_or_held: Decimal = Decimal(0)
    found: list[Problem] = field(default_factory=list)
    is_refused: ClassVar[bool] = False  # rows that cannot be read stop none of the others

    def summary(self) -> list[str]:
        kept = "would be stored" if self.dry_run else "stored"
        return [
            f"{self.name} for {self.council} ({self.encoding})",
            f"  {self.read:6,} rows read",
            f"  {self.stored:6,} {kept}",
            f"  {self.already_held:6,} already held",
            f"  {self.unmatched:6,} unmatched: their supplier has no alias, so they are not kept",
            f"  {self.repaired:6,} repaired",
            f"  {self.refused:6,} refused",
            f"  £{self.stored_or_held:,.2f} of known suppliers in this file",
        ]

    def problems(self) -> list[str]:
        return [str(problem) for problem in sorted(self.found, key=lambda one: one.line)]


def load(upload: Upload) -> PaymentReport:
    """Load one file in one transaction, and return the report of it.

    A row that cannot be read stops nothing else. Raises BadInput for a file that cannot be read at
    all, and PermissionDenied; then nothing is kept, nor is after a dry run.
    """
    council = _council(upload.council_code)
    check(upload.by, Permission.PAYMENTS_LOAD, council)
    source = open_rows(upload.path)
    report = PaymentReport(upload.name, council.short_name, upload.dry_run)
    report.encoding = source.encoding
    with transaction.atomic():
        _Loader(upload, council, source, report).run()
        if upload.dry_run:
            transaction.set_rollback(True)
    return report


def _council(code: str | None) -> Council:
    if not code:
        raise BadInput("Say whose payments these are: --council with a register code, as LBH.")
    council = Council.objects.filter(register_code=code.upper()).first()
    if council is None:
        raise BadInput(
            f"No council has the register code “{code}”. Lambeth's, for example, is LBH."
        )
    return council


class _Loader:
    """One pass over one file; memory does not grow with rows that are not kept."""

    def __init__(
        self,
        upload: Upload,
        council: Council,
        source: TextFile | ExcelFile,
        report: PaymentReport,
    ):
        self.upload, self.council, self.source, self.report = upload, council, source, report
        self.file_month = upload.month or payments.month_of_name(upload.name)
        self.dates = DateReader(last_year=upload.at.year + 1)
        self.aliases = SupplierAlias.objects.select_related("supplier").by_folded_name()
        self.occurrences: Counter = Counter()

    def run(self) -> None:
        rows = self.source.rows()
        self.layout = self._find_layout(rows)
        self.report.series = self.layout.series
        if "date" not in self.layout.columns and self.file_month is None:
            raise NoMonth(
                "The rows have no date, and the file’s name gives no month. "
                "Say which month it is, for example 2011-09."
            )
        self.file = self._file()
        held_before = self.file.payments.count()
        found = self._payments(rows)
        while some := list(islice(found, ROWS_AT_A_TIME)):
            Payment.objects.bulk_create(some, ignore_conflicts=True)
        report = self.report
        held = self.file.payments.count()
        report.stored = held - held_before
        matched = report.read - report.unmatched - report.refused
        report.already_held = matched - report.stored
        for name in ("read", "already_held", "unmatched", "repaired", "refused"):
            setattr(self.file, f"rows_{name}", getattr(report, name))
        self.file.rows_stored = held
        self.file.loaded_at, self.file.loaded_by = self.upload.at, self.upload.by
        self.file.name = self.upload.name[:200]
        self.file.save()
        audit.record(
            AuditEvent.Type.PAYMENTS_LOADED,
            by=self.upload.by,
            at=self.upload.at,
            council=self.council,
            subject=self.file,
            after={
                "sha256": self.file.sha256,
                "series": self.file.series,
                "rows_read": report.read,
                "rows_stored": report.stored,
                "rows_refused": report.refused,
            },
            needs=Permission.PAYMENTS_LOAD,
        )

    def _find_layout(self, rows: Iterator[FileRow]) -> Layout:
        seen = []
        for row in rows:
            if layout := payments.find_layout(row):
                return layout
            if not row.is_blank:
                seen.append(tidy(" ".join(row.cells))[:60])
            if row.line >= payments.HEADER_WITHIN:
                break
        raise payments.refuse_without_header(seen)

    def _file(self) -> PaymentFile:
        """Return the file's own row; loads for one council follow each other."""
        Council.objects.select_for_update(no_key=True).get(pk=self.council.pk)
        file, _ = PaymentFile.objects.get_or_create(
            council=self.council,
            series=self.layout.series,
            sha256=self.source.sha256,
            defaults={"name": self.upload.name[:200], "loaded_at": self.upload.at},
        )
        return file

    def _payments(self, rows: Iterator[FileRow]) -> Iterator[Payment]:
        for entry in self._entries(rows):
            alias = self.aliases.get(fold(entry.supplier))
            if alias is None:
                self.report.unmatched += 1
                continue
            month = entry.paid_on.replace(day=1) if entry.paid_on else self.file_month
            self.report.stored_or_held += entry.amount
            yield Payment(
                file=self.file,
                council=self.council,
                series=self.layout.series,
                month=month,
                paid_on=entry.paid_on,
                supplier=alias.supplier,
                alias=alias,
                published_name=entry.supplier[:200],
                amount=entry.amount,
                file_line=entry.line,
                identity=self._identity(entry, month),
            )

    def _entries(self, rows: Iterator[FileRow]) -> Iterator[Entry]:
        """Yield what can be read, then what can be repaired now that the date styles are known."""
        broken: list[tuple[FileRow, Unreadable]] = []
        for row in rows:
            if row.is_blank:
                continue
            try:
                entry = payments.read_row(row, self.layout, self.dates)
                if entry and entry.paid_on is None and self.file_month is None:
                    raise Unreadable("date", "", "there is no date, and no month for the file")
            except Unreadable as problem:
                self.report.read += 1
                if payments.may_run_together(row, self.layout):
                    broken.append((row, problem))
                else:
                    self._refuse(row, problem)
                continue
            if entry:
                self.report.read += 1
                yield entry
        for row, problem in broken:
            entry = payments.repair(row, self.layout, self.dates, self.file_month)
            if entry is None:
                self._refuse(row, problem)
            else:
                self._repaired(row, entry)
                yield entry

    def _refuse(self, row: FileRow, problem: Unreadable) -> None:
        self.report.refused += 1
        said = f"“{problem.value[:40]}”: {problem.reason}" if problem.value else problem.reason
        self.report.found.append(Problem(row.line, problem.cell, f"refused, {said}"))

    def _repaired(self, row: FileRow, entry: Entry) -> None:
        self.report.repaired += 1
        said = (
            f"repaired, date and amount ran together: {entry.paid_on:%d/%m/%Y} and {entry.amount}"
        )
        heading = self.layout.headings[self.layout.columns["date"]]
        self.report.found.append(Problem(row.line, heading, said))

    def _identity(self, entry: Entry, month: date) -> str:
        """Return what makes the row this one: its place, every cell, and its nth occurrence."""
        day = entry.paid_on.isoformat() if entry.paid_on else ""
        said = [
            *(self.council.register_code, self.layout.series, month_code(month)),
            *(fold(entry.supplier), str(entry.amount), day, entry.others),
        ]
        digest = hashlib.sha256(json.dumps(said).encode()).digest()
        self.occurrences[digest] += 1
        return hashlib.sha256(digest + str(self.occurrences[digest]).encode()).hexdigest()

"""Load a price book: all of it in one transaction, or nothing.

The file is the whole book of every contract that it names. Against today's book that comes to:

- a row that is held as it stands stays as it is;
- a row that starts on a day of its own is a new price. What held before it ends when it starts;
- a held price that the file lacks ends: when the next one of its item, kind and quantity starts,
  else with today as its last day. One that has not begun yet is withdrawn;
- what a price that has begun costs is never rewritten, nor when one ended that is over.

The rows are copied into a temporary table and compared there, so that memory does not grow with
the file. A dry run does all of it and takes it back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, Council
from londonpsn.common import bulk
from londonpsn.common.errors import CHANGED_SINCE, BadInput, Refused
from londonpsn.common.importers import Upload
from londonpsn.common.tabular import ExcelFile, FileRow, TextFile, open_rows
from londonpsn.common.template_filters import day as day_in_words
from londonpsn.common.template_filters import last_day
from londonpsn.common.template_filters import unit_pounds as in_pounds
from services import price_book
from services.actions import price_book_sql as sql
from services.models import Contract
from services.price_book import Problem, Unreadable
from services.queries.price_effects import Affected, affected_by

PROBLEMS_KEPT = 1_000
COPIED = (
    *("line", "contract", "item", "kind", "from_quantity", "amount", "term_months"),
    *("starts_on", "ends_on"),
)
WORDS = {
    "ADDED": "New",
    "CHANGED": "Changed",
    "PROLONGED": "Holds for longer",
    "ENDED": "Ends",
    "WITHDRAWN": "Withdrawn before it began",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One price that is not what it was: from what, to what, and from which day on."""

    what: str
    council: str
    contract: str
    item: str
    kind: str
    from_quantity: int
    before: Decimal | None
    after: Decimal | None
    on: date
    is_backdated: bool

    @property
    def words(self) -> str:
        return f"{WORDS[self.what]}{', backdated' if self.is_backdated else ''}"


@dataclass
class PriceReport:
    """What came of one file. Counts are prices; ``found`` and ``differences`` are the first.

    ``backdated`` of what changed or ended did so before the day of the load. ``digest`` tells the
    differences, all of them, from any others.
    """

    name: str
    place: str
    dry_run: bool
    on: date
    encoding: str = ""
    read: int = 0
    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0
    backdated: int = 0
    refused: int = 0
    contracts: int = 0
    found: list[Problem] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    affected: list[Affected] = field(default_factory=list)
    digest: str = ""

    @property
    def is_refused(self) -> bool:
        return self.refused > 0

    @property
    def changes_something(self) -> bool:
        return bool(self.added or self.changed or self.ended)

    def refuse(self, line: int, cell: str, text: str) -> None:
        self.refused += 1
        if len(self.found) < PROBLEMS_KEPT:
            self.found.append(Problem(line, cell, text))

    def summary(self) -> list[str]:
        head = f"{self.name} for {self.place} ({self.encoding})"
        if self.is_refused:
            return [head, f"  {self.read:7,} rows read", f"  {self.refused:7,} cannot be taken"]
        would = "would be " if self.dry_run else ""
        return [
            head,
            f"  {self.read:7,} rows read, of {self.contracts:,} contracts",
            f"  {self.added:7,} prices {would}added",
            f"  {self.changed:7,} {would}changed",
            f"  {self.ended:7,} {would}ended",
            f"  {self.unchanged:7,} unchanged",
            *([f"  {self.backdated:7,} {would}backdated"] if self.backdated else []),
            *(f"  {affected}" for affected in self.affected),
        ]

    def problems(self) -> list[str]:
        return [str(problem) for problem in sorted(self.found, key=lambda one: one.line)]


def load(upload: Upload, *, seen: str | None = None) -> PriceReport:
    """Load one price book as of the day ``upload.on``, and return the report of it.

    Where the report ``is_refused`` nothing was kept, nor is after a dry run. ``seen`` is the digest
    of the differences that were looked over. Raises BadInput for a file that cannot be read at all,
    Refused where the differences are others than were looked over, and PermissionDenied.
    """
    council = _council(upload.council_code)
    check(upload.by, Permission.PRICES_LOAD, council)
    source = open_rows(upload.path)
    place = council.short_name if council else "all councils"
    report = PriceReport(upload.name, place, upload.dry_run, upload.on, encoding=source.encoding)
    with transaction.atomic():
        _Loader(upload, council, source, report).run(seen)
        if upload.dry_run or report.is_refused:
            transaction.set_rollback(True)
    return report


def _council(code: str | None) -> Council | None:
    if not code:
        return None
    council = Council.objects.filter(register_code=code.upper()).first()
    if council is None:
        raise BadInput(
            f"No council has the register code “{code}”. Lambeth's, for example, is LBH."
        )
    return council


class _Loader:
    """One pass over one file, and then the comparison in the database."""

    def __init__(
        self,
        upload: Upload,
        council: Council | None,
        source: TextFile | ExcelFile,
        report: PriceReport,
    ):
        self.upload, self.source, self.report = upload, source, report
        self.params = {"council": council and council.pk, "day": upload.on}

    def run(self, seen: str | None) -> None:
        self._copy()
        self._resolve()
        if not self.report.is_refused:
            self._lock()
            self._find_conflicts()
        if self.report.is_refused:
            return
        self._compare()
        self._report()
        if seen is not None and seen != self.report.digest:
            raise Refused(CHANGED_SINCE)
        if self.report.changes_something:
            self._write()
            self._record()
        self._forget()

    def _copy(self) -> None:
        self._forget()
        self._sql(sql.CREATE_FILE)
        rows = self.source.rows()
        columns = price_book.find_columns(rows)
        bulk.copy_into(sql.FILE, COPIED, self._entries(rows, columns))
        if not self.report.read:
            raise BadInput("The file has no prices. Choose the file that has the rows.")
        self._sql(sql.INDEX_FILE)

    def _entries(self, rows: Iterator[FileRow], columns) -> Iterator[tuple]:
        for row in rows:
            if row.is_blank:
                continue
            self.report.read += 1
            try:
                entry = price_book.read_row(row, columns)
            except Unreadable as error:
                self.report.refuse(error.problem.line, error.problem.cell, error.problem.text)
                continue
            yield tuple(getattr(entry, name) for name in COPIED)

    def _resolve(self) -> None:
        """Find the contract and item that each row names; refuse those that name none."""
        for line, reference, found, drafts in self._first_of(sql.UNKNOWN_CONTRACTS):
            self.report.refuse(line, "contract", _no_contract(reference, found, drafts))
        self._sql(sql.SET_CONTRACTS)
        for line, code, is_by_quote in self._first_of(sql.UNKNOWN_ITEMS):
            text = f"the catalogue has no item “{code[:40]}”."
            if is_by_quote:
                text = f"“{code}” is priced by quote: it has no price in the book."
            self.report.refuse(line, "item", text)
        self._sql(sql.SET_ITEMS)

    def _lock(self) -> None:
        """Let loads and rises of one contract follow each other."""
        keys = [key for (key,) in self._rows(sql.CONTRACTS)]
        list(Contract.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True))
        self.report.contracts = len(keys)
        self._sql(sql.SET_HELD)

    def _find_conflicts(self) -> None:
        for line, other in self._first_of(sql.OVERLAPS_IN_FILE):
            text = (
                f"this price overlaps that of line {other}: of one item, kind and quantity only "
                "one can hold on a day. End the earlier one before this one starts."
            )
            self.report.refuse(line, "starts_on", text)
        for line, began, amount in self._first_of(sql.REWRITTEN):
            text = (
                f"since {day_in_words(began)} this is {in_pounds(amount)} or of another term, and "
                "a price that has begun is not rewritten. Leave that row as it was, and give "
                "the new price a row with the day on which it starts."
            )
            self.report.refuse(line, "amount", text)
        for line, ended in self._first_of(sql.MOVED):
            text = (
                f"this price ended: its last day was {last_day(ended)}, and that is not moved. "
                "Leave that row as it was."
            )
            self.report.refuse(line, "last_day", text)
        for line, began, ended, amount in self._first_of(sql.OVER_WHAT_HELD):
            until = f" and ended on {last_day(ended)}" if ended else ""
            text = (
                f"this price would hold over one of {in_pounds(amount)} that began on "
                f"{day_in_words(began)}{until}. Start it after that, or keep that row in the file."
            )
            self.report.refuse(line, "starts_on", text)

    def _compare(self) -> None:
        self._sql(sql.CREATE_GONE)
        self._sql(sql.CREATE_CHANGES)

    def _report(self) -> None:
        report = self.report
        counts = dict(self._rows(sql.COUNTS))
        report.added = counts.get("ADDED", 0)
        report.changed = counts.get("CHANGED", 0) + counts.get("PROLONGED", 0)
        report.ended = counts.get("ENDED", 0) + counts.get("WITHDRAWN", 0)
        ((report.unchanged,),) = self._rows(sql.UNCHANGED)
        report.differences = [Difference(*row) for row in self._rows(sql.DIFFERENCES)]
        ((report.backdated,),) = self._rows(sql.COUNT_BACKDATED)
        ((report.digest,),) = self._rows(sql.DIGEST)
        report.affected = affected_by(sql.CHANGED_PRICES, {}, self.params["day"])

    def _write(self) -> None:
        """Make room first: prices are withdrawn and ended, others prolonged, then new ones come."""
        for statement in sql.WRITES:
            self._sql(statement)

    def _record(self) -> None:
        """Tell the trail of each contract whose prices are not what they were."""
        counts: dict[int, dict] = {}
        for contract, what, count in self._rows(sql.CHANGES_OF_CONTRACTS):
            counts.setdefault(contract, {})[what.lower()] = count
        contracts = Contract.objects.select_related("council").filter(pk__in=counts)
        for contract in contracts.order_by("council__register_code", "pk"):
            audit.record(
                AuditEvent.Type.PRICES_LOADED,
                by=self.upload.by,
                at=self.upload.at,
                council=contract.council,
                subject=contract,
                after={
                    "sha256": self.source.sha256,
                    "on": self.params["day"],
                    **counts[contract.pk],
                },
                needs=Permission.PRICES_LOAD,
            )

    def _forget(self) -> None:
        self._sql(sql.FORGET)

    def _sql(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.params)

    def _first_of(self, statement: str) -> Iterator[tuple]:
        """Yield the first lines that cannot be; the rest of them are only counted."""
        rows = self._rows(sql.first_of(statement))
        yield from (told for *told, _ in rows)
        if rows:
            self.report.refused += rows[0][-1] - len(rows)

    def _rows(self, statement: str) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.params)
            return cursor.fetchall()


def _no_contract(reference: str, found: int, drafts: int) -> str:
    if found > 1:
        return f"{found} councils have a contract “{reference[:60]}”. Load it for one of them."
    if drafts:
        return f"“{reference[:60]}” is a draft. Award it before its prices are loaded."
    return (
        f"there is no contract “{reference[:60]}” here. Write its reference as the portal has it."
    )

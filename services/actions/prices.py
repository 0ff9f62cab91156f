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
from londonpsn.common import bulk, clock
from londonpsn.common.errors import BadInput
from londonpsn.common.importers import Upload
from londonpsn.common.tabular import ExcelFile, FileRow, TextFile, open_rows
from londonpsn.common.template_filters import day as day_in_words
from londonpsn.common.template_filters import last_day, pounds
from services import price_book
from services.models import Contract, Price
from services.price_book import Problem, Unreadable
from services.queries.price_effects import CHANGES, Affected, affected_by

PROBLEMS_KEPT, DIFFERENCES_KEPT = 1_000, 500
FILE, GONE = "price_book_row", "price_book_gone"
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

    @property
    def words(self) -> str:
        return WORDS[self.what]


@dataclass
class PriceReport:
    """What came of one file. Counts are prices; ``found`` and ``differences`` are the first."""

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
    refused: int = 0
    contracts: int = 0
    found: list[Problem] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    affected: list[Affected] = field(default_factory=list)

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
            *(f"  {affected}" for affected in self.affected),
        ]

    def problems(self) -> list[str]:
        return [str(problem) for problem in sorted(self.found, key=lambda one: one.line)]


def load(upload: Upload) -> PriceReport:
    """Load one price book as of the portal's day, for ``manage.py load prices``."""
    return load_prices(upload, on=clock.today())


def load_prices(upload: Upload, *, on: date) -> PriceReport:
    """Load one price book as of the day ``on``, and return the report of it.

    Where the report ``is_refused`` nothing was kept, nor is after a dry run. Raises BadInput for a
    file that cannot be read at all, and PermissionDenied.
    """
    council = _council(upload.council_code)
    check(upload.by, Permission.PRICES_LOAD, council)
    source = open_rows(upload.path)
    place = council.short_name if council else "all councils"
    report = PriceReport(upload.name, place, upload.dry_run, on, encoding=source.encoding)
    with transaction.atomic():
        _Loader(upload, council, source, report, on).run()
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
        on: date,
    ):
        self.upload, self.source, self.report = upload, source, report
        self.params = {"council": council and council.pk, "day": on}

    def run(self) -> None:
        self._copy()
        self._resolve()
        if not self.report.is_refused:
            self._lock()
            self._find_conflicts()
        if self.report.is_refused:
            return
        self._compare()
        self._report()
        if self.report.changes_something:
            self._write()
            self._record()
        self._forget()

    def _copy(self) -> None:
        self._forget()
        self._sql(CREATE_FILE)
        rows = self.source.rows()
        columns = price_book.find_columns(rows)
        bulk.copy_into(FILE, COPIED, self._entries(rows, columns))
        if not self.report.read:
            raise BadInput("The file has no prices. Choose the file that has the rows.")
        self._sql(INDEX_FILE)

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
        for line, reference, found, drafts in self._rows(UNKNOWN_CONTRACTS):
            self.report.refuse(line, "contract", _no_contract(reference, found, drafts))
        self._sql(SET_CONTRACTS)
        for line, code, is_by_quote in self._rows(UNKNOWN_ITEMS):
            text = f"the catalogue has no item “{code[:40]}”."
            if is_by_quote:
                text = f"“{code}” is priced by quote: it has no price in the book."
            self.report.refuse(line, "item", text)
        self._sql(SET_ITEMS)

    def _lock(self) -> None:
        """Let loads and rises of one contract follow each other."""
        named = "SELECT DISTINCT contract_id FROM price_book_row"
        keys = [key for (key,) in self._rows(named)]
        list(Contract.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True))
        self.report.contracts = len(keys)
        self._sql(SET_HELD)

    def _find_conflicts(self) -> None:
        for line, other in self._rows(OVERLAPS_IN_FILE):
            text = (
                f"this price overlaps that of line {other}: of one item, kind and quantity only "
                "one can hold on a day. End the earlier one before this one starts."
            )
            self.report.refuse(line, "starts_on", text)
        for line, began, amount in self._rows(REWRITTEN):
            text = (
                f"since {day_in_words(began)} this price is {pounds(amount)} or has another term, "
                "and a price that has begun is not rewritten. Leave that row as it was, and give "
                "the new price a row with the day on which it starts."
            )
            self.report.refuse(line, "amount", text)
        for line, ended in self._rows(MOVED):
            text = (
                f"this price ended: its last day was {last_day(ended)}, and that is not moved. "
                "Leave that row as it was."
            )
            self.report.refuse(line, "last_day", text)
        for line, began, ended, amount in self._rows(OVER_WHAT_HELD):
            until = f" and ended on {last_day(ended)}" if ended else ""
            text = (
                f"this price would hold over one of {pounds(amount)} that began on "
                f"{day_in_words(began)}{until}. Start it after that, or keep that row in the file."
            )
            self.report.refuse(line, "starts_on", text)

    def _compare(self) -> None:
        self._sql(CREATE_GONE)
        self._sql(CREATE_CHANGES)

    def _report(self) -> None:
        report = self.report
        counts = dict(self._rows("SELECT what, count(*) FROM price_change GROUP BY what"))
        report.added = counts.get("ADDED", 0)
        report.changed = counts.get("CHANGED", 0) + counts.get("PROLONGED", 0)
        report.ended = counts.get("ENDED", 0) + counts.get("WITHDRAWN", 0)
        ((report.unchanged,),) = self._rows(UNCHANGED)
        report.differences = [Difference(*row) for row in self._rows(DIFFERENCES)]
        report.affected = affected_by(CHANGED_PRICES, {}, self.params["day"])

    def _write(self) -> None:
        """Make room first: prices are withdrawn and ended, others prolonged, then new ones come."""
        for sql in (FREE_WITHDRAWN, WITHDRAW, END, REWRITE_SHORTER, REWRITE, INSERT):
            self._sql(sql)

    def _record(self) -> None:
        """Tell the trail of each contract whose prices are not what they were."""
        counts: dict[int, dict] = {}
        for contract, what, count in self._rows(CHANGES_OF_CONTRACTS):
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
        self._sql(f"DROP TABLE IF EXISTS {FILE}, {GONE}, {CHANGES}")

    def _sql(self, sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, self.params)

    def _rows(self, sql: str) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql, self.params)
            return cursor.fetchall()


def _no_contract(reference: str, found: int, drafts: int) -> str:
    if found > 1:
        return f"{found} councils have a contract “{reference[:60]}”. Load it for one of them."
    if drafts:
        return f"“{reference[:60]}” is a draft. Award it before its prices are loaded."
    return (
        f"there is no contract “{reference[:60]}” here. Write its reference as the portal has it."
    )


CREATE_FILE = f"""
CREATE TEMPORARY TABLE {FILE} (
    line int, contract text, item text, kind text, from_quantity int, amount numeric(14, 4),
    term_months smallint, starts_on date, ends_on date,
    contract_id bigint, item_id bigint, held_id bigint
) ON COMMIT DROP
"""
INDEX_FILE = f"ANALYZE {FILE}"
# A contract is one of the council asked, or of all where none is.
NAMED = """
SELECT btrim(c.reference) AS reference, count(*) AS found,
       count(*) FILTER (WHERE c.stage = 'DRAFT') AS drafts, min(c.id) AS id
FROM services_contract c
WHERE %(council)s::bigint IS NULL OR c.council_id = %(council)s
GROUP BY 1
"""
UNKNOWN_CONTRACTS = f"""
SELECT b.line, b.contract, COALESCE(n.found, 0), COALESCE(n.drafts, 0)
FROM {FILE} b LEFT JOIN ({NAMED}) n ON n.reference = b.contract
WHERE n.id IS NULL OR n.found > 1 OR n.drafts > 0 ORDER BY b.line
"""
SET_CONTRACTS = f"""
UPDATE {FILE} b SET contract_id = n.id FROM ({NAMED}) n
WHERE n.reference = b.contract AND n.found = 1 AND n.drafts = 0
"""
UNKNOWN_ITEMS = f"""
SELECT b.line, b.item, i.id IS NOT NULL
FROM {FILE} b LEFT JOIN services_catalogueitem i ON i.code = b.item
WHERE i.id IS NULL OR i.is_by_quote ORDER BY b.line
"""
SET_ITEMS = f"""
UPDATE {FILE} b SET item_id = i.id FROM services_catalogueitem i WHERE i.code = b.item
"""
SAME_BAND = """
{0}.contract_id = {1}.contract_id AND {0}.item_id = {1}.item_id AND {0}.kind = {1}.kind
AND {0}.from_quantity = {1}.from_quantity
"""
SET_HELD = f"""
UPDATE {FILE} b SET held_id = h.id FROM services_price h
WHERE {SAME_BAND.format("h", "b")} AND h.starts_on = b.starts_on;
CREATE INDEX ON {FILE} (contract_id, item_id, kind, from_quantity, starts_on);
CREATE INDEX ON {FILE} (held_id);
ANALYZE {FILE}
"""
BAND = "contract_id, item_id, kind, from_quantity"
OVERLAPS_IN_FILE = f"""
SELECT line, before FROM (
    SELECT line, starts_on, lag(line) OVER band AS before,
           max(COALESCE(ends_on, 'infinity')) OVER (
               band ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
    FROM {FILE} WINDOW band AS (PARTITION BY {BAND} ORDER BY starts_on, line)
) ordered WHERE until > starts_on ORDER BY line
"""
# Half-open days of two rows that have one in common.
OVERLAP = """
b.starts_on < COALESCE(h.ends_on, 'infinity') AND h.starts_on < COALESCE(b.ends_on, 'infinity')
"""
REWRITTEN = f"""
SELECT b.line, h.starts_on, h.amount FROM {FILE} b JOIN services_price h ON h.id = b.held_id
WHERE h.starts_on <= %(day)s
  AND (h.amount, h.term_months) IS DISTINCT FROM (b.amount, b.term_months)
ORDER BY b.line
"""
MOVED = f"""
SELECT b.line, h.ends_on FROM {FILE} b JOIN services_price h ON h.id = b.held_id
WHERE h.ends_on <= %(day)s AND h.ends_on IS DISTINCT FROM b.ends_on ORDER BY b.line
"""
LACKING = f"NOT EXISTS (SELECT FROM {FILE} kept WHERE kept.held_id = h.id)"
OF_THE_FILE = f"h.contract_id IN (SELECT DISTINCT contract_id FROM {FILE})"
OVER_WHAT_HELD = f"""
SELECT b.line, h.starts_on, h.ends_on, h.amount
FROM {FILE} b JOIN services_price h ON {SAME_BAND.format("h", "b")} AND {OVERLAP}
WHERE {LACKING} AND (h.ends_on <= %(day)s OR (h.starts_on <= %(day)s AND b.starts_on < h.starts_on))
ORDER BY b.line
"""
# What is held, not over yet, and not in the file, with the day that ends it.
CREATE_GONE = f"""
CREATE TEMPORARY TABLE {GONE} ON COMMIT DROP AS
SELECT h.id, h.contract_id, h.item_id, h.kind, h.from_quantity, h.amount, h.starts_on, h.ends_on,
       h.starts_on > %(day)s AS is_withdrawn, next.line AS next_line,
       LEAST(h.ends_on, COALESCE(next.starts_on, %(day)s::date + 1)) AS new_end
FROM services_price h LEFT JOIN LATERAL (
    SELECT b.line, b.starts_on FROM {FILE} b
    WHERE {SAME_BAND.format("b", "h")} AND b.starts_on > h.starts_on
      AND b.starts_on < COALESCE(h.ends_on, 'infinity')
    ORDER BY b.starts_on LIMIT 1
) next ON h.starts_on <= %(day)s
WHERE {OF_THE_FILE} AND (h.ends_on IS NULL OR h.ends_on > %(day)s) AND {LACKING};
CREATE INDEX ON {GONE} (next_line);
ANALYZE {GONE}
"""
CREATE_CHANGES = f"""
CREATE TEMPORARY TABLE {CHANGES} ON COMMIT DROP AS
WITH book AS (
    SELECT b.*, lag(amount) OVER band AS before, lag(ends_on) OVER band AS ended,
           lead(starts_on) OVER band AS next_on
    FROM {FILE} b WINDOW band AS (PARTITION BY {BAND} ORDER BY starts_on)
)
SELECT CASE WHEN COALESCE(g.amount, p.amount) IS NULL THEN 'ADDED' ELSE 'CHANGED' END AS what,
       b.contract_id, b.item_id, b.kind, b.from_quantity,
       COALESCE(g.amount, p.amount) AS old_amount, b.amount AS new_amount, b.starts_on AS on_day
FROM book b LEFT JOIN {GONE} g ON g.next_line = b.line AND NOT g.is_withdrawn
CROSS JOIN LATERAL (SELECT CASE WHEN b.ended = b.starts_on THEN b.before END AS amount) p
WHERE b.held_id IS NULL
UNION ALL
SELECT CASE WHEN (h.amount, h.term_months) IS DISTINCT FROM (b.amount, b.term_months)
            THEN 'CHANGED'
            WHEN b.ends_on < COALESCE(h.ends_on, 'infinity') THEN 'ENDED'
            ELSE 'PROLONGED' END,
       b.contract_id, b.item_id, b.kind, b.from_quantity, h.amount,
       CASE WHEN b.ends_on < COALESCE(h.ends_on, 'infinity') AND h.amount = b.amount THEN NULL
            ELSE b.amount END,
       CASE WHEN (h.amount, h.term_months) IS DISTINCT FROM (b.amount, b.term_months)
            THEN b.starts_on ELSE COALESCE(LEAST(b.ends_on, h.ends_on), b.starts_on) END
FROM book b JOIN services_price h ON h.id = b.held_id
WHERE (h.amount, h.term_months, h.ends_on) IS DISTINCT FROM (b.amount, b.term_months, b.ends_on)
  AND NOT ((h.amount, h.term_months) IS NOT DISTINCT FROM (b.amount, b.term_months)
           AND b.ends_on IS NOT NULL AND b.next_on IS NOT DISTINCT FROM b.ends_on
           AND b.ends_on < COALESCE(h.ends_on, 'infinity'))
UNION ALL
SELECT CASE WHEN is_withdrawn THEN 'WITHDRAWN' ELSE 'ENDED' END,
       contract_id, item_id, kind, from_quantity, amount, NULL,
       CASE WHEN is_withdrawn THEN starts_on ELSE new_end END
FROM {GONE}
WHERE is_withdrawn OR (next_line IS NULL AND new_end IS DISTINCT FROM ends_on)
"""
UNCHANGED = f"""
SELECT count(*) FROM {FILE} b JOIN services_price h ON h.id = b.held_id
WHERE (h.amount, h.term_months, h.ends_on)
      IS NOT DISTINCT FROM (b.amount, b.term_months, b.ends_on)
"""
DIFFERENCES = f"""
SELECT d.what, council.short_name, c.reference, i.code, d.kind, d.from_quantity, d.old_amount,
       d.new_amount, d.on_day
FROM {CHANGES} d JOIN services_contract c ON c.id = d.contract_id
JOIN boroughs_council council ON council.id = c.council_id
JOIN services_catalogueitem i ON i.id = d.item_id
ORDER BY c.reference, c.id, i.code, d.kind DESC, d.from_quantity, d.on_day, d.what
LIMIT {DIFFERENCES_KEPT}
"""
# What lines on the first of a band's prices would be on once the last of them holds.
CHANGED_PRICES = f"""
SELECT contract_id, item_id, from_quantity,
       (array_agg(old_amount ORDER BY on_day))[1] AS old_amount,
       (array_agg(new_amount ORDER BY on_day DESC))[1] AS new_amount
FROM {CHANGES} WHERE what = 'CHANGED' AND kind = 'RECURRING'
GROUP BY contract_id, item_id, from_quantity
"""
CHANGES_OF_CONTRACTS = f"SELECT contract_id, what, count(*) FROM {CHANGES} GROUP BY 1, 2"
# A raised price may outlive the one that it was raised from only without pointing at it.
FREE_WITHDRAWN = f"""
UPDATE services_price SET raised_from_id = NULL
WHERE raised_from_id IN (SELECT id FROM {GONE} WHERE is_withdrawn)
"""
WITHDRAW = f"DELETE FROM services_price WHERE id IN (SELECT id FROM {GONE} WHERE is_withdrawn)"
END = f"""
UPDATE services_price h SET ends_on = g.new_end FROM {GONE} g
WHERE g.id = h.id AND NOT g.is_withdrawn AND h.ends_on IS DISTINCT FROM g.new_end
"""
REWRITE = f"""
UPDATE services_price h SET amount = b.amount, term_months = b.term_months, ends_on = b.ends_on
FROM {FILE} b WHERE b.held_id = h.id
  AND (h.amount, h.term_months, h.ends_on) IS DISTINCT FROM (b.amount, b.term_months, b.ends_on)
"""
REWRITE_SHORTER = f"""
{REWRITE} AND b.ends_on < COALESCE(h.ends_on, 'infinity')
"""
INSERT = f"""
INSERT INTO services_price
    (contract_id, item_id, kind, from_quantity, amount, term_months, starts_on, ends_on)
SELECT contract_id, item_id, kind, from_quantity, amount, term_months, starts_on, ends_on
FROM {FILE} WHERE held_id IS NULL ORDER BY {BAND}, starts_on
"""
assert Price._meta.db_table == "services_price"  # noqa: S101, the statements above name it

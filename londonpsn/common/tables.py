"""A list as people see it: on a page, sorted and paged, and as a file with the same rows.

A view says once what its columns are. ``?sort=`` and ``?page=`` move through the page,
``?format=csv`` and ``?format=xlsx`` give every row that the filter finds. ``?sample=`` and
``?seed=`` draw some of them at random, always the same ones for a seed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import md5
from itertools import islice
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast, Concat
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.text import slugify

from londonpsn.common import tabular
from londonpsn.common.errors import BadInput

ROWS_A_PAGE = 25
CHUNK = 2_000  # rows of a file that are made at once
LARGEST_SAMPLE, LONGEST_SEED = 1_000, 40
TRAIL_VIEW = "TRAIL_VIEW"  # boroughs.authorization.Permission: who draws samples
# Told of every file that is sent: the request, the list's name, its format, and the council
# (boroughs.models.Council) that the page is of, None where it is of none or the address names it.
ON_DOWNLOAD: list[Callable[[HttpRequest, str, str, Any], None]] = []


class Kind(StrEnum):
    """How a cell is written."""

    TEXT = "text"
    REFERENCE = "reference"  # never broken
    COUNT = "count"
    POUNDS = "pounds"
    SHARE = "share"
    DAY = "day"
    LAST_DAY = "last_day"  # stored as the first day without
    MONTH = "month"
    MOMENT = "moment"


NUMERIC = {Kind.COUNT, Kind.POUNDS, Kind.SHARE}


@dataclass(frozen=True)
class Column:
    """One column: ``name`` heads it in files, ``label`` on the page.

    ``value`` takes a row, by default its attribute ``name``; ``sub`` gives a second line and
    ``link`` an address. ``order_by`` is the field of the query, or of the row, that it is sorted
    by. ``template`` draws a cell that is more than text, from ``value`` and ``row``. ``unknown``
    are the words for None.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    value: Callable[[Any], Any] | None = None
    sub: Callable[[Any], str] | None = None
    link: Callable[[Any], str] | None = None
    order_by: str = ""
    template: str = ""
    unknown: str = "not known"
    on_page: bool = True
    in_file: bool = True

    def of(self, row) -> Any:
        return self.value(row) if self.value else getattr(row, self.name)

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC


@dataclass(frozen=True)
class Heading:
    column: Column
    address: str  # sorts by it; empty when it cannot
    order: str  # "ascending", "descending" or empty


@dataclass(frozen=True)
class Cell:
    column: Column
    value: Any
    sub: str
    link: str


@dataclass(frozen=True)
class ShownRow:
    row: Any
    cells: list[Cell]
    css: str
    tick: str
    weight: Any
    group: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows drawn at random: how many at most, and the words by which they are drawn again."""

    size: int
    seed: str


@dataclass(frozen=True, slots=True)
class Draw:
    """What ``components/sample.html`` says and asks: a sample drawn, or one to draw.

    ``kept`` are the address's other fields, ``whole`` the address of the whole list.
    """

    name: str
    sample_field: str
    seed_field: str
    sample: Sample | None
    drawn: int
    total: int
    kept: list[tuple[str, str]]
    whole: str


@dataclass(frozen=True)
class ShownTable:
    """A table ready for ``components/table.html``."""

    table: "Table"
    headings: list[Heading]
    rows: list[ShownRow]
    page: Page
    page_numbers: list
    query: str  # the address's other fields
    page_field: str
    has_ticks: bool
    csv: str
    xlsx: str
    draw: Draw | None


@dataclass
class Table:
    """A list: its columns, and rows from a query or a sequence.

    ``row`` makes what the columns look at of an item of ``rows``; ``several`` makes them of many
    items at once, where one query serves all. ``order`` is how a query is sorted unless the person
    says otherwise; it ends in a unique field. ``name`` tells several tables of one page apart, and
    names the file unless ``file`` does. With ``is_wide`` it scrolls sideways on a phone
    instead of becoming cards. ``file_if_empty`` are rows of a file that has none, as cells by the
    names of their columns. ``css``, ``tick`` and ``anchor`` take a row: a class, the value of
    its box, and its id on the page.
    """

    name: str
    columns: Sequence[Column]
    rows: QuerySet | Sequence
    caption: str
    scope: str = ""
    order: Sequence[str] = ("pk",)
    row: Callable[[Any], Any] = lambda item: item
    several: Callable[[list], Iterable] | None = None
    file: str = ""
    file_if_empty: Sequence[Mapping[str, Any]] = ()
    css: Callable[[Any], str] = lambda row: ""
    tick: Callable[[Any], Any] | None = None
    weigh: Callable[[Any], Any] = lambda row: None  # what a ticked row adds to the bar's sum
    anchor: Callable[[Any], str] = lambda row: ""
    group: Callable[[Any], str] = lambda row: ""  # ticked rows of two groups have no common sum
    form: str = ""  # the id of the form that the boxes belong to
    has_files: bool = True
    empty: str = "There is nothing here yet."
    a_page: int = ROWS_A_PAGE
    is_wide: bool = False
    is_first: bool = True  # it owns ?sort= and ?page=; others put their name before
    foot: Sequence = field(default_factory=list)  # rows of cells under the table
    total: int | None = None  # how many rows, where the page knows: they are not counted again

    def on_page(self, request: HttpRequest) -> ShownTable:
        """Return the page of the table that the address asks for."""
        sort, number = (request.GET.get(self._field(name)) for name in ("sort", "page"))
        sample = self._sample_asked(request)
        rows = self._sorted(sort, self._drawn(sample))
        paginator = Paginator(rows, self.a_page)
        if self.total is not None and sample is None:
            paginator.count = self.total
        page = paginator.get_page(number)
        columns = [column for column in self.columns if column.on_page]
        return ShownTable(
            table=self,
            headings=[self._heading(request, column, sort) for column in columns],
            rows=[self._shown(row, columns) for row in self._rows_of(list(page.object_list))],
            page=page,
            page_numbers=list(
                page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
            ),
            query=_query(request, without=[self._field("page")]),
            page_field=self._field("page"),
            has_ticks=self.tick is not None,
            csv=self._file_address(request, "csv"),
            xlsx=self._file_address(request, "xlsx"),
            draw=self._draw(request, sample, page.paginator),
        )

    def in_file(self, request: HttpRequest, how: str) -> StreamingHttpResponse:
        """Return every row as a file that is written while it is sent."""
        columns = [column for column in self.columns if column.in_file]
        rows = self._drawn(self._sample_asked(request))
        items = self._sorted(request.GET.get(self._field("sort")), rows)
        header = [column.name for column in columns]
        write, content_type = WRITERS[how]
        rows = self._cells_in_file(columns, items)
        response = StreamingHttpResponse(write(header, rows), content_type=content_type)
        file = f"{self.file or slugify(self.name)}.{how}"
        response["Content-Disposition"] = f'attachment; filename="{file}"'
        return response

    def _cells_in_file(self, columns: Sequence[Column], items) -> Iterator[list]:
        is_empty = True
        for row in self._rows_in_chunks(items):
            is_empty = False
            yield [column.of(row) for column in columns]
        for cells in self.file_if_empty if is_empty else ():
            yield [cells.get(column.name) for column in columns]

    def _field(self, name: str) -> str:
        return name if self.is_first else f"{self.name}-{name}"

    def _rows_of(self, items: list) -> Iterable:
        return self.several(items) if self.several else map(self.row, items)

    def _rows_in_chunks(self, items: QuerySet | Sequence) -> Iterator:
        left = iter(items.iterator(CHUNK) if isinstance(items, QuerySet) else items)
        while chunk := list(islice(left, CHUNK)):
            yield from self._rows_of(chunk)

    def _sample_asked(self, request) -> Sample | None:
        """Return the sample that the address asks for; raises BadInput for one that cannot be."""
        size, seed = (request.GET.get(self._field(name), "").strip() for name in ("sample", "seed"))
        if not size:
            return None
        if not (size.isascii() and size.isdecimal() and 1 <= int(size[:9]) <= LARGEST_SAMPLE):
            raise BadInput(
                f"“{size}” is no size of a sample. Write a number from 1 to {LARGEST_SAMPLE:,}."
            )
        if not 1 <= len(seed) <= LONGEST_SEED:
            raise BadInput(
                f"A sample has a seed of 1 to {LONGEST_SEED} characters, by which the same rows "
                "are drawn again, for example 2014-Q2."
            )
        return Sample(int(size), seed)

    def _drawn(self, sample: Sample | None) -> QuerySet | Sequence:
        """Return the rows, or those of the sample: the same for a seed, however they are sorted.

        The rows with the lowest digests of seed and key are drawn; the key of a row that is in no
        table is all that a file says of it.
        """
        if sample is None:
            return self.rows
        if isinstance(self.rows, QuerySet) and not self.rows.query.combinator:
            digest = MD5(Concat(Value(f"{sample.seed}|"), Cast("pk", TextField())))
            keys = self.rows.order_by(digest, "pk").values("pk")[: sample.size]
            return self.rows.filter(pk__in=keys)
        columns = [column for column in self.columns if column.in_file]

        def place(numbered) -> tuple[str, int]:
            number, row = numbered
            cells = "|".join(str(column.of(row)) for column in columns)
            return md5(f"{sample.seed}|{cells}".encode(), usedforsecurity=False).hexdigest(), number

        items = list(self.rows)
        first = sorted(enumerate(self._rows_of(items)), key=place)[: sample.size]
        return [items[number] for number in sorted(number for number, _ in first)]

    def _draw(self, request, sample: Sample | None, paginator: Paginator) -> Draw | None:
        """Return the sample shown, or one to draw: for who reads trails, of what has more pages."""
        is_long = self.has_files and paginator.num_pages > 1
        if sample is None and not (is_long and _draws_samples(request.user)):
            return None
        own = [self._field(name) for name in ("sample", "seed", "page")]
        left_out = {*own, "format", "table"}
        kept = [(k, v) for k, some in request.GET.lists() for v in some if k not in left_out]
        return Draw(
            name=self.name,
            sample_field=own[0],
            seed_field=own[1],
            sample=sample,
            drawn=paginator.count,
            total=paginator.count if sample is None else self._size(),
            kept=kept,
            whole=_query(request, own),
        )

    def _size(self) -> int:
        return self.rows.count() if isinstance(self.rows, QuerySet) else len(self.rows)

    def _sorted(self, sort: str | None, rows: QuerySet | Sequence):
        name, falls = (sort or "").removeprefix("-"), (sort or "").startswith("-")
        column = next((c for c in self.columns if c.order_by and c.name == name), None)
        if isinstance(rows, QuerySet):
            if column is None:
                return rows.order_by(*self.order)
            by = F(column.order_by)
            by = by.desc(nulls_last=True) if falls else by.asc(nulls_last=True)
            return rows.order_by(by, *self.order)
        if column is None:
            return rows
        known = [row for row in rows if getattr(row, column.order_by) is not None]
        known.sort(key=lambda row: getattr(row, column.order_by), reverse=falls)
        return known + [row for row in rows if getattr(row, column.order_by) is None]

    def _heading(self, request, column: Column, sort: str | None) -> Heading:
        if not column.order_by:
            return Heading(column, "", "")
        orders = {column.name: "ascending", f"-{column.name}": "descending"}
        order = orders.get(sort or "", "")
        towards = f"-{column.name}" if order == "ascending" else column.name
        fields = {self._field("sort"): towards}
        return Heading(column, _query(request, [self._field("page")], **fields), order)

    def _shown(self, row, columns: Sequence[Column]) -> ShownRow:
        cells = [
            Cell(
                column,
                column.of(row),
                (column.sub(row) or "") if column.sub else "",
                (column.link(row) or "") if column.link else "",
            )
            for column in columns
        ]
        tick = str(self.tick(row)) if self.tick else ""
        return ShownRow(
            row, cells, self.css(row), tick, self.weigh(row), self.group(row), self.anchor(row)
        )

    def _file_address(self, request, how: str) -> str:
        return _query(request, [self._field("page")], format=how, table=self.name)


def _draws_samples(user) -> bool:
    return user.is_authenticated and user.access.allows_anywhere(TRAIL_VIEW)


def file_asked(
    request: HttpRequest, *tables: Table, council: Any = None
) -> StreamingHttpResponse | None:
    """Return the file that ``?format=`` asks for, of the table that ``?table=`` names, else None.

    ``council`` is the one that a page is of whose address does not name it. Raises BadInput for a
    format or table that there is not.
    """
    how = request.GET.get("format")
    if not how:
        return None
    if how not in WRITERS:
        raise BadInput(f"“{how}” is no format of a file. Ask for {' or '.join(WRITERS)}.")
    name = request.GET.get("table", tables[0].name)
    table = next((table for table in tables if table.name == name), None)
    if table is None:
        names = ", ".join(table.name for table in tables)
        raise BadInput(f"There is no table “{name}” on this page. There is: {names}.")
    tell_of_download(request, name, how, council)
    return table.in_file(request, how)


def tell_of_download(request: HttpRequest, name: str, how: str, council=None) -> None:
    """Have it written that a list is sent as a file; for a file that is no Table's too."""
    for told in ON_DOWNLOAD:
        told(request, name, how, council)


WRITERS: dict[str, tuple[Callable[..., Iterator], str]] = {
    "csv": (tabular.csv_file, "text/csv; charset=utf-8"),
    "xlsx": (
        tabular.workbook,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


def _query(request: HttpRequest, without: Sequence[str] = (), **fields: str) -> str:
    """Return the address's query without some of its fields, and with others."""
    query = request.GET.copy()
    for name in (*without, "format", "table"):
        query.pop(name, None)
    for name, value in fields.items():
        query[name] = value
    return query.urlencode()

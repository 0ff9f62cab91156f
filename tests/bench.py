"""`make bench`: the portal's figures at london size, as ratios, and written to build/bench.json.

Times on one machine mean little; the ratio beside what they are held against does. Each pair is run
in turn, and the median of the runs counts.
"""

import gc
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "londonpsn.settings")
os.environ.setdefault("API_REQUESTS_A_MINUTE", "1000000")  # it is not the limit that is measured
django.setup()

import duckdb  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from boroughs import jobs  # noqa: E402
from boroughs.actions.tokens import create_token  # noqa: E402
from boroughs.models import Council, User  # noqa: E402
from londonpsn.common import clock  # noqa: E402
from londonpsn.common.importers import Upload  # noqa: E402
from londonpsn.embedded import processes  # noqa: E402
from procurement.actions import payments  # noqa: E402
from procurement.actions.savings import recompute  # noqa: E402
from procurement.models import SavingsByMonth, SavingsCoverage, SavingsMonth  # noqa: E402
from services.actions import prices  # noqa: E402
from services.models import CatalogueItem, Contract  # noqa: E402
from services.queries.prices import price_for  # noqa: E402
from tests.conftest import sign_in  # noqa: E402
from tests.journeys.conftest import free_port, is_open, wait_for  # noqa: E402

RUNS = 7
SECONDS = 8
CLIENTS = 4
WORKERS = 2
RESULTS = Path(settings.BASE_DIR) / "build" / "bench.json"
TABLES = {
    "services_replacement": "id, body_id, service_type_id",
    "services_replacementline": "replacement_id, line_id, side",
    "services_line": "id, contract_id, billed_from, billed_until",
    "services_charge": "line_id, kind, amount, starts_on, ends_on",
    "services_baseline": "replacement_id, version, amount, starts_on, ends_on",
    "boroughs_body": "id, council_id, kind",
}

# Every month at the key that the portal keeps, from the same rows.
EVERY_MONTH = """
CREATE OR REPLACE TABLE result AS
WITH grouped AS (
    SELECT r.id, body.council_id, body.kind AS body_kind, r.service_type_id,
           b.amount, b.starts_on, b.ends_on
    FROM services_replacement r
    JOIN boroughs_body body ON body.id = r.body_id
    JOIN services_baseline b ON b.replacement_id = r.id
    QUALIFY ROW_NUMBER() OVER (PARTITION BY r.id ORDER BY b.version DESC) = 1
),
member AS (
    SELECT g.id AS group_id, m.side, m.line_id, l.contract_id, l.billed_from,
           GREATEST(l.billed_from, g.starts_on) AS starts_on,
           LEAST(l.billed_until, g.ends_on) AS ends_on
    FROM grouped g
    JOIN services_replacementline m ON m.replacement_id = g.id
    JOIN services_line l ON l.id = m.line_id
),
charge AS (
    SELECT m.group_id, m.line_id, m.side, c.kind, c.amount, c.starts_on AS charged_on,
           GREATEST(c.starts_on, m.starts_on) AS starts_on, LEAST(c.ends_on, m.ends_on) AS ends_on
    FROM member m JOIN services_charge c ON c.line_id = m.line_id
),
priced AS (
    SELECT line_id, SUM(ends_on - starts_on) AS days
    FROM charge WHERE kind = 'RECURRING' AND starts_on < ends_on GROUP BY line_id
),
composed AS (
    SELECT m.group_id,
           CASE WHEN BOOL_OR(m.side = 'NEW') THEN MIN(m.contract_id) FILTER (WHERE m.side = 'NEW')
                ELSE MIN(m.contract_id) END AS contract_id,
           BOOL_AND(m.ends_on <= m.starts_on OR COALESCE(p.days, 0) = m.ends_on - m.starts_on
                    OR (m.side = 'NEW' AND m.billed_from IS NULL AND COALESCE(p.days, 0) > 0))
               AS money_is_known
    FROM member m LEFT JOIN priced p USING (line_id) GROUP BY m.group_id
),
keyed AS (
    SELECT g.*, c.contract_id FROM grouped g JOIN composed c ON c.group_id = g.id
    WHERE c.money_is_known
),
span AS (
    SELECT id AS group_id, 'B' AS what, amount, starts_on, ends_on FROM keyed
    UNION ALL
    SELECT group_id, CASE side WHEN 'OLD' THEN 'L' ELSE 'N' END, amount, starts_on, ends_on
    FROM charge WHERE kind = 'RECURRING' AND starts_on < ends_on
),
paid AS (
    SELECT s.group_id, s.what, month.first AS month,
           CASE WHEN s.starts_on <= month.first AND s.ends_on >= month.next THEN ROUND(s.amount, 2)
                ELSE ROUND(s.amount * (LEAST(s.ends_on, month.next) - GREATEST(s.starts_on,
                    month.first)) / (month.next - month.first), 2)::DECIMAL(14, 2) END AS pounds
    FROM span s JOIN month ON s.starts_on < month.next AND s.ends_on > month.first
    UNION ALL
    SELECT c.group_id, 'X', DATE_TRUNC('month', c.charged_on)::date, ROUND(c.amount, 2)
    FROM charge c JOIN grouped g ON g.id = c.group_id
    WHERE c.kind = 'ONE_OFF' AND c.charged_on >= g.starts_on AND c.charged_on < g.ends_on
)
SELECT k.council_id, k.body_kind, k.service_type_id, k.contract_id, p.month,
       SUM(pounds) FILTER (WHERE what = 'B') AS baseline,
       SUM(pounds) FILTER (WHERE what = 'L') AS legacy,
       SUM(pounds) FILTER (WHERE what = 'N') AS new,
       SUM(pounds) FILTER (WHERE what = 'X') AS one_off
FROM paid p JOIN keyed k ON k.id = p.group_id
GROUP BY 1, 2, 3, 4, 5
"""

results: dict[str, dict] = {}


def main() -> None:
    call_command("migrate", verbosity=0)
    started = time.perf_counter()
    os.environ["DEMO"] = "london"
    call_command("set_up")
    note("set_up_london", time.perf_counter() - started, "s", 90, "90 s from a first start")
    savings_against_duckdb()
    pages()
    requests()
    imports()
    price_import()
    price_lookup()
    show()


def savings_against_duckdb() -> None:
    """Full and one-council recompute, reading and writing included, beside DuckDB."""
    councils = list(Council.objects.order_by("pk").values_list("pk", flat=True))
    lake, pool = fill_duckdb(), ThreadPoolExecutor(WORKERS)
    size = jobs.COUNCILS_A_BATCH
    batches = [councils[at : at + size] for at in range(0, len(councils), size)]

    def one_batch(batch):
        with transaction.atomic():
            recompute(batch)

    def full():
        """All batches in two sessions, as the two processes of the worker do them."""
        list(pool.map(one_batch, batches))

    def one():
        one_batch(councils[6:7])

    def empty(*only):
        for model in (SavingsMonth, SavingsCoverage):
            rows = model.objects.filter(council__in=only) if only else model.objects.all()
            rows.delete()

    times = in_turn(
        {
            "full": (empty, full),
            "duckdb": (lambda: None, lambda: lake.execute(EVERY_MONTH)),
            "one": (lambda: empty(councils[6]), one),
        }
    )
    list(pool.map(lambda _: connection.close() or time.sleep(0.1), range(WORKERS)))
    pool.shutdown()
    check_equal(lake)
    note("savings_full_london", times["full"], "s", times["duckdb"], "DuckDB, every month")
    note("savings_one_council_london", times["one"], "s", times["full"], "the full recompute")


def fill_duckdb() -> duckdb.DuckDBPyConnection:
    lake = duckdb.connect()
    lake.execute(f"SET threads = {os.cpu_count()}")
    for table, columns in TABLES.items():
        path = Path(os.environ["PORTAL_DATA"]) / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file, connection.cursor() as cursor:
            select = f"COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT csv, HEADER)"
            cursor.copy_expert(select, file)
        lake.execute(
            f"CREATE TABLE {table} AS SELECT * FROM read_csv('{path}', types = "
            "{'amount': 'DECIMAL(14, 4)'})"
            if "amount" in columns
            else f"CREATE TABLE {table} AS SELECT * FROM read_csv('{path}')"
        )
    lake.execute(
        "CREATE TABLE month AS SELECT m::date AS first, (m + INTERVAL 1 MONTH)::date AS next"
        " FROM generate_series(DATE '2013-04-01', DATE '2018-03-01', INTERVAL 1 MONTH) s(m)"
    )
    return lake


def check_equal(lake: duckdb.DuckDBPyConnection) -> None:
    """Both have to come to the same, row by row, or their times say nothing."""
    columns = ("council_id", "body_kind", "service_type_id", "contract_id", "month")
    amounts = ("baseline", "legacy", "new", "one_off")
    ours = set(SavingsByMonth.objects.values_list(*columns, *amounts))
    coalesced = ", ".join(f"COALESCE({amount}, 0)" for amount in amounts)
    theirs = lake.execute(f"SELECT {', '.join(columns)}, {coalesced} FROM result").fetchall()
    assert ours == set(theirs), f"{len(ours)} rows here, {len(theirs)} in DuckDB"


def in_turn(what: dict[str, tuple[Callable, Callable]]) -> dict[str, float]:
    """Run each in turn, after its preparation, and return the median seconds."""
    times: dict[str, list[float]] = {name: [] for name in what}
    for _ in range(RUNS + 1):
        for name, (prepare, run) in what.items():
            prepare()
            started = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def pages() -> None:
    """Milliseconds of one request in one process (95th percentile), and bytes on the wire."""
    officer, auditor = (
        sign_in(
            Client(headers={"Accept-Encoding": "gzip", "Host": "localhost"}),
            User.objects.get(email=f"{who}@london-grid.demo.example"),
        )
        for who in ("programme", "auditor")
    )
    addresses = {
        "london": "/london/psn-network/",
        "council": "/c/lambeth/",
        "lines": "/c/lambeth/lines/",
        "all_lines": "/c/all/lines/?stage=CLOSED",
        "savings": "/c/all/savings/",
        "prices": "/c/all/prices/",
        "calloffs": "/c/all/calloffs/",
        "what_ends_when": "/c/all/expiring/",
        "publish": "/c/all/publish/",
        "compare": "/c/lambeth/compare/?family=wan&quantity=1&months=36",
        "search_part": "/search/?q=library",
        "search_reference": "/search/?q=cmd-hq01",
        "search_misspelt": "/search/?q=libary",
        "exceptions": "/c/all/exceptions/",
    }
    gc.freeze()  # as a worker does with what it has loaded (wsgi.py)
    for name, address in addresses.items():
        client = auditor if name == "exceptions" else officer
        taken = []
        client.get(address)  # a worker that has just begun compiles its templates
        for _ in range(40):
            started = time.perf_counter()
            response = client.get(address)
            taken.append(1000 * (time.perf_counter() - started))
            assert response.status_code == 200
        p95 = statistics.quantiles(taken, n=20)[-1]
        note(f"page_{name}_p95", p95, "ms", 150, "150 ms")
        note(f"page_{name}_bytes", len(response.content) / 1000, "kB", 30, "30 kB after the first")


def requests() -> None:
    """Requests a second that two gunicorn workers answer."""
    user = User.objects.get(email="programme@london-grid.demo.example")
    secret = create_token(
        user=user, name="bench", at=clock.now(), expires_at=clock.now() + timedelta(days=1)
    )
    client = Client()
    sign_in(client, user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    port = free_port()
    server = processes.spawn(
        [
            *(sys.executable, "-m", "gunicorn", "londonpsn.wsgi", "--bind", f"127.0.0.1:{port}"),
            *("--workers", str(WORKERS), "--threads", "2", "--preload", "--no-control-socket"),
            *("--log-level", "error"),
        ],
        end_with=signal.SIGTERM,
        cwd=settings.BASE_DIR,
    )
    try:
        wait_for(lambda: is_open(("127.0.0.1", port)))
        token = {"Authorization": f"Token {secret}"}
        session = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
        rate = answered(port, "/api/v1/lines/?limit=100", token)
        note("api_lines_100", rate, "requests/s", 60, "60 a second")
        note("page_london", answered(port, "/london/psn-network/", session), "requests/s", None, "")
    finally:
        processes.end(server, signal.SIGTERM, time.monotonic() + 10)


def answered(port: int, path: str, headers: dict) -> float:
    counts = [0] * CLIENTS

    def ask(number: int, end: float) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port)
        while time.monotonic() < end:
            link.request("GET", path, headers=headers | {"Host": "localhost"})
            answer = link.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            counts[number] += 1

    for seconds in (1, SECONDS):  # the first second warms up
        counts[:] = [0] * CLIENTS
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=ask, args=(n, end)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sum(counts) / SECONDS


def imports() -> None:
    """Rows a second of a payment file, every tenth of a known supplier, and all of them."""
    folder = Path(os.environ["PORTAL_DATA"])
    rows = 20_000
    for name, known_every in (("tenth", 10), ("all", 1)):
        path = folder / f"{name}-Sept2011.csv"
        with path.open("w") as file:
            file.write("Supplier Name,Payment Date,Net Amount,Transaction Number\n")
            for number in range(rows):
                supplier = "BT Redcare" if number % known_every == 0 else f"Somebody {number}"
                file.write(f'{supplier},15/09/2011,"1,234.50",{number}\n')
        started = time.perf_counter()
        upload = Upload(path=path, name=path.name, at=clock.now(), council_code="LBH")
        report = payments.load(upload)
        assert report.read == rows
        rate = rows / (time.perf_counter() - started)
        note(f"import_payments_{name}_known", rate, "rows/s", 5_000, "5,000 a second")


def price_import() -> None:
    """Rows a second of a price book: new prices, and the same book held against what is there."""
    rows = 100_000
    path = price_book_of(rows)
    memory = {some: megabytes_to_load(price_book_of(some)) for some in (1_000, rows)}
    note("price_import_memory", memory[rows], "MB", memory[1_000], "the process with 1,000 rows")
    for name, new in (("new", rows), ("same", 0)):
        started = time.perf_counter()
        day = {"at": clock.now(), "on": clock.today()}
        report = prices.load(Upload(path=path, name=path.name, council_code="LBH", **day))
        assert (report.read, report.added) == (rows, new)
        rate = rows / (time.perf_counter() - started)
        note(f"price_import_{name}", rate, "rows/s", 5_000, "5,000 a second")


def price_book_of(rows: int) -> Path:
    path = Path(os.environ["PORTAL_DATA"]) / f"book-{rows}.csv"
    items = list(CatalogueItem.objects.order_by("pk").values_list("code", flat=True)[:20])
    with path.open("w") as file:
        file.write("contract,item,kind,from_quantity,amount,starts_on\n")
        for number in range(rows):
            item, quantity = items[number % len(items)], number // len(items) + 2
            file.write(f"LBH/LONDONPSN,{item},RECURRING,{quantity},{quantity}.50,2014-07-01\n")
    return path


LOAD_AND_TELL = """
import sys
import django
django.setup()
from django.core.management import call_command
call_command("load", "prices", sys.argv[1], "--council", "LBH", "--dry-run", stdout=sys.stderr)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def megabytes_to_load(path: Path) -> float:
    """The most memory that a process of its own takes to look a price book over.

    By its own page table: getrusage() of a child starts at what its parent holds.
    """
    said = subprocess.run(
        [sys.executable, "-c", LOAD_AND_TELL, str(path)],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(said.stdout) / 1_000


def price_lookup() -> None:
    """What an order's page asks of the book, a hundred thousand bands in it: one query."""
    contract = Contract.objects.get(reference="LBH/LONDONPSN")
    item = CatalogueItem.objects.order_by("pk").first()
    taken = []
    for _ in range(100):
        started = time.perf_counter()
        assert price_for(contract, item, 7, clock.today())
        taken.append(1000 * (time.perf_counter() - started))
    note("price_lookup_p95", statistics.quantiles(taken, n=20)[-1], "ms", 150, "150 ms")


def note(name: str, value: float, unit: str, against: float | None, words: str) -> None:
    ratio = value / against if against else None
    results[name] = {
        "value": round(value, 4),
        "unit": unit,
        "ratio": ratio and round(ratio, 3),
        "against": words,
    }


def show() -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(f"{'':34} {'value':>10} {'':11} {'ratio':>7}  against")
    for name, row in results.items():
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.3f}"
        print(f"{name:34} {row['value']:>10,.3f} {row['unit']:11} {ratio:>7}  {row['against']}")


if __name__ == "__main__":
    main()

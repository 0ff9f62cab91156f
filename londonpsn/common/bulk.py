"""Many rows at once by COPY: the route of loads that bulk_create is too slow for."""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import connection
from django.db.models import Model

ROWS_AT_A_TIME = 5_000


def copy_rows(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence]) -> int:
    """Add rows to the model's table and return how many; constraints and triggers hold as ever.

    ``columns`` are database columns; a None becomes NULL. Call it inside a transaction.
    """
    return copy_into(model._meta.db_table, columns, rows)


def copy_into(table: str, columns: Sequence[str], rows: Iterable[Sequence]) -> int:
    """Do as copy_rows does, for a table that is no model's; memory stays flat."""
    names = ", ".join(f'"{name}"' for name in columns)
    sql = f"COPY \"{table}\" ({names}) FROM STDIN (FORMAT csv, NULL '\\N')"
    rows, count = iter(rows), 0
    with connection.cursor() as cursor:
        while part := list(islice(rows, ROWS_AT_A_TIME)):
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerows(["\\N" if cell is None else cell for cell in row] for row in part)
            text.seek(0)
            cursor.copy_expert(sql, text)
            count += len(part)
    return count


def reserve_keys(model: type[Model], count: int) -> list[int]:
    """Return primary keys for rows that are about to be copied and point at each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [key for (key,) in cursor.fetchall()]


def analyze() -> None:
    """Let the planner know the tables as they are now, instead of when it next looks by itself."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

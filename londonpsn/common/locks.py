"""Named advisory locks of PostgreSQL, numbered in one table.

Held by the session, so that they span several transactions and are free at once when the process
that held them dies: whoever gets a lock knows that nobody else is at work under it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

from django.db import DatabaseError, connection


class Lock(IntEnum):
    """The first of a lock's two numbers; the second is a primary key, part of a digest, or 0."""

    SAVINGS = 1
    MIGRATION_STATUS = 2
    SETTING_UP = 3
    TRAIL = 4  # taken by the database itself (boroughs migration 0008)
    SIGN_IN_ACCOUNT = 5
    SIGN_IN_ADDRESS = 6
    DOCUMENT = 7
    CALL = 8  # an Idempotency-Key at work; held by the transaction (boroughs.actions.calls)


@dataclass(frozen=True)
class Session:
    """The session of the database that holds a lock."""

    link: object

    def is_alive(self) -> bool:
        """Answer whether the locks are still held: they go with the session."""
        return connection.connection is self.link and not self.link.closed


@contextmanager
def hold(lock: Lock, keys: Iterable[int] = (0,)) -> Iterator[Session]:
    """Wait for the locks of all ``keys``, taken in order so that two holders never deadlock."""
    keys = sorted(keys)
    try:
        _each(
            "SELECT pg_advisory_lock(%s, key) FROM (SELECT unnest(%s::int[]) AS key ORDER BY 1) k",
            lock,
            keys,
        )
    except DatabaseError:
        connection.close()  # some may have been taken before it failed; they go with the session
        raise
    session = Session(connection.connection)
    try:
        yield session
    finally:
        if session.is_alive():
            _release(lock, keys)


@contextmanager
def try_hold(lock: Lock, key: int = 0) -> Iterator[bool]:
    """Hold the lock if it is free; yields whether it is held."""
    ((held,),) = _each("SELECT pg_try_advisory_lock(%s, unnest(%s::int[]))", lock, [key])
    try:
        yield held
    finally:
        if held:
            _release(lock, [key])


def hold_until_commit(lock: Lock, key: int) -> None:
    """Wait for one lock and keep it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [int(lock), key])


def _release(lock: Lock, keys: list[int]) -> None:
    _each("SELECT pg_advisory_unlock(%s, unnest(%s::int[]))", lock, keys)


def _each(sql: str, lock: Lock, keys: list[int]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [int(lock), keys])
        return cursor.fetchall()

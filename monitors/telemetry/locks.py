"""Wait only shortly for rows that somebody else holds: an edit of a thousand monitors takes seconds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

PATIENCE_MS = 250
# lock_not_available and deadlock_detected: the database is there, only these rows are not.
_BUSY = frozenset({"55P03", "40P01"})
HELD = """
SELECT monitor_no FROM telemetry_livestate
WHERE location = %s AND monitor_no = ANY(%s) AND lease_until IS NOT NULL
"""


@contextmanager
def impatient() -> Iterator[None]:
    """A transaction in which a lock that is not had soon is an OperationalError that `is_busy`."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
        yield


def is_busy(error: Exception) -> bool:
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in _BUSY


def free_and_busy(numbers: Collection[int], location: int) -> tuple[set[int], set[int]]:
    """Monitors under way whose rows are locked from here on, and those whose rows somebody else holds."""
    with connection.cursor() as cursor:
        cursor.execute(HELD + " ORDER BY monitor_no FOR UPDATE SKIP LOCKED", [location, list(numbers)])
        free = {row[0] for row in cursor.fetchall()}
        cursor.execute(HELD, [location, list(numbers)])
        return free, {row[0] for row in cursor.fetchall()} - free

"""Wall the shared tables by row, and make their partitions ahead of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, connections, transaction
from psycopg import sql
from psycopg.errors import LockNotAvailable

log = structlog.get_logger(__name__)

# The organisation's own policy raises when no organisation is set ('' is no int4), so a forgotten
# scope is an error and never "all rows". The pipeline sets app.tenant to 0 beside its own switch.
POLICIES = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenant ON {table};
DROP POLICY IF EXISTS pipeline ON {table};
CREATE POLICY tenant ON {table} USING (tenant_no = current_setting('app.tenant')::int);
CREATE POLICY pipeline ON {table} USING (current_setting('app.pipeline') = 'on');
"""

DAYS_AHEAD = 14


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A shared table cut by range of time: one partition a day, or a month. None keeps all.

    `written_days` is how far back rows may come, where that is less than they are kept. A partition that holds a
    row which is `spared` (a condition in SQL) outlasts its time until none is left. `options` are storage
    parameters, which partitions do not inherit.
    """

    table: str
    unit: str
    keep_days: int | None
    written_days: int | None = None
    spared: str = ""
    options: str = ""


def secure(table: str) -> str:
    """The SQL that walls one table, for migrations. A partition does not inherit it."""
    return POLICIES.format(table=table)


def ensure_partitions(tables: list[Partitioned], today: date, alias: str = "default") -> list[str]:
    """Make every missing partition from the oldest day kept to 14 days ahead; return their names."""
    made = []
    for spec in tables:
        with connections[alias].cursor() as cursor:
            existing = {name for name, _ in partitions(cursor, spec.table)}
        for start, end in _spans(spec, today):
            name = partition_name(spec, start)
            if name not in existing and _done(alias, _make(spec, name, start, end)):
                made.append(name)
    return made


def drop_old_partitions(tables: list[Partitioned], today: date, alias: str = "default") -> list[str]:
    """Drop the partitions whose last day is older than what their table keeps; return their names."""
    dropped = []
    for spec in tables:
        if spec.keep_days is None:
            continue
        oldest = today - timedelta(days=spec.keep_days)
        with connections[alias].cursor() as cursor:
            old = [name for name, end in partitions(cursor, spec.table) if end <= oldest]
        dropped += [
            name
            for name in old
            if not _spares(alias, spec, name)
            and _done(alias, sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
        ]
    return dropped


def _spares(alias: str, spec: Partitioned, name: str) -> bool:
    """Whether the partition holds a row that must not go; asked by whoever may see the rows of all."""
    if not spec.spared:
        return False
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SET LOCAL app.pipeline = 'on'; SET LOCAL app.tenant = '0'")
        condition = sql.SQL(spec.spared)
        cursor.execute(
            sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {})").format(sql.Identifier(name), condition)
        )
        return bool(cursor.fetchone()[0])


def partitions(cursor: Any, table: str) -> list[tuple[str, date]]:
    """(name, first day after it) of each partition of a table; names end in `_YYYYMMDD` of that day's eve."""
    cursor.execute(
        "SELECT c.relname, substring(pg_get_expr(c.relpartbound, c.oid) from $$TO \\('([0-9-]{10})$$)"
        " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass"
        " ORDER BY c.relname",
        [table],
    )
    return [(name, date.fromisoformat(end)) for name, end in cursor.fetchall()]


def partition_name(spec: Partitioned, start: date) -> str:
    return f"{spec.table}_{start:%Y%m%d}" if spec.unit == "day" else f"{spec.table}_{start:%Y%m}"


def _spans(spec: Partitioned, today: date) -> list[tuple[date, date]]:
    first, last = (
        today - timedelta(days=spec.written_days or spec.keep_days or 31),
        today + timedelta(days=DAYS_AHEAD),
    )
    if spec.unit == "day":
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [(day, day + timedelta(days=1)) for day in days]
    spans, start = [], first.replace(day=1)
    while start <= last:
        end = (start + timedelta(days=32)).replace(day=1)
        spans.append((start, end))
        start = end
    return spans


def _make(spec: Partitioned, name: str, start: date, end: date) -> sql.Composed:
    bounds = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (start, end)]
    options = sql.SQL(f" WITH ({spec.options})" if spec.options else "")
    made = sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ({}) TO ({}){};").format(
        sql.Identifier(name), sql.Identifier(spec.table), *map(sql.Literal, bounds), options
    )
    return made + sql.SQL(secure(name))


def _done(alias: str, statement: sql.Composed) -> bool:
    """Run it in one transaction, so that no partition is ever seen without its wall; False if it must wait.

    It locks the whole table for a moment. Behind a long reader that moment would not come, and all
    others would queue behind it: then it gives up until the next hour, two weeks before it matters.
    """
    try:
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
            cursor.execute(statement)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        log.warning("partition_waits", statement=statement.as_string(None)[:120])
        return False
    return True

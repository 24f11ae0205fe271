"""Read what is kept of heartbeats: their pings, the bodies of those, and what is expected next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from monitors.heartbeats.advancing import Kind, Run
from monitors.telemetry.heartbeats import BODY_WITH_PING, runs_of
from pulse import scoping
from pulse.templatetags.times import duration

PINGS = """
SELECT n, at, kind, exit_status, rid, expected_at, duration_us, host(address), method, agent, note, body_size
FROM telemetry_ping WHERE tenant_no = %s AND monitor_no = %s
"""
RECENT = PINGS + " AND n < %s ORDER BY n DESC LIMIT %s"
ONE = PINGS + " AND n = %s"
ENDED = PINGS + " AND at >= %s AND kind IN (0, 2) ORDER BY n DESC LIMIT %s"
BODY = """
SELECT coalesce(b.body, p.body), p.body_size
FROM telemetry_ping p LEFT JOIN telemetry_pingbody b
    ON b.monitor_no = p.monitor_no AND b.n = p.n AND b.at = p.at AND b.tenant_no = p.tenant_no
WHERE p.tenant_no = %s AND p.monitor_no = %s AND p.n = %s
"""
EXPECTED = """
SELECT monitor_no, expected_at, last_ping_at, last_duration_us, runs FROM telemetry_heartbeat
WHERE tenant_no = %s AND monitor_no = ANY(%s)
"""
LATE = """
SELECT b.monitor_no FROM telemetry_heartbeat b JOIN telemetry_livestate s USING (monitor_no)
WHERE b.tenant_no = %(tenant)s AND s.tenant_no = %(tenant)s AND s.location = -1 AND s.enabled
    AND b.expected_at < now() AND s.next_due_at > now()
"""
BEYOND = 2**62


@dataclass(frozen=True, slots=True)
class Ping:
    """One ping as it was kept."""

    n: int
    at: datetime
    kind: Kind
    exit_status: int | None
    rid: UUID | None
    expected_at: datetime | None
    duration: timedelta | None
    address: str | None
    method: str
    agent: str
    note: str
    body_size: int

    @property
    def word(self) -> str:
        return self.kind.name.lower()

    @property
    def status(self) -> str:
        """The state whose glyph it has."""
        return {Kind.SUCCESS: "up", Kind.FAIL: "down", Kind.START: "pending"}.get(self.kind, "unknown")

    @property
    def took(self) -> str:
        """`12 ms`, `1 h 4 min`; empty for what ended no run."""
        if self.duration is None:
            return ""
        seconds = self.duration.total_seconds()
        return f"{seconds * 1000:.0f} ms" if seconds < 1 else duration(seconds)

    @property
    def late_by(self) -> timedelta | None:
        """How long after its expected time it came; below zero when early."""
        return self.at - self.expected_at if self.expected_at else None

    @property
    def has_long_body(self) -> bool:
        return self.body_size > BODY_WITH_PING


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is known of a heartbeat beside its status."""

    expected_at: datetime | None = None
    last_ping_at: datetime | None = None
    last_duration: timedelta | None = None
    runs: tuple[Run, ...] = ()


def recent(monitor_no: int, limit: int, before: int = BEYOND) -> list[Ping]:
    """Pings with smaller numbers than `before`, newest first."""
    return _pings(RECENT, [scoping.current().no, monitor_no, before, limit])


def one(monitor_no: int, n: int) -> Ping | None:
    found = _pings(ONE, [scoping.current().no, monitor_no, n])
    return found[0] if found else None


def ended(monitor_no: int, since: datetime, limit: int = 500) -> list[Ping]:
    """Successes and failures since then, oldest first; of very many the newest."""
    return _pings(ENDED, [scoping.current().no, monitor_no, since, limit])[::-1]


def body(monitor_no: int, n: int) -> tuple[bytes, int] | None:
    """What is kept of a ping's body, and how long it was; None without such a ping."""
    with connection.cursor() as cursor:
        cursor.execute(BODY, [scoping.current().no, monitor_no, n])
        row = cursor.fetchone()
    return None if row is None else (bytes(row[0] or b""), row[1])


def expectations(numbers: Collection[int]) -> dict[int, Expectation]:
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(EXPECTED, [scoping.current().no, list(numbers)])
        return {
            no: Expectation(expected_at, last_ping_at, _span(took), runs_of(runs))
            for no, expected_at, last_ping_at, took, runs in cursor.fetchall()
        }


def late_numbers() -> list[int]:
    """Monitors of this organisation that are late now."""
    with connection.cursor() as cursor:
        cursor.execute(LATE, {"tenant": scoping.current().no})
        return [row[0] for row in cursor.fetchall()]


def _pings(statement: str, values: list[Any]) -> list[Ping]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [
            Ping(n, at, Kind(kind), exit_status, rid, expected_at, _span(took), *rest)
            for n, at, kind, exit_status, rid, expected_at, took, *rest in cursor.fetchall()
        ]


def _span(microseconds: int | None) -> timedelta | None:
    return None if microseconds is None else timedelta(microseconds=microseconds)

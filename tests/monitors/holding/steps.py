"""A monitor that one worker checks often: claimed, finished, held, and brought near to its next slot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any

from django.db import connection

from monitors import definition, editing
from monitors.holding import Holding
from monitors.judging import Result
from monitors.models import Monitor
from monitors.recording import record
from monitors.telemetry.claiming import Claimed, claim
from monitors.telemetry.models import LiveState
from monitors.telemetry.scheduling import location_no
from monitors.telemetry.specs import Specs
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.stepping import GOOD

INTERVAL = 10


def make(organisation: Any, **more: Any) -> Monitor:
    with in_tenant(organisation):
        values = {
            "name": "shop", "target": "http://127.0.0.1:9/", "interval_seconds": INTERVAL, "timeout_seconds": 5
        } | more  # fmt: skip
        return editing.create(organisation, definition.read(values), COMMAND_LINE)


@contextmanager
def living() -> Iterator[Holding]:
    """A worker that lives on this connection."""
    holding = Holding()
    with as_pipeline():
        holding.attend(location_no())
    try:
        yield holding
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")


def claimed() -> list[Claimed]:
    with as_pipeline():
        return claim(location_no(), 100).checks


def finish(check: Claimed, worker: Holding, outcome: Any = GOOD, lateness_us: int = 0) -> LiveState:
    with as_pipeline():
        spec = Specs().of([check])[check.monitor_no]
    record([Result(check, spec, outcome, lateness_us)], location_no(), worker)
    return state(check.monitor_no)


def state(number: int) -> LiveState:
    with as_pipeline():
        return LiveState.objects.get(monitor_no=number, location__gt=0)


def held(monitor: Monitor, worker: Holding) -> LiveState:
    """A monitor that this worker has checked once and holds now; its next slot is nine seconds away."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET next_due_at = to_timestamp(ms / 1000.0), phase_ms = ms % 10000"
            " FROM (SELECT floor(extract(epoch FROM now()) * 1000)::bigint - 1000 AS ms) t"
        )
    row = finish(claimed()[0], worker)
    assert row.lease_until is not None
    return row


def due(worker: Holding) -> list[Claimed]:
    with as_pipeline():
        return worker.due(100, location_no())[0]


def bring_near(number: int, worker: Holding, in_seconds: float = 0.5) -> None:
    """Let the held slot be so far away, for the database and for the worker."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET slot = slot - by, next_due_at = next_due_at - by,"
            " last_slot = last_slot - by"
            " FROM (SELECT slot - now() - %s * interval '1 s' AS by FROM telemetry_livestate WHERE monitor_no = %s) b"
            " WHERE monitor_no = %s",
            [in_seconds, number, number],
        )
    starts_in(worker, in_seconds)


def looking(row: LiveState) -> tuple[LiveState, datetime]:
    """The row, and when claimers look at it."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("SELECT look_at FROM telemetry_livestate WHERE monitor_no = %s", [row.monitor_no])
        return row, cursor.fetchone()[0]


def start_soon(worker: Holding, **changes: Any) -> None:
    starts_in(worker, 0.5, **changes)


def starts_in(worker: Holding, seconds: float, **changes: Any) -> None:
    found = [*worker._arrived, *worker._heap]
    worker._arrived.clear()
    worker._heap[:] = [
        held._replace(start_at=monotonic() + seconds, check=held.check._replace(**changes)) for held in found
    ]

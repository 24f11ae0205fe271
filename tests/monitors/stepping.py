"""Claim a monitor's check at a location and record an outcome of it, as a worker there would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from monitors.judging import Result
from monitors.models import Monitor
from monitors.probes.outcome import ErrorClass, Outcome
from monitors.recording import record
from monitors.telemetry.claiming import Claimed, claim
from monitors.telemetry.models import LiveState, Status
from monitors.telemetry.scheduling import location_no
from monitors.telemetry.specs import Specs
from pulse.scoping import as_pipeline

GOOD = Outcome(
    True, ErrorClass.NONE, "answered 200", 200, total_us=1000, evidence=lambda: {"facts": {"status": 200}}
)
SOFT = Outcome(True, ErrorClass.ASSERTION_FAILED, "it was slow", 200, total_us=9000, soft=True)
BAD = Outcome(False, ErrorClass.CONNECT_REFUSED, "connection refused", evidence=lambda: {"facts": {}})


def step(monitor: Monitor, outcome: Outcome, location: str | None = None) -> Claimed:
    """One more check of this monitor, due now."""
    result = claimed(monitor, outcome, location)
    finish(result, location)
    return result.check


def claimed(monitor: Monitor, outcome: Outcome, location: str | None = None) -> Result:
    """What a worker holds that has claimed and made a check, and has not recorded it yet."""
    with as_pipeline():
        number = location_no(location)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE telemetry_livestate SET lease_until = NULL, next_due_at = greatest("
                "date_trunc('milliseconds', now()), coalesce(slot, '-infinity') + interval '1 ms')"
                " WHERE monitor_no = %s AND location = %s",
                [monitor.no, number],
            )
        check = next(one for one in claim(number, 1000).checks if one.monitor_no == monitor.no)
        return Result(check, Specs().of([check], number)[monitor.no], outcome, 0)


def finish(result: Result, location: str | None = None) -> None:
    with as_pipeline():
        number = location_no(location)
    record([result], number)


def head(monitor: Monitor) -> LiveState:
    with as_pipeline():
        return LiveState.objects.get(monitor_no=monitor.no, is_head=True)


def status(monitor: Monitor) -> Status:
    return Status(head(monitor).status)


def states(monitor: Monitor) -> list[Any]:
    with as_pipeline():
        return list(LiveState.objects.filter(monitor_no=monitor.no).order_by("location"))


def shift(by: timedelta) -> None:
    """All that the schedule knows of time, as a step of now() the other way would move it."""
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET next_due_at = next_due_at + %(by)s::interval,"
            " slot = slot + %(by)s::interval,"
            " lease_until = lease_until + %(by)s::interval, last_slot = last_slot + %(by)s::interval",
            {"by": f"{by.total_seconds()} seconds"},
        )

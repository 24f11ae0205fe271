"""`/v1/monitors/<id>/uptime`, `/days` and `/latency`: how long it was up, day by day, and how fast it answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from monitors.availability.course import course
from monitors.availability.reading import Day, days_of, days_without, first_day
from monitors.maintenance.occurring import stretches
from monitors.models import Monitor
from monitors.results.latency import HOURS_KEPT, Answers, Part, read_parts, together
from monitors.telemetry.scheduling import location_code
from monitors.uptime import Span, Stretch, Uptime, measure, without
from pulse.api import schema
from pulse.api.base import View, find
from pulse.api.moments import read_number, read_stretch, read_truth
from pulse.api.problems import InvalidFields

MOST = timedelta(days=400)
HOUR, DAY = 3600, 86_400
PARTS_AT_MOST = 1_000
MOMENTS = [
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="A day before `to` unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Now unless given."),
]
LEAVE_OUT = OpenApiParameter(
    "exclude_maintenance",
    OpenApiTypes.BOOL,
    description="Leave planned maintenance out: it is neither up nor down nor unknown.",
)


class UptimeOfMonitor(View):
    resource = "monitors"

    @schema.describe_ranged("Read a monitor's uptime", schema.UptimeOfMonitor, *MOMENTS, LEAVE_OUT)
    def get(self, request: Request, pk: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        start, end = read_stretch(request, timedelta(days=1), MOST)
        covered = course([monitor.no], start, end, timezone.now())[monitor.no]
        out = timedelta()
        if read_truth(request, "exclude_maintenance"):
            left = without(covered, _windows(monitor, start, end))
            out = _length(covered) - _length(left)
            covered = left
        shown = figures(measure(covered), monitor, out)
        return Response({"start": rfc3339(start), "end": rfc3339(end), **shown})


class DaysOfMonitor(View):
    resource = "monitors"

    @schema.describe_ranged(
        "Read a monitor's days",
        schema.UptimeDays,
        OpenApiParameter("days", OpenApiTypes.INT, description="1 to 400, of which today is the last; 90."),
        LEAVE_OUT,
    )
    def get(self, request: Request, pk: str) -> Response:
        monitor, now = find(Monitor.objects.all(), pk), timezone.now()
        count = read_number(request, "days", 90, 1, MOST.days)
        if read_truth(request, "exclude_maintenance"):
            windows = _windows(monitor, first_day(count, now), now)
            days, _ = days_without(monitor.no, count, now, windows)
        else:
            days = days_of(monitor.no, count, now)
        return Response({"zone": "UTC", "days": [_day(day, monitor) for day in days]})


class LatencyOfMonitor(View):
    resource = "monitors"

    @schema.describe_ranged(
        "Read a monitor's latency",
        schema.Latency,
        *MOMENTS,
        OpenApiParameter("resolution", OpenApiTypes.INT, description="Seconds of a part: whole hours; 3600."),
        OpenApiParameter("by_location", OpenApiTypes.BOOL, description="A part for each location."),
    )
    def get(self, request: Request, pk: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        start, end = read_stretch(request, timedelta(days=1), timedelta(days=760))
        usual = HOUR if end - start <= timedelta(days=30) else DAY
        width = read_number(request, "resolution", usual, HOUR, 99 * DAY)
        _check_width(width, (end - start).total_seconds(), is_old=timezone.now() - start > HOURS_KEPT)
        parts = read_parts(
            monitor.no, start, end, timedelta(seconds=width), read_truth(request, "by_location")
        )
        return Response(
            {
                "start": rfc3339(parts[0].start if parts else start),
                "end": rfc3339(end),
                "resolution": width,
                **answers(together(parts)),
                "parts": [_part(part) for part in parts],
            }
        )


def figures(uptime: Uptime, monitor: Monitor, excluded: timedelta) -> dict[str, Any]:
    return {
        "up_seconds": round(uptime.up.total_seconds(), 3),
        "degraded_seconds": round(uptime.degraded.total_seconds(), 3),
        "down_seconds": round(uptime.down.total_seconds(), 3),
        "unknown_seconds": round(uptime.unknown.total_seconds(), 3),
        "excluded_seconds": round(excluded.total_seconds(), 3),
        "uptime": uptime.share,
        "coverage": uptime.coverage,
        "error": uptime.error(timedelta(seconds=monitor.interval_seconds)),
    }


def answers(found: Answers) -> dict[str, Any]:
    return {
        "ok": found.ok,
        "soft": found.soft,
        "failed": found.failed,
        "unknown": found.unknown,
        "mean_ms": _round(found.mean),
        **{f"p{share}_ms": _round(found.percentile(share / 100)) for share in (50, 95, 99)},
    }


def _check_width(width: int, seconds: float, *, is_old: bool) -> None:
    problem = ""
    if width % HOUR:
        problem = "Use whole hours: 3600, 7200, 86400."
    elif is_old and width % DAY:
        problem = f"Use whole days (86400) for what is older than {HOURS_KEPT.days} days."
    elif seconds / width > PARTS_AT_MOST:
        problem = f"Ask for at most {PARTS_AT_MOST:,} parts, by more seconds or less time."
    if problem:
        raise InvalidFields([("/resolution", problem)])


def _day(day: Day, monitor: Monitor) -> dict[str, Any]:
    return {"day": day.at.isoformat(), **figures(day.uptime, monitor, day.uptime.excluded)}


def _part(part: Part) -> dict[str, Any]:
    return {
        "start": rfc3339(part.start),
        "end": rfc3339(part.end),
        "location": None if part.location is None else location_code(part.location),
        **answers(part.answers),
    }


def _windows(monitor: Monitor, start: Any, end: Any) -> list[Stretch]:
    return stretches([monitor.no], start, end).get(monitor.no, [])


def _length(covered: list[Span]) -> timedelta:
    return sum((span.end - span.start for span in covered), timedelta())


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)

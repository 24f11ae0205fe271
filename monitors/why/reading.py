"""Read what was decided about a monitor around a moment, and sum up why somebody was told then, or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from monitors.deciding import DecisionKind
from monitors.models import Monitor
from monitors.statuses import Status
from monitors.telemetry.models import TOGETHER, Decision, Gap, GapReason
from monitors.telemetry.scheduling import location_code
from monitors.why import wording
from pulse import scoping

SPANS = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "6h": timedelta(hours=6)}
SHOWN_AT_MOST = 200
STANDING = """
SELECT status, at FROM telemetry_statechange WHERE tenant_no = %s AND monitor_no = %s AND at <= %s
ORDER BY at DESC, no DESC LIMIT 1
"""
Kind = DecisionKind
# What was decided within the first of these around the moment is what somebody asks about, not what came an hour later.
NEAR = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
# The first that was decided says most.
VERDICTS = (
    (
        {Kind.OPENED, Kind.RELEASED},
        "An incident was opened: the rules for messages decided who was told of it.",
    ),
    ({Kind.JOINED}, "It joined an incident of many monitors, which was told once for all of them."),
    ({Kind.SUPPRESSED}, "It failed, and its outage was held back: nobody was told at once."),
    ({Kind.NOT_OPENED}, "It failed, and no incident was opened for it."),
    (
        {Kind.NOT_BELIEVED},
        "It failed, but the prober could not reach anything else either, so nothing was counted.",
    ),
)

_UNTOLD = "It became {}, which opens no incident: nobody is told of that."


@dataclass(frozen=True, slots=True)
class Step:
    """One decision as a page shows it. `slot` leads to the result that decided it."""

    at: datetime
    title: str
    sentence: str
    seen: str
    status: str
    place: str
    slot: datetime | None
    location: int | None
    incident_id: UUID | None


@dataclass(frozen=True, slots=True)
class Why:
    """Everything within [start, end], oldest first; `more` decisions are not shown."""

    at: datetime
    start: datetime
    end: datetime
    status: str
    since: datetime | None
    verdict: str
    steps: list[Step]
    gaps: list[tuple[datetime, datetime, str]]
    more: bool


def why(monitor: Monitor, at: datetime, span: timedelta) -> Why:
    """What led to how the monitor stood at that moment, and what came of it."""
    start, end = at - span, at + span
    found = list(
        decisions_of(monitor).filter(at__gte=start, at__lte=end).order_by("at", "no")[: SHOWN_AT_MOST + 1]
    )
    gaps = _gaps(monitor, start, end)
    status, since = _standing(monitor, at)
    return Why(
        at, start, end, status, since, verdict(found, at, bool(gaps)),
        [step(row) for row in found[:SHOWN_AT_MOST]], gaps, len(found) > SHOWN_AT_MOST,
    )  # fmt: skip


def decisions_of(monitor: Monitor) -> QuerySet[Decision]:
    """Newest first."""
    rows = Decision.objects.filter(tenant_no=scoping.current().no, monitor_no=monitor.no)
    return rows.order_by("-at", "-no")


def verdict(found: Sequence[Decision], at: datetime, has_gaps: bool) -> str:
    """In a sentence or two: told, or not told and why, by what was decided nearest to the moment. Pure."""
    found = _nearest(found, at)
    kinds = {row.kind for row in found}
    for deciding, words in VERDICTS:
        if not kinds.isdisjoint(deciding):
            return words
    return _of_its_status(found, has_gaps)


def _of_its_status(found: Sequence[Decision], has_gaps: bool) -> str:
    """Where no incident comes into it."""
    kinds = {row.kind for row in found}
    if any(row.kind == Kind.CHANGED and row.after in (Status.DOWN, Status.FLAPPING) for row in found):
        return "Its outage was confirmed while an incident of it was open already."
    became = [Status(row.after) for row in found if row.kind == Kind.CHANGED and row.after is not None]
    if worse := [status for status in became if status is not Status.UP]:
        return _UNTOLD.format(worse[-1].label)
    if kinds & {Kind.COUNTED, Kind.DISMISSED}:
        return "Results were counted, and its policy asked for more of them before anything changes."
    if became:
        return _UNTOLD.format(became[-1].label)
    if has_gaps:
        return "Checks are missing, so nothing could be counted then."
    return "Nothing was decided: every result was as expected, or one more of what was known already."


def _nearest(found: Sequence[Decision], at: datetime) -> Sequence[Decision]:
    for reach in NEAR:
        if near := [row for row in found if abs(row.at - at) <= reach]:
            return near
    return found


def step(row: Decision) -> Step:
    place = location_code(row.location) if row.location is not None and row.location > TOGETHER else ""
    return Step(
        row.at, wording.title(row), wording.sentence(row), wording.seen(row), _glyph(row), place,
        row.at if row.verdict is not None else None, row.location, row.incident_id,
    )  # fmt: skip


def _glyph(row: Decision) -> str:
    """The status that it became. What was only counted has none: a failure beside a green mark would mislead."""
    counted = (Kind.COUNTED, Kind.DISMISSED, Kind.NOT_BELIEVED)
    return "" if row.kind in counted else wording.status(row)


def _standing(monitor: Monitor, at: datetime) -> tuple[str, datetime | None]:
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [scoping.current().no, monitor.no, at])
        row = cursor.fetchone()
    return (Status(row[0]).label, row[1]) if row else (Status.PENDING.label, None)


def _gaps(monitor: Monitor, start: datetime, end: datetime) -> list[tuple[datetime, datetime, str]]:
    rows = Gap.objects.filter(
        tenant_no=scoping.current().no, monitor_no=monitor.no, slot__lte=end, until__gt=start
    )
    rows = rows.filter(slot__gte=start - timedelta(days=1)).order_by("slot")
    return [(row.slot, row.until, GapReason(row.reason).label) for row in rows[:SHOWN_AT_MOST]]

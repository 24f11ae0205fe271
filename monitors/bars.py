"""Draw uptime as bars: a day by quarters of an hour, or up to a year by days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitors import history
from monitors.availability.reading import Day, midnight
from monitors.uptime import DAY, Span
from pulse.charts import uptime_bar
from pulse.templatetags.figures import percent
from pulse.templatetags.times import duration

BARS = {"24h": 1, "30d": 30, "90d": 90, "1y": 365}
QUARTERS = 96  # of an hour in a day


@dataclass(frozen=True, slots=True)
class Bars:
    """Uptime drawn over one of BARS, with what the slots are in words."""

    title: str
    tabs: Sequence[Any]
    bar: uptime_bar.UptimeBar
    first: str
    note: str


def draw(chosen: str, today: Sequence[Span], days: Sequence[Day], now: datetime, tabs: Sequence[Any]) -> Bars:
    """`today` are spans of the last 24 hours, `days` at least as many days as are drawn."""
    count = BARS[chosen]
    if count == 1:
        slots = uptime_bar.bucket(history.bar_spans(today), now - DAY, now, QUARTERS)
        return Bars(
            "24 hours",
            tabs,
            uptime_bar.draw(slots),
            "24 hours ago",
            "each bar 15 minutes, hatched = not measured",
        )
    first = days[-count].at
    return Bars(
        "1 year" if count == max(BARS.values()) else f"{count} days",
        tabs,
        uptime_bar.draw([day_slot(day) for day in days[-count:]]),
        f"{first.day} {first:%b %Y}",
        "each bar a day from midnight UTC, hatched = not measured",
    )


def day_slot(day: Day) -> uptime_bar.Slot:
    """A day as one bar: the worst that it was, and all that it was in words."""
    start, uptime = midnight(day.at), day.uptime
    lasted = {
        uptime_bar.SlotState.DOWN: uptime.down,
        uptime_bar.SlotState.DEGRADED: uptime.degraded,
        uptime_bar.SlotState.UP: uptime.up,
        uptime_bar.SlotState.MAINTENANCE: uptime.excluded,
    }
    state = next((state for state, length in lasted.items() if length), uptime_bar.SlotState.UNKNOWN)
    return uptime_bar.Slot(start, start + DAY, state, lasted.get(state, uptime.unknown), _words(day))


def _words(day: Day) -> str:
    uptime = day.uptime
    known = f"{percent(uptime.share)} % up" if uptime.measured else "not measured"
    words = [f"{day.at.day} {day.at:%b %Y}: {known}"]
    for word, lasted in (
        ("down", uptime.down),
        ("degraded", uptime.degraded),
        ("maintenance left out", uptime.excluded),
        ("not measured", uptime.unknown if uptime.measured else timedelta()),
    ):
        if lasted >= timedelta(seconds=1):
            words.append(f"{word} {duration(lasted)}")
    return ", ".join(words)

"""Work out what a monitor's own page shows: uptime with coverage and error, bars of days, latency over any range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from monitors import bars, history
from monitors.availability.course import course
from monitors.availability.reading import Day, days_of, days_without, first_day
from monitors.kinds import KINDS
from monitors.maintenance.occurring import stretches
from monitors.models import Monitor
from monitors.probes import PROBES
from monitors.results.latency import read_parts, together
from monitors.uptime import DAY, DOWN, Span, Uptime, measure, since
from pulse.charts import latency, percentiles
from pulse.templatetags.figures import milliseconds, percent

# Ranges of the latency chart. Up to a week it shows phases of single checks, beyond percentiles of roll-ups.
RANGES = {
    "3h": timedelta(hours=3), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30),
    "90d": timedelta(days=90), "1y": timedelta(days=365),
}  # fmt: skip
WIDTHS = {"30d": timedelta(hours=6), "90d": timedelta(hours=12), "1y": timedelta(days=1)}
UPTIMES = {
    "7 days": 7,
    "30 days": 30,
    "90 days": 90,
    "1 year": 365,
}  # days from midnight UTC, today is the last
YEAR = max(UPTIMES.values())
LEFT_OUT = "left-out"  # of planned maintenance
USUAL = {"range": "3h", "bars": "90d", "planned": ""}  # is not written into addresses


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    value: str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address of the page asks for: a range of the chart, one of the bars, and what of maintenance."""

    chart: str = "3h"
    bars: str = "90d"
    planned: str = ""

    @property
    def address(self) -> str:
        """Only what differs from the usual, so that the plain address is the usual page."""
        values = {"range": self.chart, "bars": self.bars, "planned": self.planned}
        return "?" + urlencode({key: value for key, value in values.items() if value != USUAL[key]})


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it. `planned` are the two ways to count planned maintenance, where there was any within the year."""

    chosen: Choice
    tabs: list[Tab]
    planned: list[Tab]
    tiles: list[Tile]
    bars: bars.Bars
    chart: latency.LatencyChart | None
    percentiles: percentiles.PercentileChart | None


def read_choice(chart: str, shown: str, planned: str) -> Choice:
    """Whatever is unknown is the usual."""
    usual = Choice()
    return Choice(
        chart if chart in RANGES else usual.chart,
        shown if shown in bars.BARS else usual.bars,
        planned if planned == LEFT_OUT else usual.planned,
    )


def work_out(monitor: Monitor, choice: Choice, now: datetime) -> Figures:
    """Costs six queries, whatever is chosen."""
    windows = stretches([monitor.no], first_day(YEAR, now), now).get(monitor.no, [])
    recent = course([monitor.no], now - RANGES["7d"], now)[monitor.no]
    today = since(recent, now - DAY)
    if choice.planned and windows:
        days, covered = days_without(monitor.no, YEAR, now, windows)
        day = measure(since(covered, now - DAY))
    else:
        days, day = days_of(monitor.no, YEAR, now), measure(today)
    is_probed = monitor.kind in PROBES  # the others ask nobody, and so wait for no answer
    phases, shares = None, None
    if is_probed and choice.chart in WIDTHS:
        shares = percentile_chart(monitor.no, choice.chart, now)
    elif is_probed:
        phases = phase_chart(monitor, choice.chart, recent, now)
    return Figures(
        choice,
        _tabs(monitor, choice, "chart", list(RANGES)),
        _planned(monitor, choice) if windows else [],
        tiles(monitor, day, days, now, is_probed),
        bars.draw(choice.bars, today, days, now, _tabs(monitor, choice, "bars", list(bars.BARS))),
        phases,
        shares,
    )


def tiles(monitor: Monitor, day: Uptime, days: Sequence[Day], now: datetime, is_probed: bool) -> list[Tile]:
    every = timedelta(seconds=monitor.interval_seconds)
    found = [uptime_tile("24 hours", day, every)]
    for label, length in UPTIMES.items():
        found.append(uptime_tile(label, reduce(add, (each.uptime for each in days[-length:])), every))
    if not is_probed:
        return found
    p95 = history.p95([monitor.no], now - DAY, now).get(monitor.no)
    value, _, unit = milliseconds(p95).partition(" ")
    return [*found, Tile("p95 latency, 24 hours", value, unit, "of good answers")]


def uptime_tile(label: str, uptime: Uptime, every: timedelta) -> Tile:
    """The share, how far it may be off, and how much of the time it speaks of."""
    if uptime.share is None:
        return Tile(f"Uptime, {label}", "—", note="nothing measured yet")
    error = uptime.error(every)
    covered = int(uptime.coverage * 1000) / 10
    note = f"measured {covered:g} % of it" if covered else "measured less than 0.1 % of it"
    if error:
        note = f"± {_error(error)} %, {note}"
    return Tile(f"Uptime, {label}", percent(uptime.share), "%", note)


def _error(share: float) -> str:
    """Per cent, rounded up to one digit that counts: an error is never told too small."""
    for decimals in range(4):
        step = 10.0**-decimals
        if share * 100 >= step or decimals == 3:
            return f"{-(-share * 100 // step) * step:.{decimals}f}"
    return ""


def phase_chart(monitor: Monitor, chosen: str, recent: Sequence[Span], now: datetime) -> latency.LatencyChart:
    start, interval = now - RANGES[chosen], timedelta(seconds=monitor.interval_seconds)
    return latency.draw_buckets(
        history.buckets(monitor.no, interval, start, now),
        start=start,
        end=now,
        zone=timezone.get_current_timezone(),
        outages=outages(since(recent, start)),
        limit=_limit(monitor),
    )


def _limit(monitor: Monitor) -> int | None:
    """In milliseconds; None for kinds without one, and for what this version does not understand."""
    name = "response_time_limit_ms"
    limit: int | None = (
        KINDS[monitor.kind].settings.one(name, monitor.config) if name in monitor.config else None
    )
    return limit


def percentile_chart(number: int, chosen: str, now: datetime) -> percentiles.PercentileChart:
    start, width = now - RANGES[chosen], WIDTHS[chosen]
    parts = read_parts(number, start, now, width)
    values = [
        percentiles.Value(
            part.start,
            tuple(part.answers.percentile(share / 100) for share in percentiles.SHARES),
            part.answers.ok + part.answers.soft,
            part.answers.failed,
        )
        for part in parts
    ]
    every = together(parts)
    said = ", ".join(
        f"p{share} {milliseconds(every.percentile(share / 100))}" for share in percentiles.SHARES
    )
    summary = f"{every.ok + every.soft:,} answers: {said}. {every.failed:,} failed." if every.latency else ""
    return percentiles.draw(
        values, start=start, end=now, every=width, zone=timezone.get_current_timezone(), summary=summary
    )


def outages(covered: Sequence[Span]) -> list[latency.Outage]:
    return [latency.Outage(span.start, span.end) for span in covered if span.status in DOWN]


def _tabs(monitor: Monitor, choice: Choice, which: str, names: Sequence[str]) -> list[Tab]:
    page = reverse("monitors:detail", args=[monitor.pk])
    found = []
    for name in names:
        one = replace(choice, **{which: name})
        found.append(Tab(f"{name[:-1]} {name[-1]}", page + one.address, one == choice))
    return found


def _planned(monitor: Monitor, choice: Choice) -> list[Tab]:
    """The two ways to count planned maintenance."""
    page = reverse("monitors:detail", args=[monitor.pk])
    return [
        Tab(label, page + replace(choice, planned=value).address, choice.planned == value)
        for label, value in (("counted", ""), ("left out", LEFT_OUT))
    ]

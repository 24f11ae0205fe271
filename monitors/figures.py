"""Work out what a monitor's own page shows: uptime, latency and bars over the last hours, days and month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from monitors import history
from monitors.models import Monitor
from monitors.probes import PROBES
from monitors.reading import standings
from monitors.uptime import DOWN, Span, Uptime, measure, since
from pulse.charts import latency, uptime_bar
from pulse.templatetags.figures import milliseconds, percent

RANGES = {"3h": timedelta(hours=3), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
UPTIMES = {"24 hours": timedelta(hours=24), "7 days": timedelta(days=7), "30 days": timedelta(days=30)}
DAY = timedelta(days=1)
BAR_SLOTS = 96  # a quarter of an hour each


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
class Figures:
    """All of it, for one range of the latency chart."""

    chosen: str
    tabs: list[Tab]
    tiles: list[Tile]
    bar: uptime_bar.UptimeBar
    chart: latency.LatencyChart | None


def work_out(monitor: Monitor, chosen: str, now: datetime) -> Figures:
    """`chosen` is one of RANGES. Costs six queries, whatever the range."""
    longest = now - max(UPTIMES.values())
    covered = history.states(standings([monitor]), longest, now)[monitor.no]
    start = now - RANGES[chosen]
    interval = timedelta(seconds=monitor.interval_seconds)
    is_probed = monitor.kind in PROBES  # the others ask nobody, and so wait for no answer
    chart = (
        None
        if not is_probed
        else latency.draw_buckets(
            history.buckets(monitor.no, interval, start, now),
            start=start,
            end=now,
            zone=timezone.get_current_timezone(),
            outages=outages(since(covered, start)),
            limit=monitor.config.get("response_time_limit_ms"),
        )
    )
    day = history.bar_spans(since(covered, now - DAY))
    bar = uptime_bar.draw(uptime_bar.bucket(day, now - DAY, now, BAR_SLOTS))
    page = reverse("monitors:detail", args=[monitor.pk])
    tabs = [
        Tab(name.replace("h", " h").replace("d", " d"), f"{page}?range={name}", name == chosen)
        for name in RANGES
    ]
    return Figures(chosen, tabs, tiles(monitor, covered, now), bar, chart)


def tiles(monitor: Monitor, covered: list[Span], now: datetime) -> list[Tile]:
    found = [uptime_tile(label, measure(since(covered, now - length))) for label, length in UPTIMES.items()]
    if monitor.kind not in PROBES:
        return found
    p95 = history.p95([monitor.no], now - DAY, now).get(monitor.no)
    value, _, unit = milliseconds(p95).partition(" ")
    return [*found, Tile("p95 latency, 24 hours", value, unit, "of good answers")]


def uptime_tile(label: str, uptime: Uptime) -> Tile:
    if uptime.share is None:
        return Tile(f"Uptime, {label}", "—", note="nothing measured yet")
    return Tile(
        f"Uptime, {label}",
        percent(uptime.share),
        "%",
        f"measured {int(uptime.coverage * 1000) / 10:g} % of it",
    )


def outages(covered: list[Span]) -> list[latency.Outage]:
    return [latency.Outage(span.start, span.end) for span in covered if span.status in DOWN]

"""Work out what a page shows of a monitor's series: their newest values, their course, and one of them at large."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from statistics import median
from urllib.parse import urlencode

from django.utils import timezone

from monitors.figures import Tab
from monitors.hosts.beginning import Snippet, snippets
from monitors.models import Monitor
from monitors.series.reading import Bucket, Series, read, series_of, width_for
from monitors.thresholds import reading, writing
from monitors.thresholds.model import Threshold
from pulse import scoping
from pulse.charts import series as series_chart
from pulse.charts import sparkline
from pulse.charts.series import Limit, SeriesChart, Value
from pulse.charts.units import shown
from pulse.fields import FieldError
from pulse.links import path_in

RANGES = {
    "1h": timedelta(hours=1), "6h": timedelta(hours=6), "24h": timedelta(hours=24), "7d": timedelta(days=7),
    "30d": timedelta(days=30), "90d": timedelta(days=90), "1y": timedelta(days=365),
}  # fmt: skip
LISTED_AT_MOST = 200
SPARK_BUCKETS = 40


@dataclass(frozen=True, slots=True)
class Listed:
    """A series in the list of all: `labels` tell it apart from others of its name."""

    name: str
    labels: str
    value: str
    at: datetime | None
    course: sparkline.Sparkline
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """`families` group the series of a host by the first part of their names; `more` of them are not listed.

    `snippets` let a host begin that has sent nothing yet.
    """

    tabs: list[Tab]
    families: list[tuple[str, list[Listed]]]
    title: str
    chart: SeriesChart | None
    more: int
    url: str
    snippets: list[Snippet]


def panel(monitor: Monitor, chosen_range: str, chosen: int | None, now: datetime) -> Panel:
    """One range of RANGES, and the number of the series to draw at large; three queries."""
    chosen_range = chosen_range if chosen_range in RANGES else "6h"
    start = now - RANGES[chosen_range]
    every = series_of(monitor.no, scoping.current().no, now)
    thresholds = _thresholds(monitor)
    one = _chosen(every, chosen, thresholds)
    found = every[:LISTED_AT_MOST]
    courses = read([series.no for series in found], start, now, _coarse(start, now))
    page = path_in(scoping.current().slug, "monitors:series", monitor.pk)

    def url(range_name: str, number: int | None) -> str:
        return f"{page}?{urlencode({'range': range_name, **({'series': number} if number else {})})}"

    listed = [
        _listed(series, courses.get(series.no, ()), url(chosen_range, series.no), one, now)
        for series in found
    ]
    number = one.no if one else None
    return Panel(
        [Tab(_spaced(name), url(name, number), name == chosen_range) for name in RANGES],
        [
            (family, list(group))
            for family, group in groupby(listed, key=lambda each: _family(monitor, each.name))
        ],
        writing.series(one.name, one.labels) if one else "",
        chart(one, start, now, thresholds) if one else None,
        len(every) - len(found),
        url(chosen_range, number),
        snippets(monitor) if monitor.kind == "host" and not every else [],
    )


def _family(monitor: Monitor, name: str) -> str:
    """Names of hosts have several parts; those of queries are what somebody chose."""
    return name.partition(".")[0] if monitor.kind == "host" else "series"


def chart(
    series: Series, start: datetime, end: datetime, thresholds: Iterable[Threshold] = ()
) -> SeriesChart:
    """One series at large; a counter as its rate."""
    width = width_for(start, end)
    values = values_of(series, read([series.no], start, end, width).get(series.no, ()))
    unit, _ = shown_as(series)
    limits = [] if series.is_counter else list(_limits(series, thresholds))
    return series_chart.draw(
        values, start=start, end=end, every=timedelta(seconds=width), zone=timezone.get_current_timezone(),
        unit=unit, limits=limits,
    )  # fmt: skip


def values_of(series: Series, buckets: Sequence[Bucket]) -> list[Value]:
    """A gauge as it was; of a counter its increase per second from one bucket to the next, also over a restart."""
    if not series.is_counter:
        return [Value(one.at, one.mean, one.least, one.most) for one in buckets]
    _, factor = shown_as(series)
    steps = [(later.last_at - earlier.last_at).total_seconds() for earlier, later in pairwise(buckets)]
    furthest = median(steps) * series_chart.GAP if steps else 0.0
    rates = []
    for (earlier, later), step in zip(pairwise(buckets), steps, strict=True):
        if 0 < step <= furthest:
            grown = later.last - earlier.last if later.last >= earlier.last else later.last
            rate = grown / step * factor
            rates.append(Value(later.at, rate, rate, rate))
    return rates


def shown_as(series: Series) -> tuple[str, float]:
    """The unit in which a series is shown, and what its values are multiplied by for that.

    Seconds that pass per second are a share.
    """
    if not series.is_counter:
        return series.unit, 1.0
    return ("%", 100.0) if series.unit == "s" else (f"{series.unit}/s", 1.0)


def _thresholds(monitor: Monitor) -> tuple[Threshold, ...]:
    """None where this version cannot read them: what the monitor says of itself tells what to correct."""
    try:
        return reading.load(monitor.config.get("thresholds", []))
    except FieldError:
        return ()


def _chosen(every: Sequence[Series], number: int | None, thresholds: Sequence[Threshold]) -> Series | None:
    """The one that was asked for, else the first with a threshold, else the first."""
    for series in every:
        if series.no == number:
            return series
    for threshold in thresholds:
        for series in every:
            if threshold.selector.matches((series.name, series.labels)):
                return series
    usual = (series for series in every if series.name in ("cpu.percent", "load.1m"))
    return next(usual, every[0] if every else None)


def _listed(
    series: Series, buckets: Sequence[Bucket], url: str, chosen: Series | None, now: datetime
) -> Listed:
    values = values_of(series, buckets)
    unit, _ = shown_as(series)
    value = "—"
    if series.is_counter:
        value = shown(values[-1].mean, unit) if values else "—"
    elif series.newest:
        value = shown(series.newest[1], unit)
    low = min((one.mean for one in values), default=0.0)
    course = sparkline.draw([one.mean - min(low, 0.0) for one in values])
    words = f"{shown(low, unit)} to {shown(max(one.mean for one in values), unit)}" if values else "no values"
    return Listed(
        series.name,
        ", ".join(f"{name} {text}" for name, text in series.labels),
        value,
        series.newest[0] if series.newest else None,
        replace(course, summary=words),
        url,
        chosen is not None and chosen.no == series.no,
    )


def _limits(series: Series, thresholds: Iterable[Threshold]) -> Iterable[Limit]:
    for threshold in thresholds:
        if threshold.selector.matches((series.name, series.labels)) and threshold.function != "rate":
            for bound, level in ((threshold.warning, "warning"), (threshold.critical, "critical")):
                if bound is not None:
                    yield Limit(bound.limit, level)


def _coarse(start: datetime, end: datetime) -> int:
    """Seconds of a bucket for a course in the height of a line."""
    return width_for(start, end, SPARK_BUCKETS)


def _spaced(name: str) -> str:
    return f"{name[:-1]} {name[-1]}"

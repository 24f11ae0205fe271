"""Latency chart: the phases of a check stacked over time, with outages, gaps and the limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import accumulate, groupby
from typing import Final

from pulse.charts.downsampling import PHASES, Bucket, Sample, downsample
from pulse.charts.scale import Tick, number, ticks, time_ticks

WIDTH: Final = 1000
HEIGHT: Final = 200
PHASE_WORDS: Final = {
    "dns": "DNS", "connect": "Connect", "tls": "TLS", "wait": "First byte", "transfer": "Transfer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch [start, end) during which the monitor counted as down."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Area:
    """One phase as a closed path per stretch of answers."""

    phase: str
    word: str
    path: str


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the time axis in view box units."""

    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Row:
    """One bucket of the table behind the chart; `x` is its middle in view box units.

    Cells: local time, the five phases, mean, slowest (all ms), failures; a dash where nothing answered.
    """

    x: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LatencyChart:
    """Geometry and words for `components/latency_chart.html`."""

    width: int
    height: int
    areas: tuple[Area, ...]
    slowest: str
    outages: tuple[Band, ...]
    failures: tuple[Band, ...]
    gaps: tuple[Band, ...]
    over: tuple[str, ...]
    limit: str
    limit_label: str
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    summary: str
    every: timedelta


def draw(
    samples: Iterable[Sample],
    *,
    start: datetime,
    end: datetime,
    interval: timedelta,
    zone: tzinfo,
    outages: Iterable[Outage] = (),
    limit: float | None = None,
) -> LatencyChart:
    """Draw the checks due in [start, end), which came every `interval`.

    `limit` is the response-time limit in milliseconds; times are aware, labels are in `zone`. A single
    spike does not set the scale: what exceeds it is cut and marked at the top edge.
    """
    buckets = downsample(samples, start, end, interval)
    return draw_buckets(buckets, start=start, end=end, zone=zone, outages=outages, limit=limit)


def draw_buckets(
    buckets: Sequence[Bucket],
    *,
    start: datetime,
    end: datetime,
    zone: tzinfo,
    outages: Iterable[Outage] = (),
    limit: float | None = None,
) -> LatencyChart:
    """The same from buckets that cover [start, end), as a database groups many checks better than we do."""
    plane = _Plane(start, end, _top(buckets, limit))
    return LatencyChart(
        width=WIDTH,
        height=HEIGHT,
        areas=_areas(buckets, plane),
        slowest=_slowest(buckets, plane),
        outages=tuple(_bands(((outage.start, outage.end) for outage in outages), plane)),
        failures=tuple(_bands(((each.start, each.end) for each in buckets if each.failed), plane)),
        gaps=tuple(_bands(_gaps(buckets), plane)),
        over=tuple(plane.x(_middle(each)) for each in buckets if (each.slowest or 0) > plane.top),
        limit=plane.y(limit) if limit is not None and limit <= plane.top else "",
        limit_label=_milliseconds(limit) if limit is not None else "",
        y_ticks=tuple(Tick(plane.y(value), _milliseconds(value)) for value in reversed(plane.ticks)),
        x_ticks=tuple(_time_labels(start, end, zone)),
        rows=tuple(_row(each, plane, zone) for each in buckets if each.measured),
        summary=_summary(buckets),
        every=buckets[0].end - buckets[0].start,
    )


class _Plane:
    """From time and milliseconds to view box units."""

    def __init__(self, start: datetime, end: datetime, top: float) -> None:
        self.start = start
        self.length = end - start
        self.ticks = ticks(top)
        self.top = self.ticks[-1]

    def x(self, at: datetime) -> str:
        return number(min(max((at - self.start) / self.length, 0.0), 1.0) * WIDTH)

    def y(self, value: float) -> str:
        return number(HEIGHT - min(value / self.top, 1.0) * HEIGHT)


def _top(buckets: Sequence[Bucket], limit: float | None) -> float:
    """Milliseconds the axis must show: all but rare spikes, and the limit if the rest stays legible."""
    totals = sorted(each.total for each in buckets if each.total is not None)
    if not totals:
        return limit or 100.0
    usual = totals[min(int(len(totals) * 0.98), len(totals) - 1)]
    typical = totals[len(totals) // 2]
    slowest = max(each.slowest or 0.0 for each in buckets)
    top = max(min(slowest, usual * 1.5), min(usual, typical * 20), 1.0)
    if limit is not None and top < limit <= top * 3:
        return limit * 1.05
    return top


def _areas(buckets: Sequence[Bucket], plane: _Plane) -> tuple[Area, ...]:
    """Bottom edge of a phase = top edge of the one below; runs end where nothing answered."""
    paths = dict.fromkeys(PHASES, "")
    for answered, group in groupby(buckets, key=lambda each: each.phases is not None):
        if not answered:
            continue
        run = list(group)
        heights = [list(accumulate(each.phases or (), initial=0.0)) for each in run]
        for layer, phase in enumerate(PHASES):
            if any(column[layer + 1] > column[layer] for column in heights):
                upper = _edge(run, [column[layer + 1] for column in heights], plane)
                lower = _edge(run, [column[layer] for column in heights], plane)
                paths[phase] += f"M{'L'.join(upper)}L{'L'.join(reversed(lower))}Z"
    return tuple(Area(phase, PHASE_WORDS[phase], path) for phase, path in paths.items() if path)


def _edge(run: Sequence[Bucket], values: Sequence[float], plane: _Plane) -> list[str]:
    """Points from the run's very start to its very end, so that a lone bucket still has a width."""
    middle = [f"{plane.x(_middle(each))} {plane.y(value)}" for each, value in zip(run, values, strict=True)]
    first = f"{plane.x(run[0].start)} {plane.y(values[0])}"
    last = f"{plane.x(run[-1].end)} {plane.y(values[-1])}"
    return [first, *middle, last]


def _slowest(buckets: Sequence[Bucket], plane: _Plane) -> str:
    """A line of the slowest answer per bucket; without meaning while each bucket holds one answer."""
    if not any(each.answered > 1 for each in buckets):
        return ""
    path = ""
    for answered, group in groupby(buckets, key=lambda each: each.slowest is not None):
        if answered:
            run = list(group)
            path += f"M{'L'.join(_edge(run, [each.slowest or 0.0 for each in run], plane))}"
    return path


def _gaps(buckets: Sequence[Bucket]) -> Iterator[tuple[datetime, datetime]]:
    """Stretches that nobody measured; the bucket still in progress at the end is not one."""
    for measured, group in groupby(buckets, key=lambda each: each.measured):
        run = list(group)
        if not measured and (len(run) > 1 or run[-1] is not buckets[-1]):
            yield run[0].start, run[-1].end


def _bands(stretches: Iterable[tuple[datetime, datetime]], plane: _Plane) -> Iterator[Band]:
    end = plane.start + plane.length
    for first, last in stretches:
        if first < end and last > plane.start and first < last:
            left, right = float(plane.x(first)), float(plane.x(last))
            yield Band(number(left), number(max(right - left, 1.5)))


def _time_labels(start: datetime, end: datetime, zone: tzinfo) -> Iterator[Tick]:
    """Labels by per cent of the axis; those that would hang over an edge are left out."""
    for place, (at, label) in enumerate(time_ticks(start, end, zone)):
        share = (at - start) / (end - start) * 100
        if 2 <= share <= 98:
            yield Tick(f"{number(share)}%", label, extra=place % 2 == 1)


def _row(bucket: Bucket, plane: _Plane, zone: tzinfo) -> Row:
    local = bucket.start.astimezone(zone)
    values = (*(bucket.phases or (None,) * len(PHASES)), bucket.total, bucket.slowest)
    figures = ("—" if value is None else f"{value:,.0f}" for value in values)
    failed = f"{bucket.failed:,}" if bucket.failed else ""
    return Row(plane.x(_middle(bucket)), (f"{local.day} {local:%b %H:%M}", *figures, failed))


def _summary(buckets: Sequence[Bucket]) -> str:
    answered = sum(each.answered for each in buckets)
    failed = sum(each.failed for each in buckets)
    if not answered:
        return f"No answer: {failed:,} checks failed." if failed else "Nothing measured in this time."
    mean = sum((each.total or 0.0) * each.answered for each in buckets) / answered
    slowest = max(each.slowest or 0.0 for each in buckets)
    failures = f" {failed:,} failed." if failed else ""
    plural = "answer" if answered == 1 else "answers"
    return f"{answered:,} {plural}, {_short(mean)} ms on average, {_short(slowest)} ms at most.{failures}"


def _milliseconds(value: float) -> str:
    return f"{number(value / 1000)} s" if value >= 1000 else f"{number(value)} ms"


def _middle(bucket: Bucket) -> datetime:
    return bucket.start + (bucket.end - bucket.start) / 2


def _short(milliseconds: float) -> str:
    return f"{milliseconds:.1f}" if milliseconds < 10 else f"{milliseconds:,.0f}"

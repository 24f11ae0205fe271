"""Chart of latency percentiles over time: three lines on one scale, gaps left open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from pulse.charts.scale import Tick, number, ticks, time_ticks

WIDTH: Final = 1000
HEIGHT: Final = 200
SHARES: Final = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Value:
    """What was answered in the time that begins `at`: milliseconds by SHARES, None without an answer."""

    at: datetime
    percentiles: tuple[float | None, ...]
    answers: int
    failed: int


@dataclass(frozen=True, slots=True)
class Line:
    share: int
    path: str


@dataclass(frozen=True, slots=True)
class Row:
    """One value of the table behind the chart; `says` is the sentence for whoever points at it."""

    x: str
    says: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PercentileChart:
    """Geometry and words for `components/percentile_chart.html`."""

    width: int
    height: int
    lines: tuple[Line, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    summary: str
    every: timedelta


def draw(
    values: Sequence[Value],
    *,
    start: datetime,
    end: datetime,
    every: timedelta,
    zone: tzinfo,
    summary: str = "",
) -> PercentileChart:
    """Draw values in the order of time, each standing for `every` from its `at` on; labels are in `zone`."""
    top = max((value for each in values for value in each.percentiles if value is not None), default=1.0)
    scale = ticks(top, 4)

    def x(at: datetime) -> str:
        return number(min(max((at + every / 2 - start) / (end - start), 0.0), 1.0) * WIDTH)

    def y(value: float) -> str:
        return number(HEIGHT - value / scale[-1] * HEIGHT)

    return PercentileChart(
        WIDTH,
        HEIGHT,
        tuple(
            Line(
                share,
                "".join(
                    f"M{'L'.join(f'{x(each.at)} {y(value)}' for each, value in run)}{'h0' if len(run) == 1 else ''}"
                    for run in _runs(values, place, every)
                ),
            )
            for place, share in enumerate(SHARES)
        ),
        tuple(Tick(y(tick), _short(tick)) for tick in reversed(scale)),
        tuple(
            Tick(f"{number((at - start) / (end - start) * 100)}%", label, bool(place % 2))
            for place, (at, label) in enumerate(time_ticks(start, end, zone))
        ),
        tuple(_row(x(value.at), value, zone, every) for value in values),
        summary or "No answers in this time.",
        every,
    )


def _runs(values: Sequence[Value], place: int, every: timedelta) -> Iterator[list[tuple[Value, float]]]:
    """Stretches in which each time had an answer."""
    run: list[tuple[Value, float]] = []
    for each in values:
        value = each.percentiles[place]
        if run and (value is None or each.at - run[-1][0].at > every * 1.5):
            yield run
            run = []
        if value is not None:
            run.append((each, value))
    if run:
        yield run


def _row(x: str, value: Value, zone: tzinfo, every: timedelta) -> Row:
    at = value.at.astimezone(zone)
    when = f"{at.day} {at:%b %Y}" if every >= timedelta(days=1) else f"{at.day} {at:%b %H:%M}"
    figures = ["—" if each is None else _short(each) for each in value.percentiles]
    failed = f"{value.failed:,}" if value.failed else ""
    said = ", ".join(f"p{share} {figure}" for share, figure in zip(SHARES, figures, strict=True))
    says = f"{when} · {said}" + (f" · {failed} failed" if failed else "")
    return Row(x, says, (when, *figures, f"{value.answers:,}", failed))


def _short(milliseconds: float) -> str:
    if milliseconds >= 10_000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.1f} ms" if 0 < milliseconds < 10 else f"{milliseconds:,.0f} ms"

"""Read what monitors answered in a stretch of time, for a whole page of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from monitors.probes.outcome import FIRST_UNKNOWN
from monitors.results.reading import microseconds, read
from monitors.statuses import Status
from monitors.uptime import Span
from pulse.charts.downsampling import Bucket, bucket_width
from pulse.charts.uptime_bar import SlotState
from pulse.charts.uptime_bar import Span as BarSpan

PHASES = ("dns_us", "connect_us", "tls_us", "wait_us", "transfer_us")
SLOT_STATES = {
    Status.UP: SlotState.UP,
    Status.DEGRADED: SlotState.DEGRADED,
    Status.FLAPPING: SlotState.DEGRADED,
    Status.DOWN: SlotState.DOWN,
}


@dataclass(frozen=True, slots=True)
class Course:
    """Milliseconds: the mean of each part of the stretch, oldest first, and the 95th percentile of the whole."""

    means: tuple[float | None, ...]
    p95: float | None


def courses(numbers: Sequence[int], start: datetime, end: datetime, count: int) -> dict[int, Course]:
    """By monitor number, the latency of the good answers in [start, end), cut into `count` parts."""
    first, length = microseconds(start), microseconds(end) - microseconds(start)
    answers: dict[int, list[list[int]]] = {number: [[] for _ in range(count)] for number in numbers}
    for (number, _), found in read(numbers, start, end, ("ok", "total_us")).items():
        places = answers[number]
        for slot, ok, total in zip(found.slot, found.ok, found.total_us, strict=True):
            if ok and total is not None:
                places[(slot - first) * count // length].append(total)
    return {
        number: Course(tuple(_mean(part) for part in parts), _p95([each for part in parts for each in part]))
        for number, parts in answers.items()
    }


def p95(numbers: Sequence[int], start: datetime, end: datetime) -> dict[int, float]:
    """By monitor number, milliseconds that 95 of 100 good answers stayed under."""
    found = courses(numbers, start, end, 1)
    return {number: course.p95 for number, course in found.items() if course.p95 is not None}


def buckets(number: int, interval: timedelta, start: datetime, end: datetime) -> tuple[Bucket, ...]:
    """One monitor's phases for the latency chart: means and counts by equal parts."""
    width = bucket_width(end - start, interval)
    count, first, step = -(-(end - start) // width), microseconds(start), width // timedelta(microseconds=1)
    parts: list[list[Sequence[Any]]] = [[] for _ in range(count)]
    for found in read([number], start, end, ("ok", "error", "total_us", *PHASES)).values():
        rows = zip(
            found.ok, found.error, found.total_us, *(getattr(found, name) for name in PHASES), strict=True
        )
        for slot, row in zip(found.slot, rows, strict=True):
            parts[(slot - first) // step].append(row)
    return tuple(
        _bucket(start + width * place, min(start + width * (place + 1), end), rows)
        for place, rows in enumerate(parts)
    )


def bar_spans(covered: Sequence[Span]) -> list[BarSpan]:
    """As the uptime bar takes them; unknown time is time without a span."""
    return [
        BarSpan(span.start, span.end, SLOT_STATES[span.status])
        for span in covered
        if span.status in SLOT_STATES
    ]


def _bucket(start: datetime, end: datetime, rows: Sequence[Sequence[Any]]) -> Bucket:
    """Rows are (ok, error, total, and the phases), times in microseconds; whatever told nothing counts as nothing."""
    answers = [row for row in rows if row[0]]
    failed = sum(1 for row in rows if not row[0] and row[1] < FIRST_UNKNOWN)
    if not answers:
        return Bucket(start, end, 0, failed, None, None)
    phases = zip(*(row[3:] for row in answers), strict=True)
    means = tuple(sum(value or 0 for value in phase) / len(answers) / 1000 for phase in phases)
    slowest = max((row[2] for row in answers if row[2] is not None), default=None)
    return Bucket(start, end, len(answers), failed, means, None if slowest is None else slowest / 1000)


def _mean(answers: Sequence[int]) -> float | None:
    return sum(answers) / len(answers) / 1000 if answers else None


def _p95(answers: list[int]) -> float | None:
    """The least of them that 95 of 100 do not exceed, in milliseconds."""
    answers.sort()
    return answers[ceil(0.95 * len(answers)) - 1] / 1000 if answers else None

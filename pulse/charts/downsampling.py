"""Downsampling: many checks into at most a couple of hundred buckets of equal time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PHASES: Final = ("dns", "connect", "tls", "wait", "transfer")
MAX_BUCKETS: Final = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """One check: when it was due, and its phases in milliseconds. `ok=False` carries no latency."""

    at: datetime
    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    wait: float = 0.0
    transfer: float = 0.0
    ok: bool = True

    @property
    def phases(self) -> tuple[float, ...]:
        """Milliseconds in the order of `PHASES`; a clock that ran backwards counts as 0."""
        return tuple(
            max(0.0, value) for value in (self.dns, self.connect, self.tls, self.wait, self.transfer)
        )

    @property
    def total(self) -> float:
        """Milliseconds from the first packet to the last byte."""
        return sum(self.phases)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was measured in [start, end): mean phases of the answers, the slowest answer, and the counts.

    Means, not percentiles: only means of phases add up to the mean of the whole.
    """

    start: datetime
    end: datetime
    answered: int
    failed: int
    phases: tuple[float, ...] | None
    slowest: float | None

    @property
    def total(self) -> float | None:
        """Mean milliseconds of a whole answer, or None if there was none."""
        return None if self.phases is None else sum(self.phases)

    @property
    def measured(self) -> bool:
        """Whether anybody looked: a failure is a measurement, silence is not."""
        return bool(self.answered or self.failed)


def bucket_width(length: timedelta, interval: timedelta, most: int = MAX_BUCKETS) -> timedelta:
    """The smallest multiple of the check interval that needs at most `most` buckets for `length`.

    A multiple, so that each full bucket holds the same number of checks and an empty one means a gap.
    """
    per_bucket = max(1, math.ceil(length / interval / most))
    return interval * per_bucket


def downsample(
    samples: Iterable[Sample], start: datetime, end: datetime, interval: timedelta, most: int = MAX_BUCKETS
) -> tuple[Bucket, ...]:
    """Buckets that cover [start, end) without a hole; samples in any order, those outside are left out."""
    if end <= start or interval <= timedelta():
        raise ValueError("A chart needs an end after its start and an interval above zero.")
    width = bucket_width(end - start, interval, most)
    count = math.ceil((end - start) / width)
    found: list[list[Sample]] = [[] for _ in range(count)]
    for sample in samples:
        if start <= sample.at < end:
            found[min(int((sample.at - start) / width), count - 1)].append(sample)
    return tuple(
        _bucket(start + width * place, min(start + width * (place + 1), end), inside)
        for place, inside in enumerate(found)
    )


def _bucket(start: datetime, end: datetime, samples: list[Sample]) -> Bucket:
    answers = [sample for sample in samples if sample.ok]
    if not answers:
        return Bucket(start, end, 0, len(samples), None, None)
    columns = zip(*(answer.phases for answer in answers), strict=True)
    return Bucket(
        start=start,
        end=end,
        answered=len(answers),
        failed=len(samples) - len(answers),
        phases=tuple(sum(column) / len(answers) for column in columns),
        slowest=max(answer.total for answer in answers),
    )

"""Latencies as histograms that can be added up, and percentiles of them. Pure.

Buckets grow by 2 % each, so that a percentile is off by 1 % at most however many histograms were added: the DDSketch
of Masson, Rim and Lee (VLDB 2019, https://www.vldb.org/pvldb/vol12/p2195-masson.pdf), with relative accuracy 0.01.
A histogram is a flat list: bucket, count, bucket, count, in the order of buckets; a count above 32,767 is written
as several pairs, so that both are 16-bit numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, log

ACCURACY = 0.01
GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_PER_BUCKET = log(GROWTH)
_MOST = 32_767


def histogram(latencies_us: Iterable[int | None]) -> list[int]:
    """Of microseconds; None and negative ones are left out, below one counts as one."""
    return flat(Counter(bucket_of(value) for value in latencies_us if value is not None and value >= 0))


def bucket_of(latency_us: int) -> int:
    return ceil(log(latency_us) / _PER_BUCKET) if latency_us > 1 else 0


def value_of(bucket: int) -> float:
    """The microseconds that are at most 1 % from all that the bucket holds."""
    return float(2 * GROWTH**bucket / (GROWTH + 1))


def add(histograms: Iterable[Sequence[int]]) -> Counter[int]:
    """The counts by bucket of all of them together."""
    found: Counter[int] = Counter()
    for one in histograms:
        for bucket, count in zip(one[::2], one[1::2], strict=True):
            found[bucket] += count
    return found


def flat(counts: Counter[int]) -> list[int]:
    """The flat list of counts by bucket."""
    found: list[int] = []
    for bucket in sorted(counts):
        count = counts[bucket]
        while count > 0:
            found += (bucket, min(count, _MOST))
            count -= _MOST
    return found


def percentile(counts: Counter[int], share: float) -> float | None:
    """Microseconds that `share` of 1 of the latencies do not exceed, within 1 %; None of an empty histogram."""
    rank = ceil(share * counts.total())
    for bucket in sorted(counts):
        rank -= counts[bucket]
        if rank <= 0:
            return value_of(bucket)
    return None

"""Back-test a draft of a monitor's policy over what is stored of it, beside today's policy."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from monitors.backtest.comparing import Comparison, compare
from monitors.backtest.replaying import Outage, moment, replay
from monitors.maintenance.occurring import stretches
from monitors.models import Monitor
from monitors.policy import POLICY_FIELDS, POLICY_READERS, Policy, contradictions
from monitors.probes import PROBES
from monitors.results.columns import Columns
from monitors.results.reading import read
from monitors.uptime import Stretch
from pulse.fields import ConfigError, integer, read_fields

SPAN = timedelta(days=30)
# A person waits for it, and so does a thread that serves pages: half a second at the most costly policy.
RESULTS_AT_MOST = 100_000
AT_ONCE = 2
OUTAGES_AT_MOST = 1_000  # of a monitor that alternates for days a rule makes tens of thousands
_room = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it. `is_cut`: more is stored than is replayed at once, so the newest were."""

    policy: Policy
    quorum: int
    comparison: Comparison
    maintenance: list[Stretch]  # in order, none touches the next
    is_cut: bool

    @property
    def in_maintenance(self) -> int:
        """Outages of the draft that were confirmed during maintenance: nobody would have been told at once."""
        return sum(self.is_in_maintenance(outage) for outage in self.comparison.draft.outages)

    def is_in_maintenance(self, outage: Outage) -> bool:
        place = bisect_right(self.maintenance, outage.confirmed, key=lambda window: window.start)
        return place > 0 and outage.confirmed < self.maintenance[place - 1].end


def read_draft(fields: Mapping[str, Any], monitor: Monitor) -> tuple[Policy, int]:
    """The draft in {"policy": {...}, "quorum": n} over what the monitor has. Raises ConfigError."""
    base = {name: getattr(monitor, name) for name in POLICY_FIELDS}
    try:
        given = read_fields(fields.get("policy", {}), POLICY_READERS)
    except ConfigError as error:
        raise ConfigError((f"/policy{pointer}", words) for pointer, words in error.errors) from None
    policy = Policy(**{**base, **given})
    if errors := contradictions(policy, monitor.timeout_seconds):
        raise ConfigError((f"/policy/{name}", words) for name, words in errors)
    places = max(1, len(monitor.locations))
    quorum = read_fields(
        {"quorum": fields.get("quorum", min(monitor.quorum, places))},
        {"quorum": integer(1, places, "locations")},
    )
    return policy, quorum["quorum"]


def refuse(monitor: Monitor) -> None:
    """Raises ConfigError for a kind that leaves no results to replay."""
    if monitor.kind not in PROBES:
        raise ConfigError(
            [("", f"Choose a monitor that is checked: a {monitor.kind} leaves no results to replay.")]
        )


def run(monitor: Monitor, policy: Policy, quorum: int, start: datetime, end: datetime) -> Backtest:
    """Replay [start, end), or the newest part of it where that is very many results. Raises ConfigError."""
    refuse(monitor)
    places = max(1, len(monitor.locations))
    longest = timedelta(seconds=monitor.interval_seconds * RESULTS_AT_MOST / places)
    begin = max(start, end - longest)
    today = monitor.policy
    columns = ["ok", "soft", "error", "total_us"]
    if today.slow_ms is not None or policy.slow_ms is not None:
        columns.append("detail")
    with _alone():
        stored = read([monitor.no], begin, end, columns)
        found = {place: _newest(some, RESULTS_AT_MOST // places) for (_, place), some in stored.items()}
        before = replay(today, monitor.quorum, found, end)
        after = before if (policy, quorum) == (today, monitor.quorum) else replay(policy, quorum, found, end)
    first = min((moment(some.slot[0]) for some in found.values()), default=begin)
    is_cut = before.results > 0.9 * RESULTS_AT_MOST
    windows = stretches([monitor.no], first, end).get(monitor.no, [])
    return Backtest(policy, quorum, compare(before, after, first, end), windows, is_cut)


def _newest(some: Columns, most: int) -> Columns:
    """An interval that was shorter once left more than is replayed."""
    return some if len(some) <= most else some.at(range(len(some) - most, len(some)))


def as_json(found: Backtest, end: datetime) -> dict[str, Any]:
    """What scripts get: counts, words, and each outage, of very many the newest."""
    comparison = found.comparison
    return {
        "from": comparison.start,
        "to": end,
        "results": comparison.draft.results,
        "words": comparison.sentences,
        "policy": asdict(found.policy),
        "quorum": found.quorum,
        "draft": _side(found, comparison.draft.outages, comparison.draft.degraded, end),
        "today": _side(found, comparison.today.outages, comparison.today.degraded, end),
        "only_draft": _outages(found, comparison.only_draft, end),
        "only_today": _outages(found, comparison.only_today, end),
    }


def _side(found: Backtest, outages: list[Outage], degraded: int, end: datetime) -> dict[str, Any]:
    return {
        "opened": len(outages),
        "degraded": degraded,
        "down_seconds": round(sum(one.lasted(end).total_seconds() for one in outages)),
        "outages": _outages(found, outages, end),
    }


def _outages(found: Backtest, outages: list[Outage], end: datetime) -> list[dict[str, Any]]:
    return [_outage(found, one, end) for one in outages[-OUTAGES_AT_MOST:]]


def _outage(found: Backtest, one: Outage, end: datetime) -> dict[str, Any]:
    return {
        "began": one.began,
        "confirmed": one.confirmed,
        "ended": one.ended,
        "seconds": round(one.lasted(end).total_seconds()),
        "flapping": one.is_flapping,
        "before_the_first_answer": one.is_earlier,
        "in_maintenance": found.is_in_maintenance(one),
    }


@contextmanager
def _alone() -> Iterator[None]:
    if not _room.acquire(timeout=2):
        raise ConfigError([("", "Others are replaying results just now: try again in a few seconds.")])
    try:
        yield
    finally:
        _room.release()

"""Compare what a draft would have opened with what today's policy makes of the same results, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitors.backtest.replaying import Outage, Replay
from monitors.heartbeats.durations import words as lasting


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both over the results of [start, end); `only_today` and `only_draft` overlap no outage of the other."""

    start: datetime
    end: datetime
    today: Replay
    draft: Replay
    only_today: list[Outage]
    only_draft: list[Outage]

    @property
    def _span(self) -> str:
        span = self.end - self.start
        if span < timedelta(hours=2):
            return _count(max(round(span / timedelta(minutes=1)), 1), "minute")
        hours = round(span / timedelta(hours=1))
        return _count(round(hours / 24), "day") if hours >= 48 else _count(hours, "hour")

    @property
    def sentences(self) -> list[str]:
        """What a person wants to know first."""
        if not self.draft.results:
            return ["No result is stored of that time, so there is nothing to replay."]
        said = [f"In {self._span} this rule would have opened {_incidents(self.draft)}{self._against}."]
        if self.only_today:
            said.append(f"It leaves out {_these(self.only_today, self.end)} that today's rule opens.")
        if self.only_draft:
            said.append(f"It adds {_these(self.only_draft, self.end)} that today's rule passes over.")
        slower = self._slower_by()
        if slower:
            apart = f"{lasting(round(abs(slower)))} {'later' if slower > 0 else 'sooner'}"
            said.append(f"Outages that both see are told {apart}.")
        if self.draft.degraded != self.today.degraded:
            times = _count(self.draft.degraded, "time")
            said.append(f"It would have been degraded {times}, by today's rule {self.today.degraded}.")
        return said

    @property
    def _against(self) -> str:
        if len(self.today.outages) == len(self.draft.outages) and not (self.only_today or self.only_draft):
            return ", as today's rule does"
        return f"; today's rule opens {len(self.today.outages)}"

    def _slower_by(self) -> float:
        """Seconds, at the median of the outages that both see: later is above 0."""
        confirmed = {theirs.began: theirs.confirmed for theirs in self.today.outages}
        apart = [
            (mine.confirmed - confirmed[mine.began]).total_seconds()
            for mine in self.draft.outages
            if mine.began in confirmed
        ]
        return sorted(apart)[len(apart) // 2] if apart else 0.0


def compare(today: Replay, draft: Replay, start: datetime, end: datetime) -> Comparison:
    return Comparison(
        start,
        end,
        today,
        draft,
        only_today=_without(today.outages, draft.outages, end),
        only_draft=_without(draft.outages, today.outages, end),
    )


def _without(some: Sequence[Outage], others: Sequence[Outage], end: datetime) -> list[Outage]:
    """Those that overlap none of the others; both are in order, so one pass is enough."""
    found, place = [], 0
    for outage in some:
        ended = outage.ended or end
        while place < len(others) and (others[place].ended or end) < outage.began:
            place += 1
        if place == len(others) or others[place].began > ended:
            found.append(outage)
    return found


def _incidents(replayed: Replay) -> str:
    flapping = sum(outage.is_flapping for outage in replayed.outages)
    said = _count(len(replayed.outages), "incident") if replayed.outages else "no incident"
    return f"{said} ({flapping} by flapping)" if flapping else said


def _these(outages: Sequence[Outage], end: datetime) -> str:
    lengths = sorted(round(outage.lasted(end).total_seconds()) for outage in outages)
    if len(lengths) == 1:
        return f"one of {lasting(lengths[0])}"
    if lengths[0] == lengths[-1]:
        return f"{len(lengths)} of {lasting(lengths[0])} each"
    return f"{len(lengths)}, the shortest of {lasting(lengths[0])} and the longest of {lasting(lengths[-1])},"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"

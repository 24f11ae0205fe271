"""Settle hosts that are due: one that fell silent is down, of the others the thresholds are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitors.deciding import weigh
from monitors.evaluation import Verdict
from monitors.facts import MonitorChangedStatus
from monitors.hosts.settings import SETTINGS, HostConfig
from monitors.probes.settings import to_correct
from monitors.series.model import Point
from monitors.series.reading import keyed_windows
from monitors.telemetry import reports
from monitors.telemetry.reports import DueRow, Reported
from monitors.thresholds.judging import judge
from monitors.thresholds.model import Judgement, Key, Level
from pulse.fields import ConfigError

# Without a report in between, values leave their windows: so often is looked again.
JUDGED_EVERY = timedelta(seconds=60)
# A deadline is looked at within two seconds. One that is found so late passed while Pulse itself was away, and its
# hosts could not report: each has its time anew.
AWAY_AFTER = timedelta(seconds=10)
# Reading so many values takes about a second, and all deadlines are found by one thread. Whoever has more in the
# windows of one host is told; of several hosts those that are left are judged the next time, half a second later.
POINTS_AT_MOST = 100_000
HOSTS_AT_FIRST = 8
TOO_MANY = Judgement(
    Level.UNKNOWN,
    f"more than {POINTS_AT_MOST:,} values are in the windows of its thresholds: shorten them, or send fewer series",
)
Windows = dict[int, dict[Key, list[Point]]]  # by monitor and series
VERDICTS = {
    Level.GOOD: Verdict.GOOD,
    Level.UNKNOWN: Verdict.UNKNOWN,
    Level.WARNING: Verdict.SOFT,
    Level.CRITICAL: Verdict.BAD,
}


@dataclass(frozen=True, slots=True)
class _Due:
    """A due host with its settings, and the moment when it counts as silent.

    `refused` says what of its settings has to be corrected; without its own time of silence, silence tells nothing.
    """

    row: DueRow
    config: HostConfig
    heard: datetime
    silent_at: datetime
    refused: str = ""
    silence: Verdict = Verdict.BAD


def settle(rows: Sequence[DueRow], now: datetime) -> list[MonitorChangedStatus]:
    """New states and deadlines of these hosts; those that there was no time to judge stay due."""
    due = [_due(row) for row in rows]
    judged = [one for one in due if one.silent_at > now and one.config.thresholds]
    judgements = _judgements(sorted(judged, key=lambda one: one.row.due_at or now), now)
    left = {one.row.monitor_no for one in judged} - judgements.keys()
    written = [
        _settled(one, judgements.get(one.row.monitor_no) or _without_thresholds(one), now)
        for one in due
        if one.row.monitor_no not in left
    ]
    reports.write_states(written)
    return reports.changes(written, now)


def _due(row: DueRow) -> _Due:
    saved, refused, silence = row.spec["config"], "", Verdict.BAD
    try:
        config = SETTINGS.load(saved)
    except ConfigError as error:  # another version took them
        config, refused = SETTINGS.filled(error.values), to_correct(error)
        lost = saved.keys() - error.values.keys() if isinstance(saved, dict) else {"silence_seconds"}
        if "silence_seconds" in lost:
            silence = Verdict.UNKNOWN
    heard = row.last_slot or row.due_at or row.now
    silent_at = heard + timedelta(seconds=config.silence_seconds)
    return _Due(row, config, heard, silent_at, refused, silence)


def _without_thresholds(one: _Due) -> Judgement:
    return Judgement(Level.UNKNOWN if one.refused else Level.GOOD, one.refused)


def _judgements(due: Sequence[_Due], now: datetime) -> dict[int, Judgement]:
    """By monitor, of as many of these as there is time for. Several are read at once while they are small."""
    found: dict[int, Judgement] = {}
    place, together, left = 0, HOSTS_AT_FIRST, POINTS_AT_MOST
    while place < len(due) and left > 0:
        some = due[place : place + together]
        points = _points(some, now)
        if points is None and len(some) > 1:
            together = 1
            continue
        for one in some:
            number = one.row.monitor_no
            found[number] = (
                TOO_MANY if points is None else judge(one.config.thresholds, points.get(number, {}), now)
            )
        read = POINTS_AT_MOST if points is None else _count(points)
        left -= read
        place += len(some)
        together = max(1, len(some) * 4 if read * 8 < POINTS_AT_MOST else len(some) // 2)
    return found


def _count(points: Windows) -> int:
    return sum(len(each) for series in points.values() for each in series.values())


def _points(due: Sequence[_Due], now: datetime) -> Windows | None:
    """By monitor and series: the points of the longest window that any of its thresholds looks at.

    None when they are too many.
    """
    wanted = [
        (one.row.monitor_no, threshold.selector.name, threshold.window_s)
        for one in due
        for threshold in one.config.thresholds
    ]
    return keyed_windows(wanted, now, POINTS_AT_MOST)


def _settled(one: _Due, judgement: Judgement, now: datetime) -> Reported:
    if one.silent_at <= now:
        was_away = one.row.unheard or (one.row.due_at is not None and now - one.row.due_at > AWAY_AFTER)
        return _waited_for(one, now) if was_away else _silent(one)
    weighed = weigh(one.row.policy, one.row.state, VERDICTS[judgement.level], now)
    soon = now + JUDGED_EVERY if one.config.thresholds else one.silent_at
    detail = judgement.sentence if judgement.level is not Level.GOOD else ""
    return Reported(
        one.row.monitor_no,
        one.row.tenant_no,
        one.heard,
        weighed.after,
        weighed.transition,
        min(one.silent_at, soon),
        judgement.level is Level.GOOD,
        detail,
        weighed=weighed,
    )


def _silent(one: _Due) -> Reported:
    """Down from the moment on at which it had been silent for too long; nothing is due until it reports again."""
    row = one.row
    policy = replace(row.policy, down_after=1)
    weighed = weigh(policy, row.state, one.silence, one.silent_at)
    words = f"nothing came for {_lasting(one.config.silence_seconds)}: check that the host is up and its agent runs"
    words = one.refused if one.silence is Verdict.UNKNOWN else words
    return Reported(
        row.monitor_no, row.tenant_no, one.heard, weighed.after, weighed.transition, None, ok=False, detail=words,
        weighed=weighed,
    )  # fmt: skip


def _waited_for(one: _Due, now: datetime) -> Reported:
    """As it was until its time is over once more; its outage is then dated to the silence all the same."""
    row = one.row
    words = "it could not report while Pulse was away"
    until = now + timedelta(seconds=one.config.silence_seconds)
    return Reported(row.monitor_no, row.tenant_no, one.heard, row.state, None, until, ok=False, detail=words)


def _lasting(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min" if minutes and not rest else f"{seconds} s"

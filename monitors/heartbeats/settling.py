"""Count missed deadlines of heartbeats, for the thread that finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from monitors.deciding import weigh
from monitors.evaluation import Verdict
from monitors.facts import MonitorChangedStatus
from monitors.heartbeats.advancing import due_at, miss
from monitors.heartbeats.specs import HeartbeatSpec, Specs
from monitors.telemetry import heartbeats, reports
from monitors.telemetry.reports import DueRow, Reported

log = structlog.get_logger(__name__)

_specs = Specs()
# A deadline that nobody looked at for so long passed while Pulse itself was away.
UNSEEN_AFTER = timedelta(minutes=1)
SECOND_CHANCE_AT_MOST = timedelta(hours=1)


def settle(rows: Sequence[DueRow], now: datetime) -> list[MonitorChangedStatus]:
    """A deadline that was put off meanwhile is set anew; one that has passed is one failure, dated to it.

    One that passed while Pulse was away, or what takes pings, is waited for once more: its job may have reported
    in vain, and an upgrade of Pulse must not page everybody. When it stays silent, it is down since the first
    deadline.
    """
    held = heartbeats.lock([row.monitor_no for row in rows], wait=True)
    specs = _specs.of([(no, one.version) for no, one in held.items()])
    beats, reported = [], []
    deferred: list[tuple[DueRow, datetime | None]] = []
    for row in rows:
        one, spec = held.get(row.monitor_no), specs.get(row.monitor_no)
        if one is None or spec is None:
            deferred.append((row, None))
            continue
        assert row.due_at is not None
        if row.unheard or now - row.due_at > UNSEEN_AFTER:
            chance = min(spec.config.grace, SECOND_CHANCE_AT_MOST)
            log.info("deadline_passed_unseen", monitor_no=row.monitor_no, due_at=row.due_at.isoformat())
            deferred.append((row, now + chance))
            continue
        if spec.refused:
            reported.append(_refused(row, spec))
            continue
        step = miss(spec.config, spec.policy, one.beat, one.state, now)
        if step is None:
            deferred.append((row, due_at(spec.config, one.beat, one.state)))
            continue
        beats.append((one, one.pings, step.beat))
        reported.append(
            Reported(
                row.monitor_no,
                row.tenant_no,
                row.due_at,
                step.state,
                step.transition,
                step.due_at,
                False,
                step.detail,
                weighed=step.weighed,
            )
        )
    if beats:
        heartbeats.write_beats(beats)
    reports.write_states(reported)
    for row, deadline in deferred:
        heartbeats.set_due(row.monitor_no, row.tenant_no, deadline)
    return reports.changes(reported, now)


def _refused(row: DueRow, spec: HeartbeatSpec) -> Reported:
    """Its deadline would be another, were its settings understood: nobody knows how it stands."""
    assert row.due_at is not None
    weighed = weigh(replace(spec.policy, down_after=1), row.state, Verdict.UNKNOWN, row.due_at)
    return Reported(
        row.monitor_no, row.tenant_no, row.due_at, weighed.after, weighed.transition, None, ok=False,
        detail=spec.refused, weighed=weighed,
    )  # fmt: skip

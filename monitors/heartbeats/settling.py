"""Count missed deadlines of heartbeats, for the thread that finds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitors.facts import MonitorChangedStatus
from monitors.heartbeats.advancing import due_at, miss
from monitors.heartbeats.specs import Specs
from monitors.telemetry import heartbeats, reports
from monitors.telemetry.reports import DueRow, Reported

_specs = Specs()


def settle(rows: Sequence[DueRow], now: datetime) -> list[MonitorChangedStatus]:
    """A deadline that was put off meanwhile is set anew; one that has passed is one failure, dated to it."""
    held = heartbeats.lock([row.monitor_no for row in rows], wait=True)
    specs = _specs.of([(no, one.version) for no, one in held.items()])
    beats, reported = [], []
    deferred: list[tuple[DueRow, datetime | None]] = []
    for row in rows:
        one, spec = held.get(row.monitor_no), specs.get(row.monitor_no)
        if one is None or spec is None:
            deferred.append((row, None))
            continue
        step = miss(spec.config, spec.policy, one.beat, one.state, now)
        if step is None:
            deferred.append((row, due_at(spec.config, one.beat, one.state)))
            continue
        assert row.due_at is not None
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
            )
        )
    if beats:
        heartbeats.write_beats(beats)
    reports.write_states(reported)
    for row, deadline in deferred:
        heartbeats.set_due(row.monitor_no, row.tenant_no, deadline)
    return reports.changes(reported, now)

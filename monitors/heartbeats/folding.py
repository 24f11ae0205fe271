"""Fold the pings of a batch into their heartbeats' states, in the order they arrived. Reads no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic

from monitors.heartbeats.advancing import Beat, Event, Kind, Step, advance
from monitors.heartbeats.arrivals import Arrival
from monitors.heartbeats.rules import kind_of
from monitors.heartbeats.specs import HeartbeatSpec
from monitors.telemetry.heartbeats import Held, PingRow
from monitors.telemetry.reports import Reported

SAYS_HOW_IT_IS = (Kind.SUCCESS, Kind.FAIL)
PAUSED = "it is paused"
AGENT_AT_MOST = 200

Owned = tuple[Arrival, int]  # and the number of its heartbeat


@dataclass(slots=True)
class Folded:
    """One heartbeat after its pings of a batch. `changes` are its transitions, in order."""

    held: Held
    spec: HeartbeatSpec
    beat: Beat
    reported: list[Reported]
    pings: list[PingRow]

    @property
    def is_told(self) -> bool:
        return any(one.transition is not None for one in self.reported)


def fold(held: Held, spec: HeartbeatSpec, arrivals: Sequence[Arrival]) -> Folded:
    """All pings of one heartbeat in a batch. A paused one keeps them, and they change nothing."""
    folded = Folded(held, spec, held.beat, [], [])
    state, clock = held.state, monotonic()
    for number, arrival in enumerate(arrivals, held.pings + 1):
        at = held.now - timedelta(seconds=max(0.0, clock - arrival.arrived))
        if folded.beat.last_ping_at is not None:
            at = max(at, folded.beat.last_ping_at)
        kind, note = kind_of(
            spec.config,
            arrival.kind,
            arrival.method,
            subject=arrival.subject,
            text=arrival.text,
            body=arrival.body,
        )
        if not held.enabled:
            kind, note = Kind.IGNORED, PAUSED
        event = Event(kind, at, arrival.rid, arrival.exit_status)
        step = advance(spec.config, spec.policy, folded.beat, state, event, spec.refused)
        folded.beat, state = step.beat, step.state
        folded.pings.append(_row(held, number, arrival, event, step, note))
        if held.enabled:
            folded.reported.append(_reported(held, event, step))
    return folded


def by_heartbeat(arrivals: Sequence[Owned]) -> dict[int, list[Arrival]]:
    grouped: dict[int, list[Arrival]] = {}
    for arrival, number in arrivals:
        grouped.setdefault(number, []).append(arrival)
    return grouped


def merged(reported: Sequence[Reported]) -> Reported:
    """Reports of one heartbeat that changed nothing, as one: what the last that says how it is said."""
    said = [one for one in reported if one.ok is not None]
    if not said:
        return reported[-1]
    return replace(reported[-1], ok=said[-1].ok, detail=said[-1].detail)


def rounds(folded: Sequence[Folded]) -> list[list[Reported]]:
    """Reports so that each round holds one of each heartbeat: those that changed it several times keep their order."""
    longest = max((len(one.reported) for one in folded), default=0)
    return [[one.reported[n] for one in folded if n < len(one.reported)] for n in range(longest)]


def _row(held: Held, number: int, arrival: Arrival, event: Event, step: Step, note: str) -> PingRow:
    answers = step.expected_at if event.kind in SAYS_HOW_IT_IS else None
    return PingRow(
        held.monitor_no, number, event.at, held.tenant_no, event.kind, arrival.exit_status, arrival.rid, answers,
        step.duration, arrival.address, arrival.method, arrival.agent[:AGENT_AT_MOST], note, arrival.body_size,
        arrival.body,
    )  # fmt: skip


def _reported(held: Held, event: Event, step: Step) -> Reported:
    ok = None if event.kind not in SAYS_HOW_IT_IS else not step.detail
    return Reported(
        held.monitor_no,
        held.tenant_no,
        event.at,
        step.state,
        step.transition,
        step.due_at,
        ok,
        step.detail,
        weighed=step.weighed,
    )

"""Decide who is told of an incident. Pure: plain values in, a plan out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RuleView:
    """An enabled rule. `monitors` is None where it covers all of them."""

    name: str
    on: frozenset[str]
    channels: frozenset[UUID]
    monitors: frozenset[int] | None

    def covers(self, numbers: Collection[int]) -> bool:
        """Whether it speaks of any of these monitors; a rule for all of them also covers what is about none."""
        return self.monitors is None or not self.monitors.isdisjoint(numbers)


@dataclass(frozen=True, slots=True)
class Opening:
    """A delivery of an incident's opening."""

    no: int
    channel_id: UUID
    state: str
    wants_recovery: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """Why messages wait, and until when."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery to make. `follows` is the opening that must have arrived first."""

    channel_id: UUID
    wants_recovery: bool = False
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Either deliveries, or a hold, or neither; `because` says why in words for the timeline."""

    deliveries: tuple[Planned, ...] = ()
    hold_until: datetime | None = None
    because: str = ""


def quiet(
    now: datetime,
    muted_until: datetime | None,
    muted_by: str,
    snoozed_until: datetime | None,
    snoozed_by: str,
) -> Quiet | None:
    """The longest of mute and snooze that holds now."""
    reasons = [
        Quiet(until, f"{what} by {who}")
        for until, what, who in (
            (muted_until, "everything is muted", muted_by),
            (snoozed_until, "the monitor is snoozed", snoozed_by),
        )
        if until is not None and until > now
    ]
    return max(reasons, key=lambda reason: reason.until, default=None)


def route_opened(
    numbers: Collection[int],
    is_over: bool,
    silence: Quiet | None,
    rules: Sequence[RuleView],
    channels: frozenset[UUID],
    told: Collection[UUID] = (),
) -> Plan:
    """Tell every channel of every rule that covers any of the monitors, each channel once, none that was `told`.

    An outage that ended while messages were held back is told to nobody: who was not told of its
    beginning need not hear of its end.
    """
    if is_over:
        return Plan(because="It was over before anybody had to be told.")
    if silence is not None:
        return Plan(hold_until=silence.until, because=silence.why)
    matching = [rule for rule in rules if "down" in rule.on and rule.covers(numbers)]
    wanted = {
        channel: any("up" in rule.on for rule in matching if channel in rule.channels)
        for rule in matching
        for channel in rule.channels & channels
    }
    if not wanted and not told:
        return Plan(because="No rule with a working channel covers this monitor: nobody is told.")
    new = [(channel, wants_recovery) for channel, wants_recovery in wanted.items() if channel not in told]
    return Plan(tuple(Planned(channel, wants_recovery) for channel, wants_recovery in sorted(new)))


def route_resolved(silence: Quiet | None, openings: Sequence[Opening]) -> Plan:
    """Tell exactly those who were sent the opening and asked for recoveries, whatever the rules say by now."""
    recipients = [
        opening
        for opening in openings
        if opening.wants_recovery and opening.state not in {"dead", "cancelled"}
    ]
    if not recipients:
        return Plan(
            because="Nobody had been told of the outage, so nobody is told of its end."
            if not openings
            else ""
        )
    if silence is not None:
        return Plan(hold_until=silence.until, because=silence.why)
    return Plan(tuple(Planned(opening.channel_id, follows=opening.no) for opening in recipients))

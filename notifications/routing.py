"""Decide who is told of what, and when. Pure: plain values in, a plan out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from notifications.hours import Hours

NOW = timedelta(0)
STALE = timedelta(seconds=60)
STANDS_IN = ", instead of a channel that is switched off"
# Not "unknown": who may have heard that it is down hears that it is over.
GONE = frozenset({"dead", "cancelled"})


@dataclass(frozen=True, slots=True)
class Traits:
    """A monitor as rules look at it: its number, its tags, and the groups that hold it."""

    no: int
    tags: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleView:
    """An enabled rule. `monitors` is None where it covers all of them."""

    name: str
    on: frozenset[str]
    channels: frozenset[UUID]
    monitors: frozenset[int] | None
    id: UUID | None = None
    tags: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()
    severities: frozenset[str] = frozenset()
    delay: timedelta = NOW
    cooldown: timedelta | None = None
    digest: timedelta = NOW
    hours: Hours | None = None
    policy: UUID | None = None

    def covers(self, concerned: Collection[Traits]) -> bool:
        """Whether it speaks of any of these monitors; a rule for all of them also covers what is about none."""
        return self.monitors is None or any(
            one.no in self.monitors or self.tags & one.tags or self.groups & one.groups for one in concerned
        )

    def wants(self, events: Collection[str], severity: str) -> bool:
        return not self.on.isdisjoint(events) and (not self.severities or severity in self.severities)

    def waits(self, now: datetime) -> timedelta:
        """How long after `now` it speaks: its delay, and from then on until its hours begin."""
        at = now + self.delay
        return (self.hours.opens(at) if self.hours else at) - now


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be told: of which monitors, how bad, by which events of rules, and whether it is over."""

    concerned: Sequence[Traits]
    severity: str
    events: frozenset[str] = frozenset({"down"})
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """A delivery of an incident's opening. `due` is when it goes, or went, out."""

    no: int
    channel_id: UUID
    state: str
    wants_recovery: bool
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Why messages wait, and until when."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery to make. `follows` is the opening that must arrive first, `instead_of` the one it replaces."""

    channel_id: UUID
    wants_recovery: bool = False
    follows: int | None = None
    rule_id: UUID | None = None
    wait: timedelta = NOW
    digest: timedelta = NOW
    reason: str = ""
    instead_of: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedPolicy:
    """A policy to set to work."""

    policy_id: UUID
    rule_id: UUID | None
    wait: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Either deliveries and policies, or a hold, or neither; `because` says why in words for the timeline."""

    deliveries: tuple[Planned, ...] = ()
    policies: tuple[PlannedPolicy, ...] = ()
    hold_until: datetime | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at the moment of routing.

    `channels` are those that work, `instead` who stands in for those that are switched off, `told` those that were
    told already, `at_work` the policies that this outage set to work before, `recent` when each rule last told of one
    of these monitors.
    """

    now: datetime
    channels: frozenset[UUID]
    told: Collection[UUID] = ()
    recent: Mapping[UUID | None, datetime] = field(default_factory=dict)
    silence: Quiet | None = None
    at_work: Collection[UUID] = ()
    instead: Mapping[UUID, UUID] = field(default_factory=dict)

    def receivers(self, rule: RuleView) -> set[UUID]:
        """The working channels of a rule, and those that stand in for the others."""
        return {self.instead.get(channel, channel) for channel in rule.channels} & self.channels


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


def route_opened(subject: Subject, rules: Sequence[RuleView], known: Known) -> Plan:
    """Tell every channel of every rule that covers it, each channel once, none that was told; set policies to work.

    An outage that ended while messages were held back is told to nobody: who was not told of its beginning need
    not hear of its end.
    """
    if subject.is_over:
        return Plan(because="It was over before anybody had to be told.")
    if known.silence is not None:
        return Plan(hold_until=known.silence.until, because=known.silence.why)
    matching = [
        rule
        for rule in rules
        if rule.wants(subject.events, subject.severity) and rule.covers(subject.concerned)
    ]
    cool = {rule.id: until for rule in matching if (until := _cooling(rule, known))}
    speaking = [rule for rule in matching if rule.id not in cool]
    deliveries = tuple(_deliveries(speaking, known))
    policies = tuple(_policies(speaking, known))
    because = " ".join(
        f"The rule {rule.name} told of it lately and is silent until {cool[rule.id]:%Y-%m-%d %H:%M} UTC."
        for rule in matching
        if rule.id in cool
    )
    if not deliveries and not policies and not because and not known.told:
        because = "No rule with a working channel covers this monitor: nobody is told."
    return Plan(deliveries, policies, because=because)


def route_again(rules: Sequence[RuleView], subject: Subject, known: Known) -> Plan:
    """Word of something that opens no incident: nobody is told where no rule asks for it, and that needs no saying."""
    plan = route_opened(subject, rules, known)
    return Plan(plan.deliveries, hold_until=plan.hold_until, because=plan.because if plan.hold_until else "")


def route_resolved(silence: Quiet | None, openings: Sequence[Opening], now: datetime) -> Plan:
    """Tell exactly those who were sent the opening and asked for recoveries, whatever the rules say by now.

    Where the opening has not gone out and is not due yet, nothing is told: it is dropped with the outage. One that is
    due but did not get through is told as one message with the end, also to who asked for no recoveries: it was down.
    """
    recipients = [
        one for one in openings if one.state not in GONE and (one.wants_recovery or _late(one, now))
    ]
    if not recipients:
        words = "" if openings else "Nobody had been told of the outage, so nobody is told of its end."
        return Plan(because=words)
    if silence is not None:
        return Plan(hold_until=silence.until, because=silence.why)
    return Plan(tuple(_ending(one, now) for one in recipients if not _not_due(one, now)))


def _not_due(opening: Opening, now: datetime) -> bool:
    """It still waits for its rule's delay or hours: an outage that is over by then was never told."""
    return opening.state == "pending" and opening.due is not None and opening.due > now


def _late(opening: Opening, now: datetime) -> bool:
    """It should be there by now and is not: a message that is minutes old must not say that something is down."""
    if opening.state == "pending":
        return opening.due is not None and opening.due < now - STALE
    return opening.state in {"retrying", "held"}


def _ending(opening: Opening, now: datetime) -> Planned:
    if _late(opening, now):
        why = "the beginning had not got through yet"
        return Planned(opening.channel_id, opening.wants_recovery, instead_of=opening.no, reason=why)
    why = "it was told of the beginning"
    return Planned(opening.channel_id, opening.wants_recovery, follows=opening.no, reason=why)


def _cooling(rule: RuleView, known: Known) -> datetime | None:
    last = known.recent.get(rule.id)
    if rule.cooldown is None or last is None or last + rule.cooldown <= known.now:
        return None
    return last + rule.cooldown


def _deliveries(rules: Sequence[RuleView], known: Known) -> Iterator[Planned]:
    """For each channel the rule that speaks first; what any of its rules asks for counts."""
    receivers = {rule: known.receivers(rule) for rule in rules}
    for channel in sorted(set().union(*receivers.values()) - set(known.told)):
        telling = [rule for rule in rules if channel in receivers[rule]]
        first = min(telling, key=lambda rule: rule.waits(known.now))
        yield Planned(
            channel,
            wants_recovery=any("up" in rule.on for rule in telling),
            rule_id=first.id,
            wait=first.waits(known.now),
            digest=min(rule.digest for rule in telling),
            reason=_because(first, known.now) + ("" if channel in first.channels else STANDS_IN),
        )


def _policies(rules: Sequence[RuleView], known: Known) -> Iterator[PlannedPolicy]:
    seen = set(known.at_work)
    for rule in sorted(rules, key=lambda rule: rule.waits(known.now)):
        if rule.policy is not None and rule.policy not in seen:
            seen.add(rule.policy)
            yield PlannedPolicy(rule.policy, rule.id, rule.waits(known.now), _because(rule, known.now))


def _because(rule: RuleView, now: datetime) -> str:
    words = f"rule {rule.name}"
    if rule.delay:
        words += f", after {int(rule.delay.total_seconds())} s"
    if rule.hours and rule.hours.opens(now + rule.delay) > now + rule.delay:
        words += ", when its hours begin"
    return words

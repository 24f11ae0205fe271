"""Say who would be told if a monitor failed now, and when, by the very functions of routing and of policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from monitors.models import Monitor
from notifications import escalation
from notifications.contacts.reaching import Person, reaches
from notifications.escalation import Target
from notifications.models import EscalationPolicy, Schedule
from notifications.oncall.reading import who_are_on_call
from notifications.routing import Known, PlannedPolicy, Subject, quiet, route_opened
from notifications.ruling import Ruling, last_told, read_ruling, traits_of
from notifications.transports import TRANSPORTS
from tenants.models import Membership, Organisation

LINES_AT_MOST = 40


@dataclass(frozen=True, slots=True)
class Line:
    """At this moment after the outage was confirmed, this receiver is told, by these ways, because of that."""

    after: timedelta
    whom: str
    how: str
    why: str
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """Lines in the order in which they would happen; `because` says why there are none, or fewer."""

    lines: tuple[Line, ...]
    because: str = ""
    waits_until: datetime | None = None


def preview(organisation: Organisation, monitor: Monitor, severity: str, now: datetime) -> Preview:
    """If the outage were confirmed now and nobody acted."""
    ruling = read_ruling()
    subject = Subject(traits_of(ruling, [monitor.no]), severity)
    silence = quiet(
        now, organisation.muted_until, organisation.muted_by, monitor.snoozed_until, monitor.snoozed_by
    )
    recent = last_told(ruling.rules, [monitor.no], now)
    plan = route_opened(subject, ruling.rules, Known(now, ruling.working, (), recent, silence))
    lines = [
        _of_channel(ruling, one.channel_id, one.wait + one.digest, one.reason) for one in plan.deliveries
    ]
    policies = EscalationPolicy.objects.in_bulk([one.policy_id for one in plan.policies])
    for one in plan.policies:
        if policy := policies.get(one.policy_id):
            lines += _of_policy(organisation, ruling, policy, one, severity, now)
    ordered = tuple(sorted(lines, key=lambda line: line.after)[:LINES_AT_MOST])
    return Preview(ordered, plan.because, plan.hold_until)


def _of_channel(ruling: Ruling, pk: UUID, after: timedelta, why: str) -> Line:
    channel = ruling.channels[pk]
    return Line(after, channel.name, TRANSPORTS[channel.kind].title, why)


def _of_policy(
    organisation: Organisation,
    ruling: Ruling,
    policy: EscalationPolicy,
    planned: PlannedPolicy,
    severity: str,
    now: datetime,
) -> list[Line]:
    steps = escalation.timetable(escalation.load(policy.steps, policy.repeat), now + planned.wait)
    lines = []
    for at, number, targets in steps[:LINES_AT_MOST]:
        why = f"step {number + 1} of {policy.name}, {planned.reason}"
        lines += [
            _of_channel(ruling, target.id, at - now, why)
            for target in targets
            if target.kind == "channel" and target.id in ruling.working
        ]
        people, gaps = _people(organisation, targets, at)
        lines += [Line(at - now, f"nobody: {gap}", "", why, is_gap=True) for gap in gaps]
        lines += [line for person in people for line in _of_person(person, at, now, severity, why)]
    return lines


def _of_person(person: Person, at: datetime, now: datetime, severity: str, why: str) -> list[Line]:
    until = person.quiet_until(severity, at)
    lines = []
    for reach in person.methods:
        due = max(at + timedelta(seconds=reach.after_seconds), until or at)
        lines.append(
            Line(due - now, person.name, reach.label, why + (", after quiet hours" if until else ""))
        )
    return lines


def _people(
    organisation: Organisation, targets: Sequence[Target], at: datetime
) -> tuple[list[Person], list[str]]:
    schedules = Schedule.objects.in_bulk([one.id for one in targets if one.kind == "schedule"])
    wanted = [one.id for one in targets if one.kind == "person"]
    gaps = []
    for pk, duty in who_are_on_call(list(schedules.values()), at).items():
        if duty is None:
            gaps.append(f"nobody is on call by {schedules[pk].name} then")
        else:
            wanted.append(duty)
    members = Membership.objects.filter(organisation=organisation, user__in=wanted)
    found = reaches(set(members.values_list("user_id", flat=True)))
    return list(found.values()), gaps

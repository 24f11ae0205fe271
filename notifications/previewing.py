"""Say who would be told if a monitor failed now, and when, by the very functions of routing and of policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from monitors.models import Monitor
from notifications import escalation, routing
from notifications.contacts.reaching import Person, reaches
from notifications.escalation import Target
from notifications.models import EscalationPolicy, Schedule
from notifications.oncall import rota
from notifications.oncall.reading import Known, know
from notifications.routing import PlannedPolicy, Subject, quiet, route_opened
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
    known = routing.Known(now, ruling.working, (), recent, silence, instead=ruling.instead)
    plan = route_opened(subject, ruling.rules, known)
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
    steps = escalation.timetable(escalation.load(policy.steps, policy.repeat), now + planned.wait)[
        :LINES_AT_MOST
    ]
    cast = _cast(organisation, steps)
    lines = []
    for at, number, targets in steps:
        why = f"step {number + 1} of {policy.name}, {planned.reason}"
        lines += [
            _of_channel(ruling, pk, at - now, why)
            for target in targets
            if target.kind == "channel" and (pk := ruling.instead.get(target.id, target.id)) in ruling.working
        ]
        people, gaps = cast.at(targets, at)
        lines += [Line(at - now, f"nobody: {gap}", "", why, is_gap=True) for gap in gaps]
        lines += [line for person in people for line in _of_person(person, at, now, severity, why)]
    return lines


def _of_person(person: Person, at: datetime, now: datetime, severity: str, why: str) -> list[Line]:
    lines = []
    for reach in person.methods:
        due = at + timedelta(seconds=reach.after_seconds)
        until = person.quiet_until(severity, due)
        words = why + (", after quiet hours" if until else "")
        lines.append(Line((until or due) - now, person.name, reach.label, words))
    return lines


@dataclass(frozen=True, slots=True)
class Cast:
    """Whom the steps of a policy can name: its schedules, and the people who could be called."""

    schedules: Mapping[UUID, Known]
    people: Mapping[UUID, Person]

    def at(self, targets: Sequence[Target], at: datetime) -> tuple[list[Person], list[str]]:
        """Each person once, and in words where nobody is."""
        wanted = [one.id for one in targets if one.kind == "person"]
        gaps = []
        for known in (self.schedules[one.id] for one in targets if one.id in self.schedules):
            duty = rota.on_call(known.rota, at)
            if duty is None:
                gaps.append(f"nobody is on call by {known.schedule.name} then")
            else:
                wanted.append(duty)
        return [self.people[pk] for pk in dict.fromkeys(wanted) if pk in self.people], gaps


def _cast(organisation: Organisation, steps: Sequence[tuple[datetime, int, tuple[Target, ...]]]) -> Cast:
    """In a constant number of queries, however many steps there are."""
    targets = {target for _, _, some in steps for target in some}
    schedules = Schedule.objects.filter(pk__in=[one.id for one in targets if one.kind == "schedule"])
    known = know(schedules, steps[0][0], steps[-1][0] + rota.INSTANT) if steps else {}
    duties = {
        rota.on_call(known[target.id].rota, at)
        for at, _, some in steps
        for target in some
        if target.id in known
    }
    wanted = {one.id for one in targets if one.kind == "person"} | (duties - {None})
    members = Membership.objects.filter(organisation=organisation, user__in=wanted)
    return Cast(known, reaches(set(members.values_list("user_id", flat=True))))

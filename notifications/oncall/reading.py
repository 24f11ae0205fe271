"""Ask who has the pager: of one schedule, of all of them, of one person. In an organisation's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.models import Override, Schedule
from notifications.oncall import rota
from notifications.oncall.definition import layers_of, people_of
from notifications.oncall.rota import LONGEST, Cover, Rota
from pulse import scoping
from tenants.models import Membership, User

FORMER = "a former member"


@dataclass(frozen=True, slots=True)
class Known:
    """A schedule with its rota, in which the turns of those who left are nobody's, and the names of all in it."""

    schedule: Schedule
    rota: Rota
    names: dict[UUID, str]
    left: tuple[UUID, ...]

    def name(self, person: UUID | None) -> str:
        return self.names.get(person, FORMER) if person else ""

    @property
    def warnings(self) -> list[str]:
        return [
            f"{self.name(person)} is no longer a member: an earlier layer has these turns, or nobody."
            for person in self.left
        ]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has it at a moment, until when, and who is next; `until` is None when there is no next hand-over."""

    known: Known
    person: UUID | None
    until: datetime | None
    next: UUID | None

    @property
    def name(self) -> str:
        return self.known.name(self.person)

    @property
    def next_name(self) -> str:
        return self.known.name(self.next)


@dataclass(frozen=True, slots=True)
class Duty:
    """One schedule that a person is on call for."""

    schedule: Schedule
    until: datetime | None


def who_is_on_call(schedule: Schedule, at: datetime) -> UUID | None:
    """The member who has it, or None: a gap. Who left the organisation never has."""
    return who_are_on_call([schedule], at)[schedule.pk]


def who_are_on_call(schedules: Sequence[Schedule], at: datetime) -> dict[UUID, UUID | None]:
    """The same for several schedules, by schedule, in a constant number of queries."""
    return {pk: rota.on_call(known.rota, at) for pk, known in know(schedules, at, at + rota.INSTANT).items()}


def standings(schedules: Sequence[Schedule], at: datetime) -> list[Standing]:
    """Of each schedule, in the order given; in a constant number of queries."""
    found = []
    for known in know(schedules, at, at + LONGEST).values():
        handover = rota.next_handover(known.rota, at)
        person = handover.before if handover else rota.on_call(known.rota, at)
        found.append(
            Standing(known, person, handover.at if handover else None, handover.after if handover else None)
        )
    return found


def on_call_of(user_id: UUID, at: datetime) -> list[Duty]:
    """What a person is on call for at this moment in the current organisation, the first to end first."""
    schedules = list(Schedule.objects.order_by("name"))
    now = who_are_on_call(schedules, at)  # cheap; looking for the next hand-over of each is not
    mine = [schedule for schedule in schedules if now[schedule.pk] == user_id]
    duties = [Duty(one.known.schedule, one.until) for one in standings(mine, at)] if mine else []
    return sorted(duties, key=lambda duty: duty.until or at + LONGEST)


def know(schedules: Iterable[Schedule], start: datetime, end: datetime) -> dict[UUID, Known]:
    """Rotas and names of schedules, with the overrides that touch [start, end); in three queries."""
    by_id = {schedule.pk: schedule for schedule in schedules}
    overrides: defaultdict[UUID, list[Override]] = defaultdict(list)
    rows = Override.objects.filter(schedule__in=by_id, starts_at__lt=end, ends_at__gt=start)
    for override in rows.order_by("created_at", "id"):
        overrides[override.schedule_id].append(override)
    wanted = {pk: people_of(schedule.layers) for pk, schedule in by_id.items()}
    covering = {row.user_id for rows_of_one in overrides.values() for row in rows_of_one}
    names, members = _people(set().union(covering, *wanted.values()))
    return {pk: _known(schedule, overrides[pk], wanted[pk], names, members) for pk, schedule in by_id.items()}


def members() -> dict[UUID, str]:
    """The names of everybody who can be on call, by name."""
    rows = Membership.objects.filter(organisation=scoping.current(), user__is_active=True)
    found = {row.user_id: str(row.user) for row in rows.select_related("user")}
    return dict(sorted(found.items(), key=lambda item: item[1].casefold()))


def _people(wanted: Collection[UUID]) -> tuple[dict[UUID, str], set[UUID]]:
    """Names of these people, and who of them is a member: those that left keep their name here."""
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)}
    found = Membership.objects.filter(organisation=scoping.current(), user__in=wanted, user__is_active=True)
    return names, set(found.values_list("user_id", flat=True))


def _known(
    schedule: Schedule,
    overrides: Sequence[Override],
    people: set[UUID],
    names: dict[UUID, str],
    members: set[UUID],
) -> Known:
    gone = (people | {one.user_id for one in overrides}) - members
    left = tuple(sorted(gone, key=lambda person: names.get(person, FORMER)))
    layers = tuple(layer.without(left) for layer in layers_of(schedule.layers))
    covers = tuple(
        Cover(one.pk, one.user_id, one.starts_at, one.ends_at) for one in overrides if one.user_id in members
    )
    snapshots = {one.user_id: one.user_name for one in overrides}
    return Known(schedule, Rota(schedule.zone, layers, covers), snapshots | names, left)

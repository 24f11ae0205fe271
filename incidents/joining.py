"""Put outages that open now where they belong: into a mass outage under way, into a new one, or by themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from incidents import gathering, grouping
from incidents.grouping import JOINS_WITHIN, Fact, Found
from incidents.models import Incident


@dataclass(slots=True)
class Placed:
    """A mass outage, and what comes to it: incidents that open now, and open ones that were told singly before."""

    group: Incident
    is_new: bool
    joining: list[Incident] = field(default_factory=list)
    adopted: list[Incident] = field(default_factory=list)
    was: str = ""  # the likely cause before, where it is another one now


class Placing:
    """One batch of outages of an organisation, whose lock is held."""

    def __init__(
        self,
        opening: Sequence[Incident],
        groups: Sequence[Incident],
        now: datetime,
        addresses: Mapping[int, str],
    ) -> None:
        """`groups` are the open incidents that may stand for others, oldest first; `addresses` where outages are."""
        self.now = now
        self.known = gathering.Known(
            {number_of(incident): incident.monitor for incident in opening if incident.monitor}, addresses
        )
        self.intervals = {
            number_of(incident): timedelta(
                seconds=incident.monitor.interval_seconds if incident.monitor else 60
            )
            for incident in opening
        }
        self.waiting: dict[int, Incident] = {number_of(incident): incident for incident in opening}
        self.placed: dict[UUID, Placed] = {}
        self.groups: dict[UUID, Incident] = {group.pk: group for group in groups if group.shared}

    def run(self) -> list[Placed]:
        if self.groups and self.waiting:
            self._join()
        if self.waiting:
            self._find()
        return list(self.placed.values())

    def _join(self) -> None:
        """Those that have what an outage under way has in common belong to it, without looking further."""
        since = min(incident.started_at for incident in self.waiting.values())
        shared = {_fact(group).kind for group in self.groups.values()} - {"location", "host", "tag"}
        facts = gathering.facts_of(
            {number: set() for number in self.waiting}, since, untrusted=list(self.waiting), kinds=shared
        )
        for number, incident in self.waiting.items():
            if incident.monitor:
                facts[number] |= gathering.facts_of_monitor(incident.monitor)
        for number, incident in list(self.waiting.items()):
            for group in reversed(self.groups.values()):
                idle, worked = self.now - _last(group), self._worked_since(group, incident)
                if grouping.belongs(_fact(group), facts[number], idle, worked_since=worked):
                    self._put(group, incident)
                    break

    def _find(self) -> None:
        """Look at everything that fails: those that are not confirmed yet tell what the first ones belong to."""
        earliest = min(incident.started_at for incident in self.waiting.values())
        longest = max(self.intervals[number] for number in self.waiting)
        rows = gathering.failing_since(earliest - longest - grouping.SLACK)
        for number, incident in self.waiting.items():
            rows.setdefault(number, gathering.Row(incident.started_at, longest, 0))
        if len(rows) < grouping.LEAST:
            return
        first = min(row.since for row in rows.values())
        places = {number: set(row.locations) for number, row in rows.items()}
        for number, seen in gathering.looked_at_since(first).items():
            places.setdefault(number, seen)
        untrusted = [number for number, row in rows.items() if row.error in gathering.CERTIFICATE_ERRORS]
        known = gathering.facts_of(
            {number: places[number] for number in rows},
            first,
            failing=rows,
            untrusted=untrusted,
            known=self.known,
        )
        facts = known
        if places.keys() != rows.keys():
            # What works is asked only for what several failing ones share: else each outage costs as much as all.
            kinds = grouping.shared_kinds(gathering.failing(rows, known)) | gathering.kinds_of_places(places)
            facts = gathering.facts_of(
                places, first, failing=rows, untrusted=untrusted, kinds=kinds, known=self.known
            )
        population = grouping.count(facts)
        failing = gathering.failing(rows, {number: known[number] | facts[number] for number in rows})
        while self.waiting:
            seed = next(item for item in failing if item.monitor_no in self.waiting)
            cluster = grouping.together(failing, seed)
            for found in grouping.find(cluster, population):
                self._settle(found)
            for item in cluster:
                self.waiting.pop(item.monitor_no, None)

    def _settle(self, found: Found) -> None:
        mine = [number for number in found.members if number in self.waiting]
        if not mine:
            return
        group = self._existing(found, mine) or self._new(found)
        placed = self._placed(group)
        if _fact(group) != found.fact:
            placed.was = group.cause
        # Words count all that fail by now; who is not confirmed yet joins within moments.
        group.shared = {"kind": found.fact.kind, "value": found.fact.value, "count": len(found.members)}
        if len(mine) < len(found.members):
            placed.adopted += self._adoptable(found, mine)
        for number in mine:
            self._put(group, self.waiting[number])

    def _existing(self, found: Found, mine: Sequence[int]) -> Incident | None:
        """The outage under way that these belong to: of the same cause, or one that is wider than it seemed."""
        members: defaultdict[UUID, set[int]] = defaultdict(set)
        if self.groups:
            open_ones = Incident.objects.filter(part_of__in=self.groups, resolved_at=None)
            for group_id, number in open_ones.values_list("part_of_id", "monitor_no"):
                if group_id is not None and number is not None:
                    members[group_id].add(number)
        for group in reversed(self.groups.values()):
            idle = self.now - _last(group)
            worked = all(self._worked_since(group, self.waiting[number]) for number in mine)
            known = members[group.pk] | {number_of(one) for one in self._placed_in(group)}
            is_wider = idle <= JOINS_WITHIN and 2 * len(known & found.members) >= max(len(known), 1)
            if is_wider or grouping.belongs(_fact(group), {found.fact}, idle, worked_since=worked):
                return group
        return None

    def _worked_since(self, group: Incident, incident: Incident) -> bool:
        """A check found it good after the last member of the group had joined."""
        return incident.started_at - self.intervals[number_of(incident)] - grouping.SLACK > _last(group)

    def _new(self, found: Found) -> Incident:
        group = Incident(
            kind=Incident.Kind.GROUP,
            severity=Incident.Severity.CRITICAL,
            opened_at=self.now,
            started_at=self.now,
            last_joined_at=self.now,
            shared={"kind": found.fact.kind, "value": found.fact.value},
            sequence=1,
        )
        self.groups[group.pk] = group
        self.placed[group.pk] = Placed(group, is_new=True)
        return group

    def _adoptable(self, found: Found, mine: Sequence[int]) -> list[Incident]:
        """Of the same outage, but opened before anybody could see that: they keep their own messages."""
        recent = Incident.objects.select_for_update(no_key=True).filter(
            kind=Incident.Kind.MONITOR,
            resolved_at=None,
            part_of=None,
            monitor_no__in=found.members,
            opened_at__gte=self.now - JOINS_WITHIN,
        )
        return list(recent.exclude(monitor_no__in=mine).order_by("pk"))

    def _put(self, group: Incident, incident: Incident) -> None:
        incident.part_of, incident.is_told = group, False
        group.last_joined_at = self.now
        self._placed(group).joining.append(incident)
        del self.waiting[number_of(incident)]

    def _placed(self, group: Incident) -> Placed:
        return self.placed.setdefault(group.pk, Placed(group, is_new=False))

    def _placed_in(self, group: Incident) -> list[Incident]:
        return self.placed[group.pk].joining if group.pk in self.placed else []


def number_of(incident: Incident) -> int:
    """The number of the monitor of an incident that has one."""
    assert incident.monitor_no is not None
    return incident.monitor_no


def cause_of(group: Incident) -> str:
    """`all 14 resolve to 203.0.113.7`; what stood there before where nobody knows what they share."""
    if not group.shared:
        return group.cause
    return grouping.words(_fact(group), group.extent)


def _last(group: Incident) -> datetime:
    """When the last of its members came to it."""
    return group.last_joined_at or group.opened_at


def _fact(group: Incident) -> Fact:
    shared = group.shared or {}
    return Fact(shared["kind"], shared["value"])

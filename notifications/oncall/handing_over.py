"""Tell people a little before that the pager comes to them: one fact for each hand-over and person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from incidents.saying import rfc3339
from notifications import events
from notifications.models import Schedule
from notifications.oncall import rota
from notifications.oncall.planning import HANDLE
from notifications.oncall.reading import Known, know
from notifications.oncall.rota import LONGEST, Handover
from pulse import links
from pulse.outbox.appending import NewFact, append
from pulse.scoping import in_tenant
from tenants.models import Handle, Organisation

BEFORE = timedelta(minutes=15)
# Who takes over at once, or while nobody looked, is told after all; later than that it is no news.
LATE_AT_MOST = timedelta(minutes=15)


def organisations_with_schedules() -> Sequence[Organisation]:
    """Those that a sweep has to look at, by one query over shared rows: most organisations have no schedule."""
    handles = Handle.objects.filter(kind=HANDLE).values("organisation")
    return list(Organisation.objects.filter(pk__in=handles, state=Organisation.State.READY))


def notice_due(organisation: Organisation, now: datetime) -> int:
    """Append a fact for each hand-over that is due to be told; how many were new to this schedule.

    Two sweeps at once: the mark is set by comparison, in the transaction of the facts, and a fact is unique by
    schedule, person and minute. So a hand-over that a change made another person's is told to that person too.
    """
    told = 0
    with in_tenant(organisation):
        schedules = list(Schedule.objects.filter(Q(handed_over_at=None) | Q(handed_over_at__lt=now + BEFORE)))
        for known in know(schedules, now - LATE_AT_MOST, now + LONGEST).values():
            if coming := _coming(known, now):
                told += _tell(organisation, known, coming)
    return told


def _coming(known: Known, now: datetime) -> list[Handover]:
    schedule = known.schedule
    since = max(schedule.handed_over_at or schedule.created_at, now - LATE_AT_MOST)
    until = now + BEFORE + rota.INSTANT
    return rota.handovers(known.rota, since, until) if since < until else []


def _tell(organisation: Organisation, known: Known, coming: Sequence[Handover]) -> int:
    schedule, last = known.schedule, coming[-1].at
    mine = Schedule.objects.filter(pk=schedule.pk, handed_over_at=schedule.handed_over_at)
    facts = [_fact(organisation, known, handover) for handover in coming if handover.after]
    with transaction.atomic():
        if not mine.update(
            handed_over_at=last
        ):  # another sweep was first, or the schedule changed: the next looks
            return 0
        append(facts)
    return len(facts)


def _fact(organisation: Organisation, known: Known, handover: Handover) -> NewFact:
    schedule, person = known.schedule, handover.after
    following = rota.next_handover(known.rota, handover.at)
    data: dict[str, Any] = {
        "organisation": {"slug": organisation.slug, "name": organisation.name},
        "schedule": {
            "id": str(schedule.pk),
            "name": schedule.name,
            "url": links.page_of(organisation.slug, "oncall:detail", schedule.pk),
        },
        "shift": {
            "starts_at": rfc3339(handover.at),
            "ends_at": rfc3339(following.at) if following else None,
        },
        "person": known.name(person),
        "before": known.name(handover.before) or None,
    }
    payload = {"data": data, "person": str(person), "minutes": BEFORE // timedelta(minutes=1)}
    minute = int(handover.at.timestamp()) // 60
    return NewFact(events.HANDOVER, _subject(schedule.pk, person), minute, payload)


def _subject(schedule: UUID, person: UUID | None) -> UUID:
    """One id for this person in this schedule: the schedule's time, and the rest by hash. A UUIDv7 in form."""
    mixed = hashlib.sha256(schedule.bytes + (person.bytes if person else b"")).digest()
    number = int.from_bytes(schedule.bytes[:6] + mixed[:10])
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)

"""Route durable facts into deliveries: both in one transaction, so that a fact is routed once or not yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from incidents.models import Incident, TimelineEntry
from incidents.saying import JOINED
from notifications import notices
from notifications.audience import incident_id, incidents_of, told_of
from notifications.planning import plan
from notifications.reconnecting import AWAY, reconnect
from notifications.routing import Plan
from notifications.ruling import Ruling, read_ruling
from notifications.starting import Outlet, Starting
from notifications.writing import Routed, write
from pulse import failpoints
from pulse.outbox import relaying
from pulse.outbox.relaying import Waiting
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)

# Few enough that what they tell is under way before the next ones are looked at.
FACTS_AT_ONCE = 25
Kind = TimelineEntry.Kind


def relay(outlet: Outlet | None = None) -> int:
    """Claim waiting facts and route them; returns how many were claimed (0: nothing waits).

    What is due at once goes out through the outlet as soon as it is committed, where that has a place for it.
    """
    with as_pipeline():
        waiting = relaying.claim(FACTS_AT_ONCE)
    failpoints.reach("relay.claimed")
    by_tenant: defaultdict[int, list[Waiting]] = defaultdict(list)
    for fact in waiting:
        by_tenant[fact.tenant_no].append(fact)
    ready = Organisation.objects.filter(no__in=by_tenant, state=Organisation.State.READY)
    for organisation in ready if by_tenant else ():
        try:
            _route_all(organisation, by_tenant[organisation.no], outlet)
        except AWAY as error:
            reconnect(error, organisation.slug, at="relay")
    return len(waiting)


def _route_all(organisation: Organisation, facts: Sequence[Waiting], outlet: Outlet | None) -> None:
    """All facts of an organisation in one transaction; if that fails, each in its own."""
    starting = Starting(organisation, outlet)
    try:
        with in_tenant(organisation), transaction.atomic():
            # Under the lock that lifting a mute or a snooze takes: else a hold could be written just after it.
            organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
            if organisation.state != Organisation.State.READY:
                return  # suspended meanwhile: its facts stay where they are
            # What is started here is not looked at again before it goes: no channel may end before that is committed.
            ruling = read_ruling(hold=outlet is not None)
            for some in rounds(facts):
                route(organisation, some, ruling, starting)
            failpoints.reach("relay.routing")
    except AWAY:
        starting.drop()
        raise
    except Exception:
        starting.drop()
        log.exception("routing_failed", organisation=organisation.slug, facts=[fact.no for fact in facts])
        if len(facts) > 1:
            for fact in facts:
                _route_all(organisation, [fact], outlet)
    else:
        failpoints.reach("relay.routed")
        starting.go()


def rounds(facts: Sequence[Waiting]) -> list[list[Waiting]]:
    """Facts that may be planned together: who joins an outage must find what its opening just told."""
    found: list[list[Waiting]] = [[]]
    for fact in facts:
        if fact.kind == JOINED and found[-1]:
            found.append([])
        found[-1].append(fact)
        if fact.kind == JOINED:
            found.append([])
    return [some for some in found if some]


def route(organisation: Organisation, facts: Sequence[Waiting], ruling: Ruling, starting: Starting) -> None:
    """Plan facts and write the plans down, with a word in the timelines; reads and writes are for all at once."""
    incidents = incidents_of(facts)
    told = told_of(organisation, incidents, facts)
    plans = {
        fact.no: Plan()
        if fact.kind in notices.FACTS
        else plan(organisation, fact, incidents.get(incident_id(fact)), told.get(fact.no, []), ruling)
        for fact in facts
    }
    ours = relaying.mark(organisation.no, [(fact, *_outcome(plans[fact.no])) for fact in facts])
    planned = [
        Routed(fact, incidents.get(incident_id(fact)), plans[fact.no], told.get(fact.no, []))
        for fact in facts
        if fact.no in ours
    ]
    write(organisation, planned, ruling, starting)
    TimelineEntry.objects.bulk_create(
        _note(one.incident, one.plan) for one in planned if one.incident is not None and one.plan.because
    )


def _outcome(found: Plan) -> tuple[str, datetime | None]:
    return found.because or f"{len(found.deliveries)} deliveries", found.hold_until


def _note(incident: Incident, found: Plan) -> TimelineEntry:
    if found.hold_until:
        text = f"Messages wait until {found.hold_until:%Y-%m-%d %H:%M} UTC: {found.because}."
        return TimelineEntry(incident=incident, kind=Kind.HELD, text=text[:500])
    return TimelineEntry(incident=incident, kind=Kind.NOT_TOLD, text=found.because[:500])

"""Route durable facts into deliveries: both in one transaction, so that a fact is routed once or not yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from incidents.saying import JOINED, OPENED, RESOLVED
from notifications import notices
from notifications.addressing import Occasion
from notifications.audience import incident_of
from notifications.chaining import end_chains
from notifications.ledger import queue
from notifications.planning import plan
from notifications.routing import Plan
from notifications.ruling import Ruling, read_ruling
from notifications.writing import write
from pulse import failpoints
from pulse.outbox import relaying
from pulse.outbox.relaying import Waiting
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)

FACTS_AT_ONCE = 200
AWAY = (OperationalError, InterfaceError)
Kind = TimelineEntry.Kind


def relay() -> int:
    """Claim waiting facts and route them; returns how many were claimed (0: nothing waits)."""
    with as_pipeline():
        waiting = relaying.claim(FACTS_AT_ONCE)
    failpoints.reach("relay.claimed")
    by_tenant: defaultdict[int, list[Waiting]] = defaultdict(list)
    for fact in waiting:
        by_tenant[fact.tenant_no].append(fact)
    for tenant_no, facts in by_tenant.items():
        organisation = Organisation.objects.filter(no=tenant_no, state=Organisation.State.READY).first()
        if organisation is not None:
            _route_all(organisation, facts)
    failpoints.reach("relay.routed")
    return len(waiting)


def _route_all(organisation: Organisation, facts: Sequence[Waiting]) -> None:
    """All facts of an organisation in one transaction; if that fails, each in its own."""
    try:
        with in_tenant(organisation), transaction.atomic():
            # Under the lock that lifting a mute or a snooze takes: else a hold could be written just after it.
            organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
            ruling = read_ruling()
            for fact in facts:
                route(organisation, fact, ruling)
            failpoints.reach("relay.routing")
    except AWAY:
        raise
    except Exception:
        log.exception("routing_failed", organisation=organisation.slug, facts=[fact.no for fact in facts])
        if len(facts) > 1:
            for fact in facts:
                _route_all(organisation, [fact])


def route(organisation: Organisation, fact: Waiting, ruling: Ruling) -> None:
    """Plan one fact and write the plan down, with a word in the incident's timeline."""
    incident = incident_of(fact)
    if fact.kind in notices.FACTS:
        rows = notices.deliveries(organisation, fact)
        if relaying.mark(fact, f"{len(rows)} deliveries"):
            queue.insert(organisation.no, fact.created_at, rows)
        return
    found = plan(organisation, fact, incident, ruling)
    if not relaying.mark(fact, found.because or f"{len(found.deliveries)} deliveries", found.hold_until):
        return
    occasion = Occasion(
        fact.no,
        OPENED if fact.kind == JOINED else fact.kind,
        fact.payload,
        incident,
        timezone.now(),
        fact.payload.get("monitor_no"),
    )
    if fact.kind == RESOLVED and incident is not None and found.hold_until is None:
        end_chains(organisation, incident)
    write(organisation, fact, occasion, found, ruling)
    if incident is not None and found.because:
        _note(incident, found)


def _note(incident: Incident, found: Plan) -> None:
    if found.hold_until:
        text = f"Messages wait until {found.hold_until:%Y-%m-%d %H:%M} UTC: {found.because}."
        incident.timeline.create(kind=Kind.HELD, text=text[:500])
    else:
        incident.timeline.create(kind=Kind.NOT_TOLD, text=found.because[:500])

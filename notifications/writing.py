"""Write plans down: deliveries, policies set to work, and openings that their end makes unnecessary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from incidents.saying import JOINED, OPENED, RESOLVED
from notifications import notices
from notifications.addressing import Because, Loads, Occasion, to_channel, to_same
from notifications.events import DEGRADED, SETTLED, TEST
from notifications.ledger import chains, entering
from notifications.ledger.entering import NewDelivery
from notifications.ledger.models import Delivery
from notifications.models import EscalationPolicy
from notifications.planning import openings
from notifications.routing import Plan, Planned
from notifications.ruling import Ruling
from notifications.starting import Starting
from pulse.outbox.relaying import Waiting
from tenants.models import Organisation

NOT_DUE = "it was over before it was time to tell"
REPEATED = "it was over before this said it once more"


@dataclass(frozen=True, slots=True)
class Routed:
    """A fact with what it is about, what becomes of it, and the messages of its opening so far."""

    fact: Waiting
    incident: Incident | None
    plan: Plan
    told: Sequence[Delivery]

    def occasion(self, loads: Loads) -> Occasion:
        fact = self.fact
        event = OPENED if fact.kind == JOINED else fact.kind
        number, now = fact.payload.get("monitor_no"), timezone.now()
        return Occasion(fact.no, event, fact.payload, self.incident, now, number, fact.created_at, loads)


def write(organisation: Organisation, routed: Sequence[Routed], ruling: Ruling, starting: Starting) -> None:
    """In the transaction that marks the facts routed."""
    rows: list[NewDelivery] = []
    folded: dict[int, UUID] = {}
    loads = Loads()
    _end(organisation, routed)
    for one in routed:
        if one.fact.kind in notices.FACTS:
            rows += notices.deliveries(organisation, one.fact)
            continue
        occasion = one.occasion(loads)
        earlier = {delivery.no: delivery for delivery in _earlier(organisation, one)}
        for planned in one.plan.deliveries:
            known = earlier.get(planned.follows or planned.instead_of or 0)
            row = _row(organisation, occasion, planned, known, ruling)
            if row is not None:
                rows.append(row)
                if planned.instead_of is not None and row.follows_no is None:
                    folded[planned.instead_of] = row.id
    now = timezone.now()
    entering.insert(organisation.no, now, rows)
    starting.began(entering.start(organisation.no, starting.pick(rows, ruling.channels, now)))
    chains.name(organisation.no, folded)
    _drop_untold(organisation, routed)
    _set_to_work(organisation, routed)


def _row(
    organisation: Organisation,
    occasion: Occasion,
    planned: Planned,
    known: Delivery | None,
    ruling: Ruling,
) -> NewDelivery | None:
    because = Because(
        "test" if occasion.event == TEST else "rule",
        planned.reason,
        planned.rule_id,
        wants_recovery=planned.wants_recovery,
        follows=planned.follows,
        wait=planned.wait,
        digest=planned.digest,
    )
    if known is None:
        channel = ruling.channels.get(planned.channel_id)
        return to_channel(occasion, channel, because) if channel else None
    if planned.instead_of is not None and not chains.fold(organisation.no, [known.no]):
        if not planned.wants_recovery:
            return None
        because = replace(because, follows=known.no)  # it is on its way after all
    return to_same(occasion, known, because)


def _earlier(organisation: Organisation, one: Routed) -> Sequence[Delivery]:
    """The messages that the plan follows or replaces; those of an incident are known already."""
    numbers = {no for planned in one.plan.deliveries if (no := planned.follows or planned.instead_of)}
    if not numbers or one.told:
        return one.told
    return list(Delivery.objects.filter(tenant_no=organisation.no, no__in=numbers))


def _ended(routed: Sequence[Routed]) -> list[UUID]:
    """Incidents whose end is told now, or need not be: not those whose messages are held back."""
    return [
        one.incident.pk
        for one in routed
        if one.fact.kind == RESOLVED and one.incident is not None and one.plan.hold_until is None
    ]


def _end(organisation: Organisation, routed: Sequence[Routed]) -> None:
    if ended := _ended(routed):
        chains.end(organisation.no, ended)


def _drop_untold(organisation: Organisation, routed: Sequence[Routed]) -> None:
    """What still waits for its rule's delay or hours, or for its turn, need not be told any more."""
    if ended := [pk for pk in _ended(routed) if _was_told(routed, pk)]:
        chains.drop_early(organisation.no, ended, NOT_DUE)
    for one in routed:
        if one.fact.kind == RESOLVED and one.plan.hold_until is None:
            followed = {opening.no for opening in openings(one.told)}
            chains.cancel(organisation.no, [row.no for row in one.told if row.no not in followed], REPEATED)
        if one.fact.kind == SETTLED:
            late = Delivery.objects.filter(
                tenant_no=organisation.no, monitor_no=one.fact.payload["monitor_no"], event=DEGRADED
            ).filter(state="pending", retry_at__gt=timezone.now())
            chains.cancel(organisation.no, list(late.values_list("no", flat=True)), NOT_DUE)


def _was_told(routed: Sequence[Routed], incident: UUID) -> bool:
    return any(one.told for one in routed if one.incident is not None and one.incident.pk == incident)


def _set_to_work(organisation: Organisation, routed: Sequence[Routed]) -> None:
    wanted = [one.policy_id for each in routed for one in each.plan.policies]
    if not wanted:
        return
    names = dict(EscalationPolicy.objects.filter(pk__in=wanted).values_list("pk", "name"))
    now = timezone.now()
    for each in routed:
        for one in each.plan.policies:
            if each.incident is not None and one.policy_id in names:
                chains.start(
                    organisation.no,
                    fact=each.fact.no,
                    incident=each.incident.pk,
                    policy=one.policy_id,
                    name=names[one.policy_id],
                    rule=one.rule_id,
                    reason=one.reason,
                    payload=dict(each.fact.payload),
                    due=now + one.wait,
                )
                _take_over(organisation, each.incident, one.policy_id, names[one.policy_id])


def _take_over(organisation: Organisation, incident: Incident, policy: UUID, name: str) -> None:
    """What turns out to be part of a larger outage is not called of by itself by the same policy any more."""
    if incident.monitor_no is not None:
        return
    parts = Incident.objects.filter(part_of=incident).values_list("pk", flat=True)
    text = f"{name} goes on with the larger outage that this is part of."
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident_id=pk, kind=TimelineEntry.Kind.ESCALATED, text=text[:500])
        for pk in chains.end_one(organisation.no, list(parts), policy)
    )

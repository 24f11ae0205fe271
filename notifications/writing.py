"""Write a plan down: deliveries, policies set to work, and openings that their end makes unnecessary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from incidents.saying import RESOLVED
from notifications.addressing import Because, Occasion, to_channel, to_same
from notifications.events import SETTLED
from notifications.ledger import chains, queue
from notifications.ledger.models import Delivery
from notifications.ledger.queue import NewDelivery
from notifications.models import EscalationPolicy
from notifications.routing import Plan, Planned
from notifications.ruling import Ruling
from pulse.outbox.relaying import Waiting
from tenants.models import Organisation

NOT_DUE = "it was over before it was time to tell"
FOLDED = "it had not got through when the outage ended: told with the end, as one message"


def write(organisation: Organisation, fact: Waiting, occasion: Occasion, plan: Plan, ruling: Ruling) -> None:
    """In the transaction that marks the fact routed."""
    earlier = _earlier(organisation, plan)
    made = [(one, _row(organisation, occasion, one, earlier, ruling)) for one in plan.deliveries]
    queue.insert(organisation.no, fact.created_at, [row for _, row in made if row is not None])
    for planned, row in made:
        if planned.instead_of is not None and row is not None and row.follows_no is None:
            chains.name(organisation.no, [planned.instead_of], row.id)
    if fact.kind in (RESOLVED, SETTLED) and plan.hold_until is None:
        _drop_untold(organisation, occasion)
    _set_to_work(organisation, fact, occasion, plan)


def _row(
    organisation: Organisation,
    occasion: Occasion,
    planned: Planned,
    earlier: Mapping[int, Delivery],
    ruling: Ruling,
) -> NewDelivery | None:
    purpose = "test" if occasion.event == "channel.test" else "rule"
    because = Because(
        purpose,
        planned.reason,
        planned.rule_id,
        wants_recovery=planned.wants_recovery,
        follows=planned.follows,
        wait=planned.wait,
        digest=planned.digest,
    )
    known = earlier.get(planned.follows or planned.instead_of or 0)
    if known is None:
        channel = ruling.channels.get(planned.channel_id)
        return to_channel(occasion, channel, because) if channel else None
    if planned.instead_of is not None and not chains.fold(organisation.no, [known.no], FOLDED):
        if not planned.wants_recovery:
            return None
        because = replace(because, follows=known.no)  # it is on its way after all
    return to_same(occasion, known, because)


def _earlier(organisation: Organisation, plan: Plan) -> dict[int, Delivery]:
    numbers = [one.follows or one.instead_of for one in plan.deliveries if one.follows or one.instead_of]
    if not numbers:
        return {}
    return Delivery.objects.filter(tenant_no=organisation.no).in_bulk(numbers)


def _drop_untold(organisation: Organisation, occasion: Occasion) -> None:
    """What still waits for its rule's delay or hours, or for its turn, need not be told any more."""
    if occasion.incident is not None:
        chains.drop_early(organisation.no, [occasion.incident.pk], NOT_DUE)
    elif occasion.monitor_no:
        late = Delivery.objects.filter(
            tenant_no=organisation.no, monitor_no=occasion.monitor_no, event="monitor.degraded"
        ).filter(state="pending", retry_at__gt=occasion.now)
        chains.cancel(organisation.no, list(late.values_list("no", flat=True)), NOT_DUE)


def _set_to_work(organisation: Organisation, fact: Waiting, occasion: Occasion, plan: Plan) -> None:
    if not plan.policies or occasion.incident is None:
        return
    names = _names([one.policy_id for one in plan.policies])
    for one in plan.policies:
        if one.policy_id in names:
            chains.start(
                organisation.no,
                fact=fact.no,
                incident=occasion.incident.pk,
                policy=one.policy_id,
                name=names[one.policy_id],
                rule=one.rule_id,
                reason=one.reason,
                payload=dict(fact.payload),
                due=occasion.now + one.wait,
            )


def _names(ids: list[UUID]) -> dict[UUID, str]:
    return dict(EscalationPolicy.objects.filter(pk__in=ids).values_list("pk", "name"))

"""Take the due steps of policies at work: tell whom the step names, and say when the next one comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from incidents.saying import OPENED
from notifications import escalation
from notifications.addressing import Because, Loads, Occasion, to_channel, to_person
from notifications.contacts.reaching import Person, reaches
from notifications.escalation import Move, Standing, Target, move
from notifications.following import next_way
from notifications.ledger import chains, entering
from notifications.ledger.chains import Chain
from notifications.ledger.entering import NewDelivery
from notifications.models import EscalationPolicy, NotificationChannel, Schedule
from notifications.oncall.reading import who_are_on_call
from notifications.reconnecting import AWAY, reconnect
from pulse import failpoints, live, scoping
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Membership, Organisation

log = structlog.get_logger(__name__)
Kind = TimelineEntry.Kind
STEPS_PER_CYCLE = escalation.STEPS_AT_MOST
# The turns of each policy at work because of the same fact: what one of them says is no repeat of another's.
TURNS = STEPS_PER_CYCLE * (escalation.REPEAT_AT_MOST + 1)
AGAIN_AFTER = timedelta(minutes=1)


def step_all() -> int:
    """Returns how many steps were taken."""
    with as_pipeline():
        due = chains.due()
    taken = 0
    for tenant_no in due:
        organisation = Organisation.objects.filter(no=tenant_no, state=Organisation.State.READY).first()
        if organisation is None:
            continue
        try:
            taken += _step(organisation)
        except AWAY as error:
            reconnect(error, organisation.slug, at="stepping")
        except Exception:  # one organisation's fault must not keep the others from being called
            log.exception("escalation_failed", organisation=organisation.slug)
    return taken


def _step(organisation: Organisation) -> int:
    with in_tenant(organisation), transaction.atomic():
        organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        now = timezone.now()
        taken = chains.take(organisation.no)
        if organisation.muted_until and organisation.muted_at(now):
            chains.pause(organisation.no, [chain.no for chain in taken], organisation.muted_until)
            return 0
        incidents = Incident.objects.select_related("part_of").in_bulk({chain.incident_id for chain in taken})
        policies = EscalationPolicy.objects.in_bulk({chain.policy_id for chain in taken})
        batch = Batch(now)
        for chain in taken:
            incident, policy = incidents.get(chain.incident_id), policies.get(chain.policy_id)
            try:
                with transaction.atomic():
                    _advance(organisation, chain, incident, policy, batch)
            except AWAY:
                raise
            except Exception:  # one policy's fault must not keep those that others name from being called
                log.exception("step_failed", organisation=organisation.slug, policy=chain.policy_name)
                chains.advance(
                    organisation.no, chain.no, chain.step, chain.cycle, now + AGAIN_AFTER, "running"
                )
        live.publish(organisation.id, ["deliveries", *(f"incident:{pk}" for pk in list(incidents)[:50])])
        failpoints.reach("policy.stepping")
    return len(taken)


@dataclass(slots=True)
class Batch:
    """Steps that are taken at one moment: of two that tell the same receiver of the same outage, one does."""

    now: datetime
    loads: Loads = field(default_factory=Loads)
    told: set[tuple[UUID | None, UUID, str]] = field(default_factory=set)

    def first_to_tell(self, row: NewDelivery) -> bool:
        key = (row.incident_id, row.channel_id, row.recipient)
        is_first = key not in self.told
        self.told.add(key)
        return is_first


def _advance(
    organisation: Organisation,
    chain: Chain,
    incident: Incident | None,
    policy: EscalationPolicy | None,
    batch: Batch,
) -> None:
    now = batch.now
    ended = _ended(incident, policy)
    if ended or incident is None or policy is None:
        chains.advance(organisation.no, chain.no, chain.step, chain.cycle, None, ended)
        return
    taken = move(
        escalation.load(policy.steps, policy.repeat), Standing(chain.step, chain.cycle, chain.run), now
    )
    rows, told = _deliveries(chain, incident, taken, batch)
    entering.insert(organisation.no, now, [row for row in rows if batch.first_to_tell(row)])
    state = "running" if taken.due_at else "exhausted"
    chains.advance(organisation.no, chain.no, taken.step, taken.cycle, taken.due_at, state)
    incident.timeline.create(kind=Kind.ESCALATED, text=_words(policy, chain, told, taken.due_at, now)[:500])


def _ended(incident: Incident | None, policy: EscalationPolicy | None) -> str:
    if incident is None or policy is None:
        return "cancelled"
    if incident.resolved_at:
        return "over"
    group = incident.part_of  # who has the outage has all that is part of it
    return "acknowledged" if incident.acknowledged_at or (group and group.acknowledged_at) else ""


def _deliveries(
    chain: Chain, incident: Incident, taken: Move, batch: Batch
) -> tuple[list[NewDelivery], list[str]]:
    """What this step sends, and whom it tells in words."""
    occasion = Occasion(chain.fact_no, OPENED, chain.payload, incident, batch.now, loads=batch.loads)
    because = Because(
        "policy",
        f"step {chain.step + 1} of the policy {chain.policy_name}, because of {chain.reason}",
        chain.rule_id,
        chain.no,
        turn=1 + chain.rank * TURNS + chain.cycle * STEPS_PER_CYCLE + chain.step,
        wants_recovery=True,
    )
    people, told = _people(taken.targets, batch.now)
    rows = [
        to_person(occasion, person, reach, because, incident.severity)
        for person in people
        for reach in person.methods
    ]
    channel_ids = [target.id for target in taken.targets if target.kind == "channel"]
    for channel in NotificationChannel.objects.filter(pk__in=channel_ids).order_by("pk"):
        receiver = channel if channel.disabled_at is None else next_way(channel)
        told.append(_said(channel, receiver))
        if receiver is not None:
            rows.append(to_channel(occasion, receiver, because))
    return rows, told


def _said(channel: NotificationChannel, receiver: NotificationChannel | None) -> str:
    if receiver is None:
        return f"{channel.name} (switched off, so not told)"
    return receiver.name if receiver is channel else f"{receiver.name} (since {channel.name} is switched off)"


def _people(targets: Sequence[Target], now: datetime) -> tuple[list[Person], list[str]]:
    """Each person once, and in words how each came to be told. Who left the organisation is never told."""
    named = {target.id: "" for target in targets if target.kind == "person"}
    told = []
    schedules = Schedule.objects.in_bulk([target.id for target in targets if target.kind == "schedule"])
    for pk, duty in who_are_on_call(list(schedules.values()), now).items():
        if duty is None:
            told.append(f"nobody, since nobody is on call by {schedules[pk].name}")
        elif duty not in named:
            named[duty] = f" (on call by {schedules[pk].name})"
    members = Membership.objects.filter(organisation=scoping.current(), user__in=named)
    found = reaches(set(members.values_list("user_id", flat=True)))
    told += [f"{found[pk].name}{why}" for pk, why in named.items() if pk in found]
    told += ["somebody who left the organisation (not told)" for pk in named if pk not in found]
    return [found[pk] for pk in named if pk in found], told


def _words(
    policy: EscalationPolicy, chain: Chain, told: Sequence[str], due_at: datetime | None, now: datetime
) -> str:
    again = f", round {chain.cycle + 1}" if chain.cycle else ""
    text = f"{policy.name}, step {chain.step + 1}{again}: telling {', '.join(told) or 'nobody'}."
    if due_at is None:
        return f"{text} That was its last step."
    return f"{text} The next step comes in {int((due_at - now).total_seconds()):,} s unless somebody acknowledges."

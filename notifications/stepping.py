"""Take the due steps of policies at work: tell whom the step names, and say when the next one comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from incidents.saying import OPENED
from notifications import escalation
from notifications.addressing import Because, Occasion, to_channel, to_person
from notifications.contacts.reaching import Person, reaches
from notifications.escalation import Move, Standing, Target, move
from notifications.ledger import chains, queue
from notifications.ledger.chains import Chain
from notifications.ledger.queue import NewDelivery
from notifications.models import EscalationPolicy, NotificationChannel, Schedule
from notifications.oncall.reading import who_are_on_call
from pulse import failpoints, live, scoping
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Membership, Organisation

log = structlog.get_logger(__name__)
AWAY = (OperationalError, InterfaceError)
Kind = TimelineEntry.Kind
STEPS_PER_CYCLE = escalation.STEPS_AT_MOST


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
        except AWAY:
            raise
        except Exception:  # one organisation's fault must not keep the others from being called
            log.exception("escalation_failed", organisation=organisation.slug)
    return taken


def _step(organisation: Organisation) -> int:
    with in_tenant(organisation), transaction.atomic():
        organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        now = timezone.now()
        taken = chains.take(organisation.no)
        if organisation.muted_at(now):
            for chain in taken:
                chains.advance(
                    organisation.no, chain.no, chain.step, chain.cycle, organisation.muted_until, "running"
                )
            return 0
        incidents = Incident.objects.in_bulk({chain.incident_id for chain in taken})
        policies = EscalationPolicy.objects.in_bulk({chain.policy_id for chain in taken})
        for chain in taken:
            _advance(
                organisation, chain, incidents.get(chain.incident_id), policies.get(chain.policy_id), now
            )
        live.publish(organisation.id, ["deliveries", *(f"incident:{pk}" for pk in list(incidents)[:50])])
        failpoints.reach("policy.stepping")
    return len(taken)


def _advance(
    organisation: Organisation,
    chain: Chain,
    incident: Incident | None,
    policy: EscalationPolicy | None,
    now: datetime,
) -> None:
    ended = _ended(incident, policy)
    if ended or incident is None or policy is None:
        chains.advance(organisation.no, chain.no, chain.step, chain.cycle, None, ended)
        return
    taken = move(
        escalation.load(policy.steps, policy.repeat), Standing(chain.step, chain.cycle, chain.run), now
    )
    rows, told = _deliveries(chain, incident, taken, now)
    queue.insert(organisation.no, now, rows)
    state = "running" if taken.due_at else "exhausted"
    chains.advance(organisation.no, chain.no, taken.step, taken.cycle, taken.due_at, state)
    incident.timeline.create(kind=Kind.ESCALATED, text=_words(policy, chain, told, taken.due_at, now)[:500])


def _ended(incident: Incident | None, policy: EscalationPolicy | None) -> str:
    if incident is None or policy is None:
        return "cancelled"
    if incident.resolved_at:
        return "over"
    return "acknowledged" if incident.acknowledged_at else ""


def _deliveries(
    chain: Chain, incident: Incident, taken: Move, now: datetime
) -> tuple[list[NewDelivery], list[str]]:
    """What this step sends, and whom it tells in words."""
    occasion = Occasion(chain.fact_no, OPENED, chain.payload, incident, now)
    because = Because(
        "policy",
        f"step {chain.step + 1} of the policy {chain.policy_name}, because of {chain.reason}",
        chain.rule_id,
        chain.no,
        turn=1 + chain.cycle * STEPS_PER_CYCLE + chain.step,
        wants_recovery=True,
    )
    people, told = _people(taken.targets, now)
    rows = [row for person in people for row in _to_person(occasion, person, because, incident.severity, now)]
    channel_ids = [target.id for target in taken.targets if target.kind == "channel"]
    for channel in NotificationChannel.objects.filter(pk__in=channel_ids).order_by("pk"):
        works = channel.disabled_at is None
        told.append(channel.name if works else f"{channel.name} (switched off, so not told)")
        if works:
            rows.append(to_channel(occasion, channel, because))
    return rows, told


def _to_person(
    occasion: Occasion, person: Person, because: Because, severity: str, now: datetime
) -> Iterable[NewDelivery]:
    until = person.quiet_until(severity, now)
    for reach in person.methods:
        yield to_person(occasion, person, reach, because, until)


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

"""What people do to escalation policies: save and delete, in words that form and API share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from notifications import escalation
from notifications.models import EscalationPolicy, NotificationChannel, Schedule
from notifications.rule_reading import name_of
from pulse import live, scoping
from pulse.fields import ConfigError, integer, read_fields
from pulse.ids import uuid7
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Membership, Organisation

READ_ONLY = ("id", "created_at", "url", "rules")
MISSING = {"name": "Give the policy a name.", "steps": "Give the policy at least one step."}


def read(data: object, known: EscalationPolicy | None = None) -> dict[str, Any]:
    """The complete definition in `data` over `known`, or ConfigError with every complaint at once."""
    fields = (
        {key: value for key, value in data.items() if key not in READ_ONLY}
        if isinstance(data, dict)
        else data
    )
    errors: list[tuple[str, str]] = []
    steps = fields.pop("steps", None) if isinstance(fields, dict) else None
    try:
        values = read_fields(
            fields, {"name": name_of("policy"), "repeat": integer(0, escalation.REPEAT_AT_MOST, "rounds")}
        )
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    if steps is not None:
        try:
            values["steps"] = escalation.read_steps(steps)
            errors += unknown_targets(values["steps"])
        except ConfigError as error:
            errors += [(f"/steps{pointer}", words) for pointer, words in error.errors]
        except ValueError as error:
            errors.append(("/steps", str(error)))
    base = as_json(known) if known else {"repeat": 0}
    merged = {**base, **values}
    complained = {pointer.split("/")[1] for pointer, _ in errors if pointer}
    errors += [
        (f"/{name}", words)
        for name, words in MISSING.items()
        if name not in merged and name not in complained and isinstance(fields, dict)
    ]
    if errors:
        raise ConfigError(errors)
    return merged


def as_json(policy: EscalationPolicy) -> dict[str, Any]:
    return {"name": policy.name, "steps": policy.steps, "repeat": policy.repeat}


def create(organisation: Organisation, values: dict[str, Any], by: Actor) -> EscalationPolicy:
    with transaction.atomic():
        policy = EscalationPolicy.objects.create(id=uuid7(), **values)
        record(organisation, by, "created", "policy", policy.pk, policy.name, as_json(policy))
        live.publish(organisation.id, ["policies"])
    return policy


def update(
    organisation: Organisation, policy: EscalationPolicy, values: dict[str, Any], by: Actor
) -> EscalationPolicy:
    """What is at work goes on by the new steps, from where it stands."""
    with transaction.atomic():
        policy = EscalationPolicy.objects.select_for_update(no_key=True).get(pk=policy.pk)
        before, changes = as_json(policy), {}
        for name, value in values.items():
            if before[name] != value:
                changes[name] = [before[name], value]
                setattr(policy, name, value)
        if changes:
            policy.save()
            record(organisation, by, "changed", "policy", policy.pk, policy.name, changes)
            live.publish(organisation.id, ["policies", "rules"])
    return policy


def delete(organisation: Organisation, policy: EscalationPolicy, by: Actor) -> None:
    """What is at work because of it ends with its next step, and says so; its rules go on without it."""
    with transaction.atomic():
        record(organisation, by, "deleted", "policy", policy.pk, policy.name, as_json(policy))
        policy.delete()
        live.publish(organisation.id, ["policies", "rules"])


def unknown_targets(steps: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Whom a step names that is not there; what is foreign is as unknown as what never was."""
    wanted: dict[str, set[UUID]] = {kind: set() for kind in escalation.KINDS}
    for step in steps:
        for target in step["targets"]:
            wanted[target["kind"]].add(UUID(target["id"]))
    known = names(wanted)
    return [
        (f"/steps/{number}/targets", f"There is no {target['kind']} {target['id']} in this organisation.")
        for number, step in enumerate(steps)
        for target in step["targets"]
        if UUID(target["id"]) not in known
    ]


def names(wanted: dict[str, set[UUID]]) -> dict[UUID, str]:
    """What targets are called, by id; in three queries."""
    found: dict[UUID, str] = {}
    members = Membership.objects.filter(organisation=scoping.current(), user__in=wanted["person"])
    found |= {one.user_id: str(one.user) for one in members.select_related("user")}
    found |= dict(Schedule.objects.filter(pk__in=wanted["schedule"]).values_list("pk", "name"))
    found |= dict(NotificationChannel.objects.filter(pk__in=wanted["channel"]).values_list("pk", "name"))
    return found

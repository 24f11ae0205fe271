"""What people do to monitors: each verb in one transaction, with its schedule, its audit entry and its facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from monitors import definition, live
from monitors.facts import MonitorEdited, MonitorStopped, SnoozeChanged
from monitors.models import Monitor
from monitors.telemetry import scheduling
from pulse import bells, facts
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation


def create(organisation: Organisation, values: dict[str, Any], by: Actor) -> Monitor:
    """Save a monitor from what `definition.read` returned; its first check is due at once."""
    with transaction.atomic():
        monitor = Monitor(created_by=by.name)
        _assign(monitor, values)
        monitor.save()
        scheduling.write(monitor, organisation.no)
        record(organisation, by, "created", "monitor", monitor.pk, monitor.name, definition.as_json(monitor))
        _after(organisation, monitor)
    return monitor


def update(organisation: Organisation, monitor: Monitor, values: dict[str, Any], by: Actor) -> Monitor:
    """Save an edit. State and streaks are kept; a new version of the spec serves from the next check on."""
    with transaction.atomic():
        monitor = Monitor.objects.select_for_update(no_key=True).get(pk=monitor.pk)
        before = definition.as_json(monitor)
        _assign(monitor, values)
        after = definition.as_json(monitor)
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if not changes:
            return monitor
        monitor.version += 1
        monitor.save()
        scheduling.write(monitor, organisation.no)
        record(organisation, by, "changed", "monitor", monitor.pk, monitor.name, changes)
        now = timezone.now()
        if "enabled" in changes and not monitor.enabled:
            facts.emit([MonitorStopped(monitor.no, "paused", by.id, by.name, now)])
        elif what := _in_words(changes):
            facts.emit([MonitorEdited(monitor.no, what, by.id, by.name, now)])
        _after(organisation, monitor)
    return monitor


def pause(organisation: Organisation, monitor: Monitor, by: Actor) -> Monitor:
    return update(organisation, monitor, {**definition.as_json(monitor), "enabled": False}, by)


def resume(organisation: Organisation, monitor: Monitor, by: Actor) -> Monitor:
    return update(organisation, monitor, {**definition.as_json(monitor), "enabled": True}, by)


def delete(organisation: Organisation, monitor: Monitor, by: Actor) -> None:
    """Delete it; its open incident is resolved with that cause, and its incidents stay."""
    with transaction.atomic():
        # The schedule first: the recorder too takes it before it takes an incident.
        scheduling.forget(monitor.no, organisation.no)
        facts.emit([MonitorStopped(monitor.no, "deleted", by.id, by.name, timezone.now())])
        record(organisation, by, "deleted", "monitor", monitor.pk, monitor.name, definition.as_json(monitor))
        _after(organisation, monitor)
        monitor.delete()


def snooze(organisation: Organisation, monitor: Monitor, until: datetime, by: Actor) -> None:
    """Keep checking and keep incidents, but hold messages back until then."""
    _set_snooze(organisation, monitor, until, by, "snoozed")


def unsnooze(organisation: Organisation, monitor: Monitor, by: Actor) -> None:
    """End a snooze early: what was held back and still holds is told now."""
    _set_snooze(organisation, monitor, None, by, "unsnoozed")


def check_now(organisation: Organisation, monitor: Monitor, by: Actor) -> datetime | None:
    """Ask for a check at once; the slot whose result will answer, or None while the monitor is paused."""
    with transaction.atomic():
        slot: datetime | None = scheduling.check_now(monitor.no, organisation.no)
        if slot is not None:
            record(organisation, by, "checked", "monitor", monitor.pk, monitor.name)
            transaction.on_commit(lambda: bells.ring("checks"))
    return slot


def _set_snooze(
    organisation: Organisation, monitor: Monitor, until: datetime | None, by: Actor, verb: str
) -> None:
    with transaction.atomic():
        monitor = Monitor.objects.select_for_update(no_key=True).get(pk=monitor.pk)
        if monitor.snoozed_until == until:
            return
        monitor.snoozed_until, monitor.snoozed_by = until, by.name if until else ""
        monitor.save(update_fields=["snoozed_until", "snoozed_by"])
        record(organisation, by, verb, "monitor", monitor.pk, monitor.name, {"until": until})
        facts.emit([SnoozeChanged(monitor.no, until is not None, by.name)])
        live.announce(organisation, [monitor.no])
        transaction.on_commit(lambda: bells.ring("notifications"))


def _assign(monitor: Monitor, values: dict[str, Any]) -> None:
    for name in ("name", "kind", "target", "config", "interval_seconds", "timeout_seconds", "enabled"):
        setattr(monitor, name, values[name])
    monitor.down_after = values["policy"]["down_after"]
    monitor.up_after = values["policy"]["up_after"]


def _in_words(changes: dict[str, list[Any]]) -> str:
    """What an open incident's timeline should know of an edit."""
    parts = []
    if "target" in changes:
        parts.append("target from {} to {}".format(*changes["target"]))
    if "policy" in changes:
        before, after = changes["policy"]
        parts += [
            f"{key.replace('_', ' ')} from {before[key]} to {after[key]}"
            for key in after
            if before[key] != after[key]
        ]
    if "config" in changes:
        parts.append("what it expects")
    return ", ".join(parts)


def _after(organisation: Organisation, monitor: Monitor) -> None:
    live.announce(organisation, [monitor.no])
    transaction.on_commit(lambda: bells.ring("checks"))

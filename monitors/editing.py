"""What people do to monitors: each verb in one transaction, with its schedule, its audit entry and its facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from monitors import accepting, deadlines, definition, details, grouping, live, secrets
from monitors import locations as places
from monitors.facts import MonitorEdited, MonitorStopped, SnoozeChanged
from monitors.models import Monitor
from monitors.suppression import depending, releasing
from monitors.telemetry import issuers, scheduling
from pulse import bells, facts
from pulse.fields import ConfigError
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

ASSIGNED = (
    "name", "kind", "target", "interval_seconds", "timeout_seconds", "retry_seconds", "locations", "quorum",
    "upside_down", "tags", "notes", "runbook_url", "enabled",
)  # fmt: skip
# An edit writes everything that its form shows: what somebody else changed meanwhile would be taken back unseen.
OVERTAKEN = (
    "This monitor was changed elsewhere while you were editing it. Nothing is saved: compare with its page, then save "
    "again to have it as it stands here."
)


def create(organisation: Organisation, values: dict[str, Any], by: Actor) -> Monitor:
    """Save a monitor from what `definition.read` returned; its first check is due at once."""
    with transaction.atomic():
        monitor = _created(organisation, values, by)
        _after(organisation, [monitor])
    return monitor


def create_many(organisation: Organisation, many: Sequence[dict[str, Any]], by: Actor) -> list[Monitor]:
    """Save them all or none; pointers of a ConfigError begin with /monitors/<index>."""
    monitors = []
    with transaction.atomic():
        for index, values in enumerate(many):
            try:
                monitors.append(_created(organisation, values, by))
            except ConfigError as error:
                raise ConfigError((f"/monitors/{index}{at}", words) for at, words in error.errors) from None
        _after(organisation, monitors)
    return monitors


def _created(organisation: Organisation, values: dict[str, Any], by: Actor) -> Monitor:
    monitor = Monitor(created_by=by.name)
    _assign(organisation, monitor, values)
    monitor.save(force_insert=True)
    _set_members(monitor)
    _set_parents(monitor, [], values["depends_on"])
    scheduling.write(monitor, organisation)
    deadlines.begin(monitor, organisation)
    record(organisation, by, "created", "monitor", monitor.pk, monitor.name, definition.as_json(monitor))
    return monitor


def update(
    organisation: Organisation, monitor: Monitor, values: dict[str, Any], by: Actor, *, shown: str = ""
) -> Monitor:
    """Save an edit. State and streaks are kept; a new version of the spec serves from the next check on.

    Raises ConfigError at /version when `shown` is the version that somebody edited, and it is not the newest any more.
    """
    with transaction.atomic():
        monitor = Monitor.objects.select_for_update(no_key=True).get(pk=monitor.pk)
        if shown not in ("", str(monitor.version)):
            raise ConfigError([("/version", OVERTAKEN)])
        before, secrets_before = definition.as_json(monitor), monitor.sealed_secrets
        _assign(organisation, monitor, values)
        after = definition.as_json(monitor) | {"depends_on": values["depends_on"]}
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if monitor.sealed_secrets != secrets_before:
            changes.setdefault("config", [before["config"], after["config"]])
        if not changes:
            return monitor
        monitor.version += 1
        monitor.save()
        _set_members(monitor)
        _set_parents(monitor, before["depends_on"], values["depends_on"])
        if "kind" in changes:
            deadlines.forget(monitor, organisation, before["kind"])
        scheduling.write(monitor, organisation)
        if accepting.is_void(before, after):
            issuers.forget(monitor.no, organisation.no)
        deadlines.begin(monitor, organisation)
        record(organisation, by, "changed", "monitor", monitor.pk, monitor.name, changes)
        now = timezone.now()
        if "enabled" in changes and not monitor.enabled:
            facts.emit([MonitorStopped(monitor.no, "paused", by.id, by.name, now)])
        elif what := _in_words(changes):
            facts.emit([MonitorEdited(monitor.no, what, by.id, by.name, now)])
        _after(organisation, [monitor])
    return monitor


def pause(organisation: Organisation, monitor: Monitor, by: Actor) -> Monitor:
    return _switch(organisation, monitor, by, enabled=False)


def resume(organisation: Organisation, monitor: Monitor, by: Actor) -> Monitor:
    return _switch(organisation, monitor, by, enabled=True)


def _switch(organisation: Organisation, monitor: Monitor, by: Actor, *, enabled: bool) -> Monitor:
    """All else stays as it is at this moment: somebody may be editing it."""
    with transaction.atomic():
        monitor = Monitor.objects.select_for_update(no_key=True).get(pk=monitor.pk)
        return update(organisation, monitor, {**definition.as_json(monitor), "enabled": enabled}, by)


def delete(organisation: Organisation, monitor: Monitor, by: Actor) -> None:
    """Delete it; its open incident is resolved with that cause, and its incidents stay."""
    with transaction.atomic():
        # An edit of a group takes its row and then its schedule: the same order here.
        groups = list(monitor.groups.select_for_update(no_key=True).order_by("no"))
        found = Monitor.objects.select_for_update(no_key=True).filter(pk=monitor.pk).first()
        if found is None:
            return  # somebody else was first
        # The schedule before incidents: the recorder takes them so too.
        scheduling.forget(found.no, organisation.no)
        deadlines.forget(found, organisation, found.kind)
        facts.emit([MonitorStopped(found.no, "deleted", by.id, by.name, timezone.now())])
        record(organisation, by, "deleted", "monitor", found.pk, found.name, definition.as_json(found))
        _after(organisation, [found])
        _leave(groups, found)
        found.delete()
        releasing.look_again()  # at what it held back, as the parent that it was


def snooze(organisation: Organisation, monitor: Monitor, until: datetime, by: Actor) -> None:
    """Keep checking and keep incidents, but hold messages back until then."""
    _set_snooze(organisation, monitor, until, by, "snoozed")


def unsnooze(organisation: Organisation, monitor: Monitor, by: Actor) -> None:
    """End a snooze early: what was held back and still holds is told now."""
    _set_snooze(organisation, monitor, None, by, "unsnoozed")


def check_now(organisation: Organisation, monitor: Monitor, by: Actor) -> tuple[datetime, int] | None:
    """Ask for a check at once; (slot, location) whose result will answer, or None while it is paused."""
    with transaction.atomic():
        awaited = scheduling.check_now(monitor.no, organisation.no)
        if awaited is not None:
            record(organisation, by, "checked", "monitor", monitor.pk, monitor.name)
            transaction.on_commit(lambda: bells.ring("checks"))
    return awaited


def accept_issuer(organisation: Organisation, monitor: Monitor, by: Actor) -> tuple[datetime, int] | None:
    """Take whoever issues its certificate now for the right one: what the next good check sees is accepted.

    It is asked for at once; (slot, location) as of `check_now`, None while it is paused or wants to know of none.
    """
    with transaction.atomic():
        monitor = Monitor.objects.select_for_update(no_key=True).get(pk=monitor.pk)
        if not accepting.is_watched(monitor.config):
            return None
        # Workers know what was accepted with the version of the spec.
        monitor.version += 1
        monitor.save()
        scheduling.write(monitor, organisation)
        before = issuers.forget(monitor.no, organisation.no)
        awaited = scheduling.check_now(monitor.no, organisation.no)
        record(organisation, by, "accepted", "issuer", monitor.pk, monitor.name, {"instead_of": before})
        facts.emit([MonitorEdited(monitor.no, "which issuer is accepted", by.id, by.name, timezone.now())])
        _after(organisation, [monitor])
    return awaited


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


def _assign(organisation: Organisation, monitor: Monitor, values: dict[str, Any]) -> None:
    is_as_saved = (values["kind"], values["config"]) == (monitor.kind, monitor.config)
    for name in ASSIGNED:
        setattr(monitor, name, values[name])
    for name, count in values["policy"].items():
        setattr(monitor, name, count)
    if (values["owner"] or "") != monitor.owner_name:
        monitor.owner_id = details.owner_id(values["owner"]) if values["owner"] else None
        monitor.owner_name = values["owner"] or ""
    if is_as_saved:  # its masks stand for what is sealed
        return
    shown, hidden = secrets.split(monitor.kind, values["config"])
    monitor.config = secrets.masked(shown, list(hidden))
    if not hidden:
        monitor.sealed_secrets = ""
    # Sealing the same again gives another text: what did not change is left alone.
    elif secrets.to_keep(monitor.sealed_secrets, organisation.id, monitor.pk) != hidden:
        monitor.sealed_secrets = secrets.sealed(hidden, organisation.id, monitor.pk)


def _set_members(monitor: Monitor) -> None:
    if monitor.kind == Monitor.GROUP:
        grouping.lock_nesting()
        members = monitor.config["members"]
        grouping.refuse_circle(monitor.pk, [UUID(member) for member in members])
        monitor.members.set(members)


def _set_parents(monitor: Monitor, before: Sequence[str], after: Sequence[str]) -> None:
    if before == after:
        return
    grouping.lock_nesting()
    members = monitor.config["members"] if monitor.kind == Monitor.GROUP else []
    depending.refuse(monitor, monitor.name, after, members)
    monitor.depends_on.set(Monitor.objects.filter(pk__in=after))
    releasing.look_again()


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
        parts.append("its settings")
    return ", ".join(parts)


def _leave(groups: Sequence[Monitor], monitor: Monitor) -> None:
    """They have followed already; their settings must not name what is gone."""
    for group in groups:
        group.config["members"] = [member for member in group.config["members"] if member != str(monitor.pk)]
        group.save(update_fields=["config"])


def _after(organisation: Organisation, monitors: Sequence[Monitor]) -> None:
    now = timezone.now()
    places.recount(monitors, now)
    groups = [monitor for monitor in monitors if monitor.kind == Monitor.GROUP and monitor.enabled]
    grouping.settle_groups(groups, now)
    live.announce(organisation, [monitor.no for monitor in monitors])
    transaction.on_commit(lambda: bells.ring("checks"))

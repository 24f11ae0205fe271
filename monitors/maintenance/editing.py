"""What people do to maintenance windows: each verb in one transaction, with its audit entry and what it releases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from monitors.maintenance import definition, occurring, planning
from monitors.maintenance.model import MaintenanceWindow
from monitors.maintenance.recurring import occurrences
from monitors.suppression import releasing
from pulse.templatetags.times import duration
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

NOT_UNDER_WAY = "It is not under way at this moment."


class NotPossible(ValueError):
    """What was asked for cannot be done to the window as it is; a sentence that says why."""


def create(organisation: Organisation, values: dict[str, Any], by: Actor) -> MaintenanceWindow:
    """Save a window from what `definition.read` returned; one whose time has come begins at once."""
    with transaction.atomic():
        window = MaintenanceWindow(created_by=by.name)
        _assign(window, values, by)
        window.save(force_insert=True)
        window.monitors.set(values["monitors"])
        record(organisation, by, "created", "maintenance", window.pk, window.name, definition.as_json(window))
        now = timezone.now()
        planning.plan(window, now)
        _settle(organisation, window, now, set())
    return window


def update(
    organisation: Organisation, window: MaintenanceWindow, values: dict[str, Any], by: Actor
) -> MaintenanceWindow:
    """Save an edit. What it no longer covers is released at once; what is under way goes on if it still should."""
    with transaction.atomic():
        window = MaintenanceWindow.objects.select_for_update().get(pk=window.pk)
        before, now = definition.as_json(window), timezone.now()
        covered = _covered(window)
        _assign(window, values, by)
        window.save()
        window.monitors.set(values["monitors"])
        after = definition.as_json(window)
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if not changes:
            return window
        record(organisation, by, "changed", "maintenance", window.pk, window.name, changes)
        _replan(window, changes, now)
        _settle(organisation, window, now, covered)
    return window


def delete(organisation: Organisation, window: MaintenanceWindow, by: Actor) -> None:
    """What is under way ends now, and what it held back is released. When it took effect before stays known."""
    with transaction.atomic():
        window = MaintenanceWindow.objects.select_for_update().get(pk=window.pk)
        now, identity = timezone.now(), window.pk
        record(organisation, by, "deleted", "maintenance", window.pk, window.name, definition.as_json(window))
        covered = planning.forget(window, now)
        window.delete()
        releasing.settle(now, [identity])
        releasing.announce(organisation, covered)


def pause(organisation: Organisation, window: MaintenanceWindow, by: Actor) -> MaintenanceWindow:
    """It happens no more until it is resumed; what is under way ends now."""
    return update(organisation, window, {**definition.as_json(window), "paused": True}, by)


def resume(organisation: Organisation, window: MaintenanceWindow, by: Actor) -> MaintenanceWindow:
    return update(organisation, window, {**definition.as_json(window), "paused": False}, by)


def end_now(organisation: Organisation, window: MaintenanceWindow, by: Actor) -> None:
    """End what is under way before its time; the next one comes as planned. Raises NotPossible."""
    with transaction.atomic():
        window = MaintenanceWindow.objects.select_for_update().get(pk=window.pk)
        now = timezone.now()
        begun = _under_way(window, now)
        planning.set_end(begun, now, window.name)
        record(organisation, by, "ended", "maintenance", window.pk, window.name)
        _settle(organisation, window, now, set())


def extend(organisation: Organisation, window: MaintenanceWindow, more: timedelta, by: Actor) -> datetime:
    """Let what is under way last longer, this once; its new end. Raises NotPossible."""
    with transaction.atomic():
        window = MaintenanceWindow.objects.select_for_update().get(pk=window.pk)
        now = timezone.now()
        begun = _under_way(window, now)
        ends = begun.ends + more
        following = next((one for one in occurrences(window.schedule, now, 3) if one.start > now), None)
        if following and ends >= following.start:
            room = following.start - begun.ends - timedelta(minutes=1)
            raise NotPossible(f"Extend it by {duration(room)} at most: then the next one begins.")
        if ends - begun.starts > timedelta(minutes=definition.LONGEST_MINUTES):
            raise NotPossible(
                "Make it last 31 days at most; pause monitors that nobody should watch for longer."
            )
        planning.set_end(begun, ends, window.name)
        record(organisation, by, "extended", "maintenance", window.pk, window.name, {"until": ends})
        releasing.announce(organisation, _covered(window))
    return ends


def skip(organisation: Organisation, window: MaintenanceWindow, by: Actor) -> datetime:
    """Leave out the next occurrence, which has not begun yet; when it would have started. Raises NotPossible."""
    with transaction.atomic():
        window = MaintenanceWindow.objects.select_for_update().get(pk=window.pk)
        now = timezone.now()
        starts = planning.skip(window, now)
        if starts is None:
            raise NotPossible("There is no next one to leave out.")
        record(organisation, by, "skipped", "maintenance", window.pk, window.name, {"starts": starts})
        releasing.announce(organisation, set())
    return starts


def _assign(window: MaintenanceWindow, values: dict[str, Any], by: Actor) -> None:
    schedule = definition.schedule_of(values)
    window.name, window.notes, window.zone, window.rule = (
        values["name"], values["notes"], values["zone"], values["rule"],
    )  # fmt: skip
    window.start_date, window.start_time = schedule.start.date(), schedule.start.time()
    window.duration_seconds = int(schedule.duration.total_seconds())
    window.everything, window.tags = values["everything"], values["tags"]
    if values["paused"] != (window.paused_at is not None):
        window.paused_at = timezone.now() if values["paused"] else None
        window.paused_by = by.name if values["paused"] else ""


def _replan(window: MaintenanceWindow, changes: dict[str, Any], now: datetime) -> None:
    if changes.keys() & {*definition.TIMES, "paused"}:
        planning.replan(window, now)
    elif "name" in changes:
        planning.rename(window)


def _settle(organisation: Organisation, window: MaintenanceWindow, now: datetime, covered: set[int]) -> None:
    """Begin and end what is due now, release what it no longer holds back, and tell pages."""
    planning.begin_and_end(now)
    releasing.settle(now, [window.pk])
    releasing.announce(organisation, covered | _covered(window))


def _covered(window: MaintenanceWindow) -> set[int]:
    return occurring.covered([window.pk])[window.pk]


def _under_way(window: MaintenanceWindow, now: datetime) -> planning.Begun:
    begun = planning.newest(window.pk)
    if begun is None or not begun.starts <= now < begun.ends:
        raise NotPossible(NOT_UNDER_WAY)
    return begun

"""What Celery runs: a bell for each worker, and upkeep. Bodies are shallow; losing one loses nothing."""

from __future__ import annotations

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from monitors import grouping, locations
from monitors import workers as checks
from monitors.availability import rolling
from monitors.results import packing, retention
from monitors.results import rollups as results
from monitors.series import rollups
from notifications import upkeep
from notifications import workers as notifications
from pulse import watchdog
from pulse.bells import WAKE
from tenants import preparation, provisioning

WAKERS = {
    "checks": checks.wake,
    "notifications": notifications.wake,
    "default": provisioning.provision_waiting,
}


@shared_task(name=WAKE)  # type: ignore[untyped-decorator]
def wake(*, bell: str) -> None:
    """Somebody rang: look now and not at the next turn of the own clock. Also the watchdog's canary."""
    watchdog.heard()
    WAKERS[bell]()


@shared_task(name="pulse.keep_partitions")  # type: ignore[untyped-decorator]
def keep_partitions() -> None:
    """Make the partitions of the coming days and drop those that no table keeps any more."""
    retention.apply()
    preparation.make_partitions()
    preparation.drop_partitions()


@shared_task(name="pulse.settle_heads")  # type: ignore[untyped-decorator]
def settle_heads() -> None:
    """Votes of places that fell silent, and groups that an accident left behind."""
    locations.recount_everywhere()
    grouping.settle_everywhere()


@shared_task(name="pulse.roll_up_series")  # type: ignore[untyped-decorator]
def roll_up_series() -> None:
    """Five minutes and hours of new samples, and of late ones anew."""
    rollups.roll_up()


@shared_task(name="pulse.keep_results")  # type: ignore[untyped-decorator]
def keep_results() -> None:
    """Pack results of closed hours, roll up days that are over; some of it each time, so that others get their turn."""
    packing.pack_closed()
    results.roll_days()
    rolling.roll()


@shared_task(name="pulse.keep_telling")  # type: ignore[untyped-decorator]
def keep_telling() -> None:
    """Hand-overs of the pager that are near, and drills that nobody ended."""
    upkeep.keep()


@shared_task(name="pulse.clear_sessions")  # type: ignore[untyped-decorator]
def clear_sessions() -> None:
    Session.objects.filter(expire_date__lt=timezone.now()).delete()

"""The Celery application, and every recurring work of Pulse on one page."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    celeryd_init,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pulse.settings.local")

app = Celery("pulse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["pulse", "tenants", "monitors", "notifications"])


def ring(queue: str, seconds: float, expires: float) -> dict[str, Any]:
    options = {"queue": queue, "expires": expires}
    return {"task": "pulse.wake", "schedule": seconds, "kwargs": {"bell": queue}, "options": options}


def upkeep(task: str, seconds: float) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"queue": "default", "expires": seconds / 2}}


app.conf.update(
    task_default_queue="default",
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    # A task carries no state: losing, repeating or reordering one costs a bell, never a fact.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=7,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    # None: never give up on a broker that is away (the default is 100 tries).
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 120,
        "unacked_restore_interval": 10,
        "health_check_interval": 5,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "max_retries": 0,
    },
    beat_schedule={
        # Bells: work is found in the database by each worker's own clock; these only wake it.
        "ring for checks": ring("checks", 5, expires=4),
        "ring for notifications": ring("notifications", 5, expires=4),
        "ring for provisioning": ring("default", 5, expires=4),
        # Upkeep: partitions ahead, old ones dropped, groups as their members are, sessions cleared.
        "keep partitions": upkeep("pulse.keep_partitions", 3600),
        "settle heads": upkeep("pulse.settle_heads", 60),
        # Series of numbers: five minutes and hours of what was pushed and asked for.
        "roll up series": upkeep("pulse.roll_up_series", 60),
        # Results: packed by the hour, rolled up by hour and day, as is uptime; a few seconds at a time.
        "keep results": upkeep("pulse.keep_results", 15),
        # People: told before the pager comes to them; drills end by themselves.
        "keep telling": upkeep("pulse.keep_telling", 60),
        "clear sessions": upkeep("pulse.clear_sessions", 24 * 3600),
    },
)


@setup_logging.connect
def _log_like_the_web(**_: object) -> None:
    """settings configure logging; Celery must not put its own handlers beside."""


@beat_init.connect
def forget_removed(**_: object) -> None:
    """The scheduler keeps each entry that it ever had: what an older version of this page listed would ring on."""
    from django_celery_beat.models import PeriodicTask

    PeriodicTask.objects.exclude(name__in=app.conf.beat_schedule).delete()


_queues: set[str] = set()


@celeryd_init.connect
def _note_queues(options: dict[str, Any], **_: object) -> None:
    """Which queues this worker serves, noted before it forks: its children host what belongs to them."""
    given = options.get("queues") or ""
    _queues.update(given.split(",") if isinstance(given, str) else given)


@worker_process_init.connect
def _start_hosts(**_: object) -> None:
    from monitors import workers as checks
    from notifications import workers as notifications
    from pulse import watchdog

    for name, host in (("checks", checks), ("notifications", notifications)):
        if name in _queues:
            host.start()
            watchdog.watch(name, host.alive)


@worker_process_shutdown.connect
def _stop_hosts(**_: object) -> None:
    from monitors import workers as checks
    from notifications import workers as notifications
    from pulse import watchdog

    watchdog.cease()
    checks.stop()
    notifications.stop()

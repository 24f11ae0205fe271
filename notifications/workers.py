"""Host the courier in the Celery workers that serve the queue `notifications`."""

from __future__ import annotations

import structlog

from notifications.courier import Courier

log = structlog.get_logger(__name__)

_courier: Courier | None = None


def start() -> None:
    """Called in each of the worker's child processes, after the fork."""
    global _courier
    _courier = Courier()
    _courier.start()
    log.info("deliveries_started")


def stop() -> None:
    if _courier is not None:
        _courier.stop()


def wake() -> None:
    if _courier is not None:
        _courier.wake()


def alive() -> bool:
    return _courier is not None and _courier.alive

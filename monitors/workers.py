"""Host the checker in the Celery worker that serves the queue `checks`."""

from __future__ import annotations

import structlog

from monitors.checking import Checker

log = structlog.get_logger(__name__)

_checker: Checker | None = None


def start() -> None:
    """Called in the worker's child process, after the fork."""
    global _checker
    _checker = Checker(owns_process=True)
    _checker.start()
    log.info("checks_started")


def stop() -> None:
    if _checker is not None:
        _checker.stop()


def wake() -> None:
    if _checker is not None:
        _checker.wake()


def alive() -> bool:
    return _checker is not None and _checker.alive

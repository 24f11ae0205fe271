"""Host the checker, and who watches deadlines and held outages, in the Celery worker of the queue `checks`."""

from __future__ import annotations

import structlog

from monitors.checking import Checker
from monitors.deadlines import Deadlines
from monitors.suppression.releasing import Releaser

log = structlog.get_logger(__name__)

_checker: Checker | None = None
_deadlines: Deadlines | None = None
_releaser: Releaser | None = None


def start() -> None:
    """Called in the worker's child process, after the fork."""
    global _checker, _deadlines, _releaser
    _checker = Checker(owns_process=True)
    _checker.start()
    _deadlines = Deadlines()
    _deadlines.start()
    _releaser = Releaser()
    _releaser.start()
    log.info("checks_started")


def stop() -> None:
    if _releaser is not None:
        _releaser.stop()
    if _deadlines is not None:
        _deadlines.stop()
    if _checker is not None:
        _checker.stop()


def wake() -> None:
    if _checker is not None:
        _checker.wake()


def alive() -> bool:
    return all(host is not None and host.alive for host in (_checker, _deadlines, _releaser))

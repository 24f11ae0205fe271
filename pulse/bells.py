"""Wake a worker early. A bell may be lost at any time: every worker also looks by its own clock."""

from __future__ import annotations

import atexit
import queue
import threading

import structlog
from celery import current_app

log = structlog.get_logger(__name__)

WAKE = "pulse.wake"
_waiting: queue.Queue[str | None] = queue.Queue(maxsize=1000)
_lock = threading.Lock()
_ringer: threading.Thread | None = None


def ring(name: str) -> None:
    """Ring `checks`, `notifications` or `default`, after commit. Never waits and never raises."""
    global _ringer
    with _lock:
        if _ringer is None or not _ringer.is_alive():
            _ringer = threading.Thread(target=_ring_all, name="bells", daemon=True)
            _ringer.start()
    try:
        _waiting.put_nowait(name)
    except queue.Full:
        log.warning("bells_full")


def _ring_all() -> None:
    """One thread a process: a broker that hangs keeps no request and no recorder waiting."""
    while (name := _waiting.get()) is not None:
        names = {name}
        while not _waiting.empty():
            if (more := _waiting.get()) is not None:
                names.add(more)
        for one in sorted(names):
            try:
                current_app.send_task(
                    WAKE, kwargs={"bell": one}, queue=one, expires=10, retry=False, ignore_result=True
                )
            except (
                Exception
            ) as error:  # whatever the broker's client raises, the worker's own clock covers it
                log.debug("bell_lost", bell=one, error=type(error).__name__)


@atexit.register
def _hang_up() -> None:
    if _ringer is not None:
        _waiting.put_nowait(None)
        _ringer.join(timeout=0.5)

"""Say that this process takes reports, as long as it lives: without anybody there, silence means nothing."""

from __future__ import annotations

import threading

import structlog
from django.db import InterfaceError, OperationalError, connection

from monitors.telemetry import reception
from pulse.scoping import as_pipeline

log = structlog.get_logger(__name__)

EVERY_S = 5.0

_stopping = threading.Event()
_thread: threading.Thread | None = None


def start() -> None:
    global _thread
    if _thread is None or not _thread.is_alive():
        _stopping.clear()
        _thread = threading.Thread(target=_attend, name="reception", daemon=True)
        _thread.start()


def stop() -> None:
    _stopping.set()


def _attend() -> None:
    while not _stopping.is_set():
        try:
            with as_pipeline():
                reception.mark()
        except (OperationalError, InterfaceError) as error:
            log.warning("database_away", at="reception", error=str(error).splitlines()[0])
            connection.close()
        except Exception:  # dying quietly would hold back every alarm for silence
            log.exception("reception_failed")
            connection.close()
        _stopping.wait(EVERY_S)
    connection.close()

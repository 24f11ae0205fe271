"""Say on a monitor's page why numbers that a check brought were not stored: nobody else waits for an answer there."""

from __future__ import annotations

import structlog
from django.core.cache import cache

from monitors.series.model import Stored

log = structlog.get_logger(__name__)

KEPT_SECONDS = 3600


def note(monitor_no: int, stored: Stored) -> None:
    """Remember the first reason for an hour; the log hears of it once in that time."""
    if stored.refused and cache.add(_key(monitor_no), stored.refused[0].reason, KEPT_SECONDS):
        log.warning("samples_refused", monitor_no=monitor_no, reason=stored.refused[0].reason)


def of(monitor_no: int) -> str:
    """Why values of the last hour were not stored, or ""."""
    reason: str = cache.get(_key(monitor_no), "")
    return reason


def _key(monitor_no: int) -> str:
    return f"samples-refused:{monitor_no}"

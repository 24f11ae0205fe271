"""Tell how well Pulse itself measures: what it missed today, and how late its checks start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from monitors.results.reading import read
from pulse import scoping

KEPT_SECONDS = 30
LOOKED_AT = 20  # monitors; lateness is the same for all, so a few tell it and cost little
MISSED = """
SELECT coalesce(sum(greatest(1, round(extract(epoch FROM g.until - greatest(g.slot, %(since)s))
    / s.interval_seconds))), 0)
FROM telemetry_livestate s JOIN telemetry_gap g
    ON g.monitor_no = s.monitor_no AND g.location = s.location AND g.slot >= %(since)s
WHERE s.tenant_no = %(tenant)s AND g.tenant_no = %(tenant)s
"""
NEWEST = """
SELECT monitor_no FROM telemetry_livestate WHERE tenant_no = %(tenant)s AND last_checked_at IS NOT NULL
ORDER BY last_checked_at DESC LIMIT %(monitors)s
"""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """Checks missed since midnight, and the lateness in milliseconds that 99 of 100 stayed under in an hour."""

    missed: int
    lateness_ms: float | None


def selfcheck(now: datetime) -> SelfCheck:
    """Kept for half a minute for each organisation: it changes slowly and is on everybody's first page."""
    tenant = scoping.current()
    key = f"selfcheck:{tenant.no}"
    found = cache.get(key)
    if found is None:
        found = _read(tenant.no, now)
        cache.set(key, found, KEPT_SECONDS)
    return SelfCheck(*found)


def _read(tenant_no: int, now: datetime) -> tuple[int, float | None]:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    values: dict[str, Any] = {
        "tenant": tenant_no,
        "since": midnight,
        "monitors": LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(MISSED, values)
        missed = int(cursor.fetchone()[0])
        cursor.execute(NEWEST, values)
        numbers = [row[0] for row in cursor.fetchall()]
    found = read(numbers, now - timedelta(hours=1), now, ("lateness_us",)).values()
    late = sorted(lateness for columns in found for lateness in columns.lateness_us if lateness is not None)
    return missed, late[ceil(0.99 * len(late)) - 1] / 1000 if late else None

"""Read a monitor's newest results as people read them: words, and phases in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitors.models import Monitor
from monitors.reading import results_of
from monitors.telemetry.models import CheckResult
from monitors.telemetry.models import Evidence as Document

RECENT = 50


@dataclass(frozen=True, slots=True)
class Evidence:
    """One result; times in milliseconds, None for a phase that was not reached."""

    slot: datetime
    ok: bool
    words: str
    address: str
    dns: float | None
    connect: float | None
    tls: float | None
    wait: float | None
    total: float | None


def recent(monitor: Monitor, most: int = RECENT) -> list[Evidence]:
    """Newest first."""
    return [_read(row) for row in results_of(monitor)[:most]]


def document(row: CheckResult) -> Any:
    """What a failure or a change was judged by; None where nothing was kept of it, or no more."""
    kept = Document.objects.filter(
        tenant_no=row.tenant_no, monitor_no=row.monitor_no, slot=row.slot, location=row.location
    )
    return kept.values_list("document", flat=True).first()


def _read(row: CheckResult) -> Evidence:
    return Evidence(
        slot=row.slot,
        ok=row.ok,
        words=row.detail or (f"answered {row.status_code}" if row.status_code else "good"),
        address=str(row.address).partition("/")[0] if row.address else "",
        dns=_milliseconds(row.dns_us),
        connect=_milliseconds(row.connect_us),
        tls=_milliseconds(row.tls_us),
        wait=_milliseconds(row.wait_us),
        total=_milliseconds(row.total_us),
    )


def _milliseconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1000

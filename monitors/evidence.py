"""Read a monitor's newest results as people read them: words, and phases in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitors import explaining
from monitors.models import Monitor
from monitors.probes.outcome import FIRST_UNKNOWN
from monitors.results.listing import Result, newest, within
from monitors.telemetry.models import Evidence as Document
from pulse import scoping

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
    transfer: float | None
    total: float | None
    soft: bool = False
    location: int = 0
    has_evidence: bool = False
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What one result was judged by, as a page shows it."""

    slot: datetime
    words: str
    assertions: list[dict[str, Any]]
    parts: list[explaining.Part]


def recent(monitor: Monitor, most: int = RECENT) -> list[Evidence]:
    """Newest first."""
    rows = newest(monitor.no, most)
    kept = _kept_of(monitor, rows)
    return [_read(row, (row.slot, row.location) in kept) for row in rows]


def shown(monitor: Monitor, slot: datetime | None, location: int | None) -> Kept | None:
    """The evidence of one result, or without a slot the newest there is; None where nothing was kept."""
    rows = Document.objects.filter(tenant_no=scoping.current().no, monitor_no=monitor.no).order_by("-slot")
    if slot is not None:
        # A page's address tells milliseconds; a slot may be finer.
        rows = rows.filter(slot__gte=slot, slot__lt=slot + timedelta(milliseconds=1))
    if location is not None:
        rows = rows.filter(location=location)
    row = rows.first()
    if row is None:
        return None
    found = within(monitor.no, row.slot, row.slot + timedelta(microseconds=1))
    words = next((one.detail or "" for one in found if one.location == row.location), "")
    return Kept(row.slot, words, row.document.get("assertions", []), explaining.parts(row.document))


def document(row: Result) -> Any:
    """What a failure or a change was judged by; None where nothing was kept of it, or no more."""
    kept = Document.objects.filter(
        tenant_no=scoping.current().no,
        monitor_no=row.monitor_no,
        slot=row.slot,
        location=row.location,
    )
    return kept.values_list("document", flat=True).first()


def _kept_of(monitor: Monitor, rows: list[Result]) -> set[tuple[datetime, int]]:
    if not rows:
        return set()
    kept = Document.objects.filter(
        tenant_no=scoping.current().no, monitor_no=monitor.no, slot__gte=rows[-1].slot, slot__lte=rows[0].slot
    )
    return set(kept.values_list("slot", "location"))


def _read(row: Result, has_evidence: bool) -> Evidence:
    return Evidence(
        slot=row.slot,
        ok=row.ok,
        words=row.detail or (f"answered {row.status_code}" if row.status_code else "good"),
        address=row.address or "",
        dns=_milliseconds(row.dns_us),
        connect=_milliseconds(row.connect_us),
        tls=_milliseconds(row.tls_us),
        wait=_milliseconds(row.wait_us),
        transfer=_milliseconds(row.transfer_us),
        total=_milliseconds(row.total_us),
        soft=row.soft,
        location=row.location,
        has_evidence=has_evidence,
        is_unknown=not row.ok and row.error >= FIRST_UNKNOWN,
    )


def _milliseconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1000

"""Write results and states in one transaction, and give up visibly what cannot be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError

from monitors.judging import Judged
from monitors.series import refusals
from monitors.series.storing import Offer, store_many
from monitors.telemetry import decisions, results
from monitors.telemetry.decisions import NewDecision
from monitors.telemetry.locks import free_and_busy, impatient, is_busy
from pulse import metrics
from pulse.scoping import as_pipeline

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)


def record_steady(items: list[Judged], location: int, holding: results.Holder | None = None) -> list[Judged]:
    """Results that tell nobody anything, of all organisations, in one statement; halved to find one that fails.

    Returned are those whose rows somebody else holds.
    """
    if not items:
        return []
    try:
        with as_pipeline(), impatient():
            write(items, location, holding)
    except DatabaseError as error:
        if is_busy(error):
            return _record_free(items, location, holding)
        if isinstance(error, AWAY):
            raise
        if len(items) == 1:
            set_aside(items[0], location, error)
            return []
        middle = len(items) // 2
        halves = items[:middle], items[middle:]
        return [busy for half in halves for busy in record_steady(half, location, holding)]
    return []


def write(items: Sequence[Judged], location: int, holding: results.Holder | None = None) -> set[int]:
    """Results and states, with the numbers that checks brought; the monitors whose lease still held."""
    written = results.write(items, location, holding)
    decisions.note(
        [
            decided(item, location)
            for item in items
            if item.weighed.reason and item.check.monitor_no in written
        ]
    )
    offers = [
        Offer(item.check.tenant_no, item.check.monitor_no, item.result.outcome.samples)
        for item in items
        if item.result.outcome.samples and item.check.monitor_no in written
    ]
    if offers:
        for offer, stored in zip(offers, store_many(offers), strict=True):
            refusals.note(offer.monitor_no, stored)
    return written


def decided(item: Judged, location: int) -> NewDecision:
    """What a result decided, with what it saw."""
    check, outcome = item.check, item.result.outcome
    row = decisions.of_result(
        check.monitor_no, check.tenant_no, check.slot, location, item.weighed, outcome.detail
    )
    return replace(row, error=int(outcome.error), total_us=outcome.total_us)


def _record_free(items: list[Judged], location: int, holding: results.Holder | None) -> list[Judged]:
    with as_pipeline(), impatient():
        free, busy = free_and_busy([item.check.monitor_no for item in items], location)
        if writable := [item for item in items if item.check.monitor_no in free]:
            write(writable, location, holding)
    return [item for item in items if item.check.monitor_no in busy]


def set_aside(item: Judged, location: int, error: Exception) -> None:
    """Give up one result visibly: a gap row says so on its monitor's page, and the next slot is probed."""
    log.error("result_set_aside", monitor_no=item.check.monitor_no, error=str(error)[:300])
    metrics.POISONED.inc()
    with as_pipeline():
        results.set_aside(item.check, location)

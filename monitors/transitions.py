"""Write all that follows from the transitions of one organisation: results, states, incidents, facts, or nothing."""

from __future__ import annotations

import structlog
from django.utils import timezone

from monitors import live
from monitors.judging import Judged, changed
from monitors.locations import settle_locations
from monitors.suppression.telling import tell
from monitors.telemetry.heads import lock_heads
from monitors.telemetry.locks import impatient, is_busy
from monitors.writing import AWAY, set_aside, write
from pulse import failpoints
from pulse.scoping import in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)

TRIES = 3


def record_transitions(organisation: Organisation, items: list[Judged], location: int) -> list[Judged]:
    """All that follows from one organisation's transitions, or nothing; then monitor by monitor.

    Returned are all of them when somebody else holds a row that they need.
    """
    error = _try_transitions(organisation, items, location)
    if error is None:
        return []
    if is_busy(error):
        return items
    busy = []
    for item in items:
        if alone := _try_transitions(organisation, [item], location):
            if is_busy(alone):
                busy.append(item)
            else:
                set_aside(item, location, alone)
    return busy


def _try_transitions(organisation: Organisation, items: list[Judged], location: int) -> Exception | None:
    error: Exception | None = None
    for _ in range(TRIES):
        try:
            _commit_transitions(organisation, items, location)
        except Exception as caught:  # a handler of any kind: its fault must stay in this organisation
            if is_busy(caught):
                return caught
            if isinstance(caught, AWAY):
                raise
            log.exception("transition_failed", organisation=organisation.slug, monitors=len(items))
            error = caught
        else:
            return None
    return error


def _commit_transitions(organisation: Organisation, items: list[Judged], location: int) -> None:
    now = timezone.now()
    with in_tenant(organisation), impatient():
        heads = lock_heads([item.check.monitor_no for item in items if item.result.spec.locations > 1])
        written = write(items, location)
        counted = [item for item in items if item.check.monitor_no in written]
        alone = [changed(item, now) for item in counted if item.result.spec.locations == 1]
        tell([*alone, *settle_locations(heads, counted, now)])
        failpoints.reach("record.transition")
        live.announce_known(
            organisation, {item.check.monitor_no: item.result.spec.identity for item in counted}
        )
    failpoints.reach("record.committed")

"""Write results and what follows from them: state, transition, incident and fact, in one transaction each."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import monotonic

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from monitors import grouping, keeping, live
from monitors.judging import Judged, Result, changed, judge
from monitors.locations import settle_locations
from monitors.series import refusals
from monitors.series.storing import Offer, store_many
from monitors.suppression.telling import tell
from monitors.telemetry import decisions, results
from monitors.telemetry.decisions import NewDecision
from monitors.telemetry.heads import lock_heads
from monitors.telemetry.locks import free_and_busy, impatient, is_busy
from pulse import failpoints, metrics
from pulse import live as pulse_live
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)

TRIES = 3
ANNOUNCED_AT_MOST = 100
AWAY = (OperationalError, InterfaceError)


class Recorder:
    """What one worker records: steady results at once, transitions organisation by organisation.

    A mass outage of many organisations takes seconds to write, a transaction for each. Nobody's steady results wait
    for that, and what fails meanwhile joins the transaction that its organisation waits for.
    """

    def __init__(self, holding: results.Holder | None = None) -> None:
        """`holding` claims the next slots of what it wants to hold on to."""
        self._holding = holding
        self._told: dict[int, list[Judged]] = {}

    @property
    def is_waiting(self) -> bool:
        """Some transitions are not written yet."""
        return bool(self._told)

    def left(self) -> list[Result]:
        """The results of transitions that are not written yet."""
        return [item.result for items in self._told.values() for item in items]

    def take(self, batch: Sequence[Result], location: int) -> list[Result]:
        """Write what is steady, and keep the transitions for `settle`.

        Raises only when the database is away; then the caller tries the same batch again. That is safe: what an
        earlier try committed no longer holds its lease and is passed over. Returned is what has to be tried again
        later, because an edit of its monitor is under way: nobody else waits for it.
        """
        failpoints.reach("record.begin")
        judged = sorted((judge(result) for result in batch), key=lambda item: item.check.monitor_no)
        steady = [item for item in judged if not item.is_told]
        busy = record_steady(steady, location, self._holding)
        keeping.keep(judged, location)
        failpoints.reach("record.steady")
        for item in judged:
            if item.is_told:
                self._told.setdefault(item.check.tenant_no, []).append(item)
        later = {id(item) for item in busy}
        recorded = [item for item in steady if id(item) not in later]
        announce_first([item for item in recorded if item.is_first])
        count([item.result for item in recorded])
        return [item.result for item in busy]

    def settle(self, location: int, within_s: float = math.inf) -> bool:
        """Write transitions, of who has waited longest first, until all are written or the time is over.

        True: there is more to write at once. What somebody else's lock holds up is tried again later, at the end of
        the line. Raises only when the database is away; then nothing is lost, and the next call goes on.
        """
        until = monotonic() + within_s
        for tenant_no in list(self._told):
            busy = record_transitions(tenant_no, self._told[tenant_no], location)
            items = self._told.pop(tenant_no)
            if busy:
                self._told[tenant_no] = busy
            later = {id(item) for item in busy}
            count([item.result for item in items if id(item) not in later])
            if monotonic() > until:
                return self.is_waiting
        return False


def record(batch: Sequence[Result], location: int, holding: results.Holder | None = None) -> list[Result]:
    """Record a batch to its end; what has to be tried again is returned. Raises when the database is away."""
    recorder = Recorder(holding)
    busy = recorder.take(batch, location)
    recorder.settle(location)
    return [*busy, *recorder.left()]


def by_tenant(items: Iterable[Judged]) -> dict[int, list[Judged]]:
    grouped: defaultdict[int, list[Judged]] = defaultdict(list)
    for item in items:
        grouped[item.check.tenant_no].append(item)
    return grouped


def announce_first(items: list[Judged]) -> None:
    """Show open pages that new monitors are up; of a great many at once, only that there are some."""
    grouped = by_tenant(items)
    for organisation in Organisation.objects.filter(no__in=grouped):
        if len(items) > ANNOUNCED_AT_MOST:
            pulse_live.publish(organisation.id, ["monitors"])
            continue
        try:
            with in_tenant(organisation):
                numbers = [item.check.monitor_no for item in grouped[organisation.no]]
                live.announce(organisation, numbers)
                with impatient():
                    grouping.settle_groups_of(numbers, timezone.now())
        except Exception as error:  # nice to see now, never worth a result
            if isinstance(error, AWAY) and not is_busy(error):
                raise
            log.exception("announce_failed", organisation=organisation.slug)


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


def record_transitions(tenant_no: int, items: list[Judged], location: int) -> list[Judged]:
    """All that follows from one organisation's transitions, or nothing; then monitor by monitor.

    Returned are all of them when somebody else holds a row that they need.
    """
    organisation = Organisation.objects.filter(no=tenant_no).first()
    if organisation is None:
        return []
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
        live.announce(organisation, [item.check.monitor_no for item in counted])
    failpoints.reach("record.committed")


def set_aside(item: Judged, location: int, error: Exception) -> None:
    """Give up one result visibly: a gap row says so on its monitor's page, and the next slot is probed."""
    log.error("result_set_aside", monitor_no=item.check.monitor_no, error=str(error)[:300])
    metrics.POISONED.inc()
    with as_pipeline():
        results.set_aside(item.check, location)


def count(batch: Sequence[Result]) -> None:
    """Counted by kind and outcome first: finding a metric by its labels costs more than counting."""
    ended: Counter[tuple[str, str]] = Counter()
    durations = {kind: metrics.CHECK_DURATION.labels(kind) for kind in {result.spec.kind for result in batch}}
    for result in batch:
        outcome, kind = result.outcome, result.spec.kind
        ended[kind, "ok" if outcome.ok else outcome.error.name.lower()] += 1
        metrics.LATENESS.observe(result.lateness_us / 1e6)
        if outcome.total_us is not None:
            durations[kind].observe(outcome.total_us / 1000)
    for labels, number in ended.items():
        metrics.CHECKS.labels(*labels).inc(number)

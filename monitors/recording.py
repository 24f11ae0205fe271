"""Record what checks found: steady results in batches, transitions organisation by organisation."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from time import monotonic

import structlog
from django.utils import timezone

from monitors import accepting, grouping, keeping, live
from monitors.judging import Judged, Result, judge
from monitors.probes.outcome import ErrorClass
from monitors.telemetry import results
from monitors.telemetry.locks import impatient, is_busy
from monitors.transitions import record_transitions
from monitors.writing import AWAY, record_steady
from pulse import failpoints, metrics
from pulse import live as pulse_live
from pulse.scoping import in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)

ANNOUNCED_AT_MOST = 100


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
        accepting.accept(batch, location)
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
        organisations = Organisation.objects.in_bulk(list(self._told))
        for tenant_no in list(self._told):
            # What cannot even be set aside is dropped (its leases run out): it must not stand in everybody's way.
            items = self._told.pop(tenant_no)
            try:
                organisation = organisations.get(tenant_no)  # one that was deleted meanwhile has no results
                busy = record_transitions(organisation, items, location) if organisation else []
            except AWAY:
                self._told[tenant_no] = items
                raise
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


def count(batch: Sequence[Result]) -> None:
    """Counted by kind and outcome first: finding a metric by its labels costs more than counting."""
    ended: Counter[tuple[str, ErrorClass | None]] = Counter()
    durations: defaultdict[str, list[float]] = defaultdict(list)
    for result in batch:
        outcome, kind = result.outcome, result.spec.kind
        ended[kind, None if outcome.ok else outcome.error] += 1
        if outcome.total_us is not None:
            durations[kind].append(outcome.total_us / 1000)
    for (kind, error), number in ended.items():
        metrics.CHECKS.labels(kind, "ok" if error is None else error.name.lower()).inc(number)
    metrics.observe_all(metrics.LATENESS, [result.lateness_us / 1e6 for result in batch])
    for kind, milliseconds in durations.items():
        metrics.observe_all(metrics.CHECK_DURATION.labels(kind), milliseconds)

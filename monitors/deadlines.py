"""Find monitors that should have reported in by now: one look at an index, then organisation by organisation."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from time import monotonic

import structlog
from django.db import InterfaceError, OperationalError, connection

from monitors import live
from monitors.facts import MonitorChangedStatus
from monitors.heartbeats import keeping as heartbeat_keeping
from monitors.heartbeats import settling as heartbeat_settling
from monitors.hosts import finding as host_finding
from monitors.hosts import settling as host_settling
from monitors.models import Monitor
from monitors.suppression.telling import tell
from monitors.telemetry import reception, reports
from monitors.telemetry.locks import impatient, is_busy
from monitors.telemetry.reports import DueRow
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)

EVERY_S = 0.5
AT_MOST = 2_000
AWAY_WAIT_S = 1.0
AWAY = (OperationalError, InterfaceError)
# A row that somebody else holds is looked at again soon; one that fails, later and later.
HELD_S = 1.0
FAILED_S, FAILED_AT_MOST_S = 5.0, 300.0

Settler = Callable[[Sequence[DueRow], datetime], list[MonitorChangedStatus]]

# By kind. A settler gets locked rows of one organisation, in its scope and transaction, and the database's
# time. It writes their new states and deadlines and returns what changed.
SETTLERS: dict[str, Settler] = {
    "heartbeat": heartbeat_settling.settle,
    "host": host_settling.settle,
}
# By kind. Called in the transaction that saves a monitor (created, edited, paused or resumed), after its
# schedule was written: sets `next_due_at` of its row.
FIRST_DUE: dict[str, Callable[[Monitor, Organisation], None]] = {
    "heartbeat": heartbeat_keeping.begin,
    "host": host_finding.begin,
}
# By kind. Called in the transaction that deletes a monitor.
FORGET: dict[str, Callable[[Monitor, Organisation], None]] = {
    "heartbeat": heartbeat_keeping.forget,
    "host": host_finding.forget,
}


def begin(monitor: Monitor, organisation: Organisation) -> None:
    """Set the deadline of a monitor that was saved, if it has any."""
    if hook := FIRST_DUE.get(monitor.kind):
        hook(monitor, organisation)


def forget(monitor: Monitor, organisation: Organisation, kind: str) -> None:
    """Remove what a monitor that is deleted, or no longer of this kind, has beside its schedule."""
    if hook := FORGET.get(kind):
        hook(monitor, organisation)


class Deadlines:
    """A thread on its own clock. Several of them, on any machine, pass over each other's rows."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
        self._waiting_for_reception = False
        self._put_off: dict[int, tuple[float, float]] = {}  # monitor: (not before, wait of the last time)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stopping.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            wait = EVERY_S
            try:
                if self.settle() == AT_MOST:
                    wait = 0.0
            except AWAY as error:
                log.warning("database_away", at="deadlines", error=str(error).splitlines()[0])
                connection.close()
                wait = AWAY_WAIT_S
            except Exception:
                log.exception("deadlines_failed")
                connection.close()
                wait = AWAY_WAIT_S
            self._stopping.wait(wait)
        connection.close()

    def settle(self) -> int:
        """Settle what is due now; how many rows were found due."""
        self._put_off = {no: held for no, held in self._put_off.items() if held[0] > monotonic() - held[1]}
        waiting = [no for no, (until, _) in self._put_off.items() if until > monotonic()]
        with as_pipeline():
            found = reports.due(AT_MOST, waiting)
            if found and self._nobody_listens():
                return 0
        by_tenant: defaultdict[int, list[int]] = defaultdict(list)
        for monitor_no, tenant_no in found:
            by_tenant[tenant_no].append(monitor_no)
        organisations = {one.no: one for one in Organisation.objects.filter(no__in=by_tenant)}
        for tenant_no, numbers in by_tenant.items():
            organisation = organisations.get(tenant_no)
            if organisation is None:
                self._defer(numbers, FAILED_AT_MOST_S)
            else:
                self._settle_all(organisation, numbers)
        return len(found)

    def _nobody_listens(self) -> bool:
        """While nothing takes reports, silence means nothing: what is due waits until something does again."""
        away = reception.is_away()
        if away and not self._waiting_for_reception:
            log.warning("nothing_takes_reports", away_after_s=reception.AWAY_AFTER_S)
        self._waiting_for_reception = away
        return away

    def _settle_all(self, organisation: Organisation, numbers: list[int]) -> None:
        """Those of one organisation together; when that fails one by one, so that only the bad ones wait."""
        error = self._try(organisation, numbers)
        if error is None:
            return
        if is_busy(error):
            self._defer(numbers, HELD_S)
            return
        log.error("deadlines_not_settled", organisation=organisation.slug, rows=len(numbers), exc_info=error)
        for number in numbers:
            if alone := self._try(organisation, [number]):
                self._defer([number], HELD_S if is_busy(alone) else self._longer(number))

    def _try(self, organisation: Organisation, numbers: list[int]) -> Exception | None:
        try:
            settled = settle_organisation(organisation, numbers)
        except (
            Exception
        ) as error:  # a settler or handler of any kind: its fault must stay in this organisation
            if isinstance(error, AWAY) and not is_busy(error):
                raise
            return error
        self._defer([number for number in numbers if number not in settled], HELD_S)
        return None

    def _defer(self, numbers: Collection[int], seconds: float) -> None:
        for number in numbers:
            self._put_off[number] = (monotonic() + seconds, seconds)

    def _longer(self, number: int) -> float:
        _, before = self._put_off.get(number, (0.0, 0.0))
        return min(FAILED_AT_MOST_S, max(FAILED_S, before * 2))


def settle_organisation(organisation: Organisation, numbers: Collection[int]) -> set[int]:
    """Settle these monitors of one organisation in one transaction; those that were still due and free."""
    with in_tenant(organisation), impatient():
        rows = reports.lock_due(numbers)
        if not rows:
            return set()
        by_kind: defaultdict[str, list[DueRow]] = defaultdict(list)
        for row in rows:
            by_kind[row.kind].append(row)
        changed: list[MonitorChangedStatus] = []
        for kind, some in by_kind.items():
            changed += SETTLERS[kind](some, rows[0].now)
        tell(changed)
        live.announce(organisation, [row.monitor_no for row in rows])
    return {row.monitor_no for row in rows}

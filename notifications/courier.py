"""Deliver: one thread talks to the database, many talk to receivers, and no receiver holds up another."""

from __future__ import annotations

import queue as queues
import threading
from collections import defaultdict
from time import monotonic

import structlog
from django.db import connection

from notifications import delivery, packing
from notifications.following import follow_up_all
from notifications.ledger import queue
from notifications.ledger.queue import Finished, Leased
from notifications.reconnecting import AWAY, reconnect
from notifications.relay import relay
from notifications.sending import SENDS_PER_DESTINATION, Senders
from notifications.stepping import step_all
from pulse import failpoints
from pulse.scoping import as_pipeline
from tenants.models import Organisation

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5
# What comes in together is written together: a transaction for each would take longer than that.
GATHER_S = 0.01
AWAY_WAIT_S = 1.0
LOCK_WAIT_S = 5


class Courier:
    """One thread leases deliveries, commits attempts and outcomes; a pool sends; one thread beside routes facts.

    Routing has a thread and a connection of its own because most of both is waiting for the database; what it plans
    as due it starts, where the pool has a place.

    It looks by its own clock; a bell only makes it look early, and so does every outcome.
    """

    def __init__(self) -> None:
        self._inbox: queues.SimpleQueue[Finished | None] = queues.SimpleQueue()
        self._stopping = threading.Event()
        self.senders = Senders(self._inbox.put)
        self._unfinished: list[Finished] = []
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._bell = threading.Event()
        self._relaying = threading.Thread(target=self._relay, name="relay", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._relaying.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and self._relaying.is_alive()

    def wake(self) -> None:
        self._bell.set()
        self._inbox.put(None)

    def stop(self, timeout_s: float = 8.0) -> None:
        """Lease no more, wait for sends under way and commit their outcomes."""
        until = monotonic() + timeout_s
        self._stopping.set()
        self.senders.close()
        self.wake()
        self._thread.join(timeout_s)
        self._relaying.join(max(0.0, until - monotonic()))
        self.senders.abandon()

    def _run(self) -> None:
        until, busy = None, False
        known: object = None
        while until is None or (self._is_owed_more() and monotonic() < until):
            try:
                self._unfinished += self._collect(0 if busy else LOOK_EVERY_S)
                known = _set_up(known)
                self._finish()
                busy = not self._stopping.is_set() and self._work()
            except AWAY as error:
                log.warning("database_away", at="delivery", error=str(error).splitlines()[0])
                connection.close()
                self._stopping.wait(AWAY_WAIT_S)
            except Exception:
                # Dying quietly would look like a calm night: whatever it was, say so and go on.
                log.exception("courier_failed")
                connection.close()
                self._stopping.wait(AWAY_WAIT_S)
            if self._stopping.is_set() and until is None:
                until = monotonic() + 7
        connection.close()

    def _is_owed_more(self) -> bool:
        """Sends under way, or outcomes not committed. A place is given back after its outcome is in the inbox, so in
        this order none is missed."""
        return self.senders.busy or not self._inbox.empty() or bool(self._unfinished)

    def _relay(self) -> None:
        """Route facts for as long as there are any; what they tell can go out while the next ones are looked at."""
        known: object = None
        while not self._stopping.is_set():
            try:
                known = _set_up(known)
                if relay(self.senders):
                    self._inbox.put(None)
                    continue
                self._bell.wait(LOOK_EVERY_S)
                self._bell.clear()
            except AWAY as error:
                log.warning("database_away", at="relay", error=str(error).splitlines()[0])
                connection.close()
                self._stopping.wait(AWAY_WAIT_S)
            except Exception:
                log.exception("relay_failed")
                connection.close()
                self._stopping.wait(AWAY_WAIT_S)
        connection.close()

    def _collect(self, wait_s: float) -> list[Finished]:
        """Wait for an outcome, a bell or the clock; then take everything that is there a moment later."""
        finished = []
        try:
            item = self._inbox.get(block=wait_s > 0, timeout=wait_s or None)
            self._stopping.wait(GATHER_S)
            while True:
                if item is not None:
                    finished.append(item)
                item = self._inbox.get_nowait()
        except queues.Empty:
            return finished

    def _finish(self) -> None:
        by_tenant: defaultdict[int, list[Finished]] = defaultdict(list)
        for item in self._unfinished:
            by_tenant[item.attempted.leased.tenant_no].append(item)
        if not by_tenant:
            return
        known = Organisation.objects.in_bulk(by_tenant, field_name="no")
        for tenant_no, items in by_tenant.items():
            try:
                if tenant_no in known:  # else it was deleted, and its deliveries with it
                    delivery.finish(known[tenant_no], items)
            except AWAY as error:  # these are written with the next ones
                reconnect(error, known[tenant_no].slug, at="finish")
                continue
            except Exception:  # one organisation's fault: its leases run out, and the same keys go out again
                log.exception("finish_failed", tenant_no=tenant_no, deliveries=len(items))
            done = {id(item) for item in items}
            self._unfinished = [item for item in self._unfinished if id(item) not in done]
        failpoints.reach("delivery.recorded")

    def _work(self) -> bool:
        """A batch of each in turn, so that in a storm the first messages do not wait for the last fact."""
        if monotonic() - self._looked > LOOK_EVERY_S / 2:
            self._looked = monotonic()
            step_all()
            follow_up_all()
            with as_pipeline():
                queue.cancel_orphans()
        return bool(self._send_due())

    def _send_due(self) -> int:
        leased, spare = self._claim()
        unused = {item.no: item.destination for item in leased}
        try:
            if spare:
                with as_pipeline():
                    queue.let_go(spare)
            for parcel in packing.prepare_all(leased):
                self.senders.send(parcel)
                del unused[parcel.attempted.leased.no]
        finally:
            for destination in unused.values():
                self.senders.give_back(destination)
        return len(leased) + len(spare)

    def _claim(self) -> tuple[list[Leased], list[Leased]]:
        """What is due, each with a place; and what has none, since the relay started something meanwhile."""
        free, rooms = self.senders.rooms()
        if free <= 0 or self._stopping.is_set():
            return [], []
        with as_pipeline():
            leased = queue.claim(free, SENDS_PER_DESTINATION, rooms)
        if leased:
            failpoints.reach("delivery.leased")
        return self.senders.admit(leased, free, rooms)


def _set_up(known: object) -> object:
    """Let commits of this thread's connection not wait for the disk, but for attempts, which do (1.5 of 1.8 ms each).

    What a crash of the server takes with it is routed again, or sent again under the same key and counted: nothing was
    sent before its attempt was on disk. And whoever holds an organisation's row for long keeps back no other's
    messages. Returned is the connection that is set so, to ask with again.
    """
    if connection.connection is None or connection.connection is not known:
        with connection.cursor() as cursor:
            cursor.execute(f"SET synchronous_commit = off; SET lock_timeout = '{LOCK_WAIT_S}s'")
    return connection.connection

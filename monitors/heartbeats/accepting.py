"""Write a batch of pings: those that change nothing in one transaction, what changes organisation by organisation.

An arrival is answered only after its commit. Nothing here waits for long: rows that an edit holds are tried again
by the caller, who knows how long each sender can wait.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from monitors import live
from monitors.heartbeats import arrivals, creating
from monitors.heartbeats.arrivals import Answer, Arrival
from monitors.heartbeats.bounding import Allowances
from monitors.heartbeats.folding import Folded, Owned, by_heartbeat, fold, merged, rounds
from monitors.heartbeats.resolving import Resolved, resolve
from monitors.heartbeats.specs import Specs
from monitors.suppression.telling import tell
from monitors.telemetry import heartbeats, reports
from monitors.telemetry.locks import PATIENCE_MS, impatient, is_busy
from pulse import failpoints
from pulse.live import RENDERED_AT_MOST, Message, group_of_organisation
from pulse.live.publisher import send
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import ApiKey, Organisation

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)
# Making a monitor takes as long as a hundred pings: the others of a batch do not wait for more than this.
CREATED_AT_MOST = 5
CREATED_PER_SECOND, CREATED_AT_ONCE = 0.2, 50  # with one key
STATEMENT_MS = 4_000

Answers = dict[Arrival, Answer]


class Accepter:
    """Keeps the settings of heartbeats between batches; for one thread."""

    def __init__(self) -> None:
        self._specs = Specs()
        self._bounded: Any = None
        self._creations = Allowances(CREATED_PER_SECOND, CREATED_AT_ONCE)
        self.seen: defaultdict[str, set[str]] = defaultdict(set)

    def show(self) -> None:
        """Tell open pages which heartbeats have pings that changed nothing else. Losing this loses a look."""
        for organisation, identities in self.seen.items():
            topics = [f"monitor:{identity}" for identity in identities]
            if len(topics) > RENDERED_AT_MOST:
                topics = ["monitors:many"]
            send(Message(group_of_organisation(UUID(organisation)), "live.changed", topics, {}))
        self.seen.clear()

    def accept(self, batch: Sequence[Arrival]) -> Answers:
        """What each is answered; those that are missing have to be tried again.

        Raises OperationalError or InterfaceError only when the database is away: nothing was answered then, and
        what was written all the same is written a second time by trying again.
        """
        with as_pipeline():  # entered once: each way in costs a statement
            self._bound()
            resolved = resolve(batch)
            answers = dict(resolved.refused)
            told = self._accept_steady(resolved, answers)
        for tenant_no, some in told.items():
            self._accept_told(tenant_no, some, answers)
        self._create_some(resolved.missing, answers)
        return answers

    def _bound(self) -> None:
        """No statement of this connection waits for long, whoever holds a table: senders are told to come again."""
        # Not connected yet is not bounded yet: the first batch of a process waits no longer than the others.
        if connection.connection is None or connection.connection is not self._bounded:
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = {PATIENCE_MS}; SET statement_timeout = {STATEMENT_MS}")
            self._bounded = connection.connection

    def _accept_steady(self, resolved: Resolved, answers: Answers) -> dict[int, list[Owned]]:
        """Write those that change nothing; by organisation, those that do."""
        owned = resolved.owned
        if not owned:
            return {}
        try:
            folded, told = self._write_steady(owned)
        except Exception as error:  # also of settings that cannot be read: other jobs must not pay for it
            if is_busy(error):
                return {}
            if isinstance(error, AWAY):
                raise
            return self._halve(resolved, answers, error)
        for one, some in folded:
            answers.update(dict.fromkeys(some, arrivals.OK))
            self.seen[one.spec.organisation].add(one.spec.identity)
        return told

    def _write_steady(
        self, owned: Sequence[Owned]
    ) -> tuple[list[tuple[Folded, list[Arrival]]], dict[int, list[Owned]]]:
        told: defaultdict[int, list[Owned]] = defaultdict(list)
        steady = []
        with transaction.atomic():  # which waits for no row
            for one, some in self._fold(owned, wait=False):
                if one.is_told:
                    told[one.held.tenant_no] += [(arrival, one.held.monitor_no) for arrival in some]
                else:
                    steady.append((one, some))
            if steady:
                _write([one for one, _ in steady])
                reports.write_states([merged(one.reported) for one, _ in steady if one.reported])
                failpoints.reach("ping.written")
        if steady:
            failpoints.reach("ping.committed")
        return steady, told

    def _halve(self, resolved: Resolved, answers: Answers, error: Exception) -> dict[int, list[Owned]]:
        """One of them cannot be written, whatever it holds: find it, and let the others through."""
        owned = resolved.owned
        if len(owned) == 1:
            log.error("ping_not_recorded", monitor_no=owned[0][1], error=str(error)[:300])
            answers[owned[0][0]] = arrivals.FAILED
            return {}
        middle = len(owned) // 2
        told: dict[int, list[Owned]] = {}
        for half in (owned[:middle], owned[middle:]):
            for tenant_no, some in self._accept_steady(Resolved(half), answers).items():
                told.setdefault(tenant_no, []).extend(some)
        return told

    def _accept_told(self, tenant_no: int, owned: list[Owned], answers: Answers) -> None:
        """All that changes in one organisation in one transaction; when that fails, heartbeat by heartbeat."""
        organisation = Organisation.objects.filter(no=tenant_no).first()
        if organisation is None:
            answers.update({arrival: arrivals.NOT_FOUND for arrival, _ in owned})
            return
        error = self._try_told(organisation, owned, answers)
        if error is None or is_busy(error):
            return
        log.error("pings_not_recorded", organisation=organisation.slug, pings=len(owned), exc_info=error)
        for number, some in by_heartbeat(owned).items():
            alone = self._try_told(organisation, [(arrival, number) for arrival in some], answers)
            if alone is not None and not is_busy(alone):
                answers.update(dict.fromkeys(some, arrivals.FAILED))

    def _try_told(
        self, organisation: Organisation, owned: Sequence[Owned], answers: Answers
    ) -> Exception | None:
        try:
            written = self._write_told(organisation, owned)
        except Exception as error:  # a handler of any kind: its fault must stay in this organisation
            if isinstance(error, AWAY) and not is_busy(error):
                raise
            return error
        answers.update(dict.fromkeys(written, arrivals.OK))
        return None

    def _write_told(self, organisation: Organisation, owned: Sequence[Owned]) -> list[Arrival]:
        with in_tenant(organisation), impatient():
            found = list(self._fold(owned, wait=True))
            folded = [one for one, _ in found]
            if folded:
                _write(folded)
            for some in rounds(folded):
                reports.write_states(some)
                tell(reports.changes(some, folded[0].held.now))
            failpoints.reach("ping.written")
            live.announce(organisation, [one.held.monitor_no for one in folded])
        failpoints.reach("ping.committed")
        return [arrival for _, some in found for arrival in some]

    def _fold(self, owned: Sequence[Owned], *, wait: bool) -> list[tuple[Folded, list[Arrival]]]:
        grouped = by_heartbeat(owned)
        held = heartbeats.lock(grouped, wait=wait)
        specs = self._specs.of([(no, one.version) for no, one in held.items()])
        return [(fold(one, specs[no], grouped[no]), grouped[no]) for no, one in held.items() if no in specs]

    def _create_some(self, missing: Sequence[tuple[Arrival, ApiKey]], answers: Answers) -> None:
        """All that are refused are answered at once: those that wait keep others out of their batch."""
        made = 0
        for arrival, key in missing:
            if made == CREATED_AT_MOST:
                return
            if self._creations.take(key.pk, monotonic()):
                answers.update(self._create(arrival, key))
                made += 1
            else:
                answers[arrival] = arrivals.TOO_MANY

    def _create(self, arrival: Arrival, key: ApiKey) -> Answers:
        number = creating.create(key, arrival.slug)
        if number is None:
            return {}
        if isinstance(number, Answer):
            return {arrival: number}
        answers: Answers = {}
        self._accept_told(key.organisation.no, [(arrival, number)], answers)
        return {one: arrivals.CREATED if answer is arrivals.OK else answer for one, answer in answers.items()}


def _write(folded: Sequence[Folded]) -> None:
    heartbeats.write_beats([(one.held, one.pings[-1].n, one.beat) for one in folded])
    heartbeats.insert_pings([ping for one in folded for ping in one.pings])

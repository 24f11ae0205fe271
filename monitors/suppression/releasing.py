"""Release what is held back once nothing holds it any more, organisation by organisation."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from monitors import live
from monitors.facts import OutageReleased
from monitors.maintenance import planning
from monitors.models import Monitor
from monitors.suppression import holding, wording
from monitors.suppression.causing import Causes, Outage, causes
from monitors.suppression.deciding import WORKS, Decision, Fate, Held, Situation, Unseen, decide
from monitors.telemetry import blindness
from monitors.telemetry.locks import impatient, is_busy
from monitors.telemetry.models import TOGETHER, LiveState, Status
from pulse import facts, failpoints, scoping
from pulse import live as pulse_live
from pulse.scoping import as_pipeline, in_tenant
from tenants.models import Organisation

log = structlog.get_logger(__name__)

EVERY_S = 2.0
AWAY_WAIT_S = 1.0
AWAY = (OperationalError, InterfaceError)
ROUNDS = 6  # a group is released after its members, and groups nest five deep


class Releaser:
    """A thread on its own clock. Of several, on any machine, each row is handled by one."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="releaser", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stopping.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            try:
                sweep()
            except AWAY as error:
                log.warning("database_away", at="releaser", error=str(error).splitlines()[0])
                connection.close()
                self._stopping.wait(AWAY_WAIT_S)
            except Exception:
                log.exception("releaser_failed")
                connection.close()
        connection.close()


def sweep() -> None:
    """Begin and end windows, and release or end what is held back, wherever something is due."""
    with as_pipeline():
        numbers = holding.waiting()
    if not numbers:
        return
    for organisation in Organisation.objects.filter(no__in=numbers, state=Organisation.State.READY):
        try:
            sweep_organisation(organisation)
        except Exception as error:  # a handler of any kind: its fault must stay in this organisation
            if is_busy(error):
                continue
            if isinstance(error, AWAY):
                raise
            log.exception("release_failed", organisation=organisation.slug)


def sweep_organisation(organisation: Organisation) -> None:
    with in_tenant(organisation), impatient():
        now = database_time()
        if changed := planning.begin_and_end(now):
            announce(organisation, changed)
        settle(now)
    failpoints.reach("release.committed")


def settle(now: datetime, by: Collection[object] = ()) -> None:
    """Look at what is due in the current organisation and at what one of `by` holds back, in one transaction."""
    for number in range(ROUNDS):
        # From the second on it has rows of incidents, for which others wait who have heads: it waits for none.
        by = _settle_once(now, by, waits=number == 0)
        if not by:
            return


def look_again() -> None:
    """Once what monitors depend on was edited: at all that parents hold back in the current organisation.

    After the commit, and in a transaction of its own: an edit has rows that others wait for who have these.
    """
    transaction.on_commit(_look_again, robust=True)


def _look_again() -> None:
    holding.hurry("parent", database_time())
    try:
        sweep_organisation(scoping.current())
    except OperationalError as error:
        if not is_busy(error):  # then the next sweep does it
            raise


def announce(organisation: Organisation, numbers: Collection[int]) -> None:
    live.announce(organisation, sorted(numbers))
    pulse_live.publish(organisation.id, ["maintenance"])


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _settle_once(now: datetime, by: Collection[object], *, waits: bool) -> set[object]:
    """What held back those that were released or ended: groups may have waited for them."""
    numbers = holding.due(now, by)
    if not numbers:
        return set()
    # States first, as the recorder does: a recovery that is being written is waited for, and then seen.
    heads = _locked_heads(numbers, waits=waits)
    held = holding.of(heads, locked=True)
    found = causes({no: Outage(one.began, one.at) for no, one in held.items()}, now)
    blind = blindness.recently()
    policies = {monitor.no: monitor for monitor in Monitor.objects.filter(no__in=held)}
    decisions = {
        no: decide(one, _situation(one, heads[no], policies[no], found, _unseen(heads[no], blind)), now)
        for no, one in held.items()
        if no in policies
    }
    _keep(held, decisions, now)
    ended = [held[no] for no, decision in decisions.items() if decision.fate is Fate.END]
    holding.let_go([one.monitor_no for one in ended])
    wording.note_ended(ended, now)
    released = [held[no] for no, decision in decisions.items() if decision.fate is Fate.RELEASE]
    _release(released, heads, now)
    return {one.by.by_id for one in (*ended, *released)}


def _locked_heads(numbers: Collection[int], *, waits: bool) -> dict[int, LiveState]:
    rows = LiveState.objects.select_for_update(skip_locked=not waits).filter(
        tenant_no=scoping.current().no, monitor_no__in=numbers, is_head=True
    )
    return {row.monitor_no: row for row in rows.order_by("monitor_no")}


def _situation(held: Held, head: LiveState, monitor: Monitor, found: Causes, unseen: Unseen) -> Situation:
    recoveries = [one.since for one in found.parents.get(held.monitor_no, []) if one.status in WORKS]
    return Situation(
        status=Status(head.status),
        cause=found.by_number.get(held.monitor_no),
        parent_works_since=max(recoveries, default=None),
        interval=timedelta(seconds=monitor.interval_seconds),
        up_after=monitor.up_after,
        answers=head.successes,
        last_checked=head.last_checked_at,
        unseen=unseen,
        is_certain=held.monitor_no not in found.doubts,
    )


def _unseen(head: LiveState, blind: Mapping[int, tuple[bool, datetime | None]]) -> Unseen:
    """Of its location. Those of several places, and groups, are unseen while every place that was blind still is."""
    if head.location != TOGETHER:
        return Unseen(*blind.get(head.location, (False, None)))
    return Unseen(bool(blind) and all(is_blind for is_blind, _ in blind.values()))


def _keep(held: Mapping[int, Held], decisions: Mapping[int, Decision], now: datetime) -> None:
    kept = [
        (replace(held[no], by=decision.by), decision.look_at)
        for no, decision in decisions.items()
        if decision.fate is Fate.KEEP
    ]
    holding.hold(kept)
    wording.note_kept([one for one, _ in kept if one.by.by_id != held[one.monitor_no].by.by_id], now)


def _release(released: Collection[Held], heads: Mapping[int, LiveState], now: datetime) -> None:
    if not released:
        return
    holding.let_go([one.monitor_no for one in released])
    wording.note_released(released, now)
    facts.emit(
        [
            OutageReleased(one.monitor_no, one.began, now, _seen(one, heads[one.monitor_no]), one.by)
            for one in released
        ]
    )
    failpoints.reach("release.written")
    live.announce(scoping.current(), [one.monitor_no for one in released])


def _seen(held: Held, head: LiveState) -> str:
    if head.status == Status.UNKNOWN:
        return f"{held.detail}; nobody has seen it since"[:200]
    return head.last_detail or held.detail

"""Tell downstream what changed: the one door for changes of status. Outages that are expected are held back here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from monitors.facts import MonitorChangedStatus, MonitorStopped
from monitors.suppression import asking, holding, wording
from monitors.suppression.causing import Outage, causes
from monitors.suppression.deciding import FAILS, LOOK_EVERY, WORKS, Held
from monitors.suppression.used import Used, used
from pulse import facts


def register() -> None:
    facts.on(MonitorStopped)(stop)


def tell(changes: Sequence[MonitorChangedStatus]) -> None:
    """Emit these changes of one organisation, in its scope and in the transaction that made them.

    Those that maintenance or a parent holds back carry that in `suppressed`, and are kept to be released.
    """
    if changes:
        facts.emit(suppressed(changes, max(change.at for change in changes)))


def suppressed(changes: Sequence[MonitorChangedStatus], now: datetime) -> list[MonitorChangedStatus]:
    """The same changes, with what holds them back; rows and decisions are written for it."""
    concerned = [change.monitor_no for change in changes if change.after in (*FAILS, *WORKS)]
    around = used(now)
    held = holding.of(concerned) if around.held else {}
    _end(
        [change.monitor_no for change in changes if change.monitor_no in held and change.after in WORKS], now
    )
    opening = {
        change.monitor_no: change
        for change in changes
        if change.after in FAILS and change.before not in FAILS and change.monitor_no not in held
    }
    held |= _hold(opening, now, around)
    return [
        replace(change, suppressed=held[change.monitor_no].by)
        if change.after in FAILS and change.monitor_no in held
        else change
        for change in changes
    ]


def stop(stops: Sequence[MonitorStopped]) -> None:
    """Nobody watches them any more: what was held back ends untold, with that as the reason."""
    at = max(stop.at for stop in stops)
    # A parent that is paused holds nothing back. After the commit: others may have those rows, and wait for ours.
    transaction.on_commit(lambda: holding.hurry("parent", at), robust=True)
    for why in {(stop.why, stop.by_name) for stop in stops}:
        numbers = [stop.monitor_no for stop in stops if (stop.why, stop.by_name) == why]
        gone = holding.let_go(numbers)
        wording.note_ended(gone.values(), at, f"{why[1]} {why[0]} the monitor")


def _end(numbers: Collection[int], now: datetime) -> None:
    wording.note_ended(holding.let_go(numbers).values(), now)


def _hold(opening: Mapping[int, MonitorChangedStatus], now: datetime, around: Used) -> dict[int, Held]:
    if not opening:
        return {}
    found = causes({no: Outage(change.began, change.at) for no, change in opening.items()}, now, around)
    held = {
        no: Held(no, opening[no].began, opening[no].at, opening[no].detail, by)
        for no, by in found.by_number.items()
    }
    holding.hold([(one, _look_at(one, now)) for one in held.values()])
    wording.note_held([(one, opening[no].before, opening[no].after) for no, one in held.items()], now)
    if found.to_ask:
        # After the commit: the parent's row may be held by whoever records its result at this moment.
        transaction.on_commit(lambda: asking.ask(found.to_ask), robust=True)
    return held


def _look_at(held: Held, now: datetime) -> datetime:
    """A parent's state may clear up at any moment; a window's end is known."""
    if held.by.reason == "parent":
        return now
    return min(held.by.until or now, now + LOOK_EVERY)

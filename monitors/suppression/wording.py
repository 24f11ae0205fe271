"""Put into decisions, and into sentences, what holds an outage back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from monitors.deciding import DecisionKind, Rule
from monitors.facts import Suppression
from monitors.suppression.deciding import Held
from monitors.telemetry.decisions import NewDecision, note
from monitors.telemetry.models import Status
from pulse.templatetags.figures import begun

RULES = {"maintenance": Rule.MAINTENANCE, "parent": Rule.PARENT}


def because(by: Suppression) -> str:
    """`maintenance “Database upgrade” until 2026-11-21 04:00 UTC`, or `its parent “db-1”`."""
    if by.reason == "parent":
        return f"its parent “{by.by}”"
    until = f" until {by.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if by.until else ""
    return f"maintenance “{by.by}”{until}"


def note_held(rows: Iterable[tuple[Held, Status, Status]], now: datetime) -> None:
    """Each with the status before and after."""
    note(
        [
            _decision(
                held,
                DecisionKind.SUPPRESSED,
                now,
                f"Held back by {because(held.by)}: {held.detail}",
                before,
                after,
            )
            for held, before, after in rows
        ]
    )


def note_kept(rows: Iterable[Held], now: datetime) -> None:
    note(
        [
            _decision(held, DecisionKind.SUPPRESSED, now, f"Still held back, now by {because(held.by)}")
            for held in rows
        ]
    )


def note_released(rows: Iterable[Held], now: datetime) -> None:
    note(
        [
            _decision(
                held, DecisionKind.RELEASED, now, f"{begun(_over(held.by))} and it is still down: told now"
            )
            for held in rows
        ]
    )


def note_ended(rows: Iterable[Held], now: datetime, why: str = "It works again") -> None:
    words = "{}: nobody is told of the outage that {} held back"
    note(
        [_decision(held, DecisionKind.ENDED_UNTOLD, now, words.format(why, _name(held.by))) for held in rows]
    )


def _over(by: Suppression) -> str:
    return f"{_name(by)} {'is over' if by.reason == 'maintenance' else 'holds it back no longer'}"


def _name(by: Suppression) -> str:
    return f"maintenance “{by.by}”" if by.reason == "maintenance" else f"its parent “{by.by}”"


def _decision(
    held: Held,
    kind: DecisionKind,
    now: datetime,
    words: str,
    before: Status | None = None,
    after: Status | None = None,
) -> NewDecision:
    return NewDecision(
        held.monitor_no, now, kind, RULES[held.by.reason], words=words,
        before=None if before is None else int(before), after=None if after is None else int(after),
    )  # fmt: skip

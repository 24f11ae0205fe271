"""Say why an incident opened, joined another, stayed unopened or ended: the rows behind "why was I paged?"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from monitors.deciding import DecisionKind, Rule
from monitors.telemetry.decisions import NewDecision, note

__all__ = ["DecisionKind", "decided"]


def decided(
    rows: Iterable[tuple[int, datetime, DecisionKind, UUID | None, str]], rule: Rule = Rule.OUTAGE
) -> None:
    """Write (monitor number, moment, kind, incident, words) of each, in this transaction."""
    note(
        [
            NewDecision(number, at, kind, rule, incident_id=incident, words=words)
            for number, at, kind, incident, words in rows
        ]
    )

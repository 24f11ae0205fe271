"""What incidents tell downstream, beside the durable facts that are messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class IncidentAcknowledged:
    """Somebody has it: nobody else need be called."""

    incident: UUID
    by_id: UUID | None
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class IncidentReleased:
    """Nobody has it any more."""

    incident: UUID
    by_name: str
    at: datetime

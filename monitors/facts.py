"""What monitors tell downstream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from monitors.telemetry.models import Status


@dataclass(frozen=True, slots=True)
class MonitorChangedStatus:
    """A confirmed transition, emitted by the recorder with the result that confirmed it."""

    monitor_no: int
    before: Status
    after: Status
    began: datetime
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class MonitorStopped:
    """Somebody paused or deleted the monitor: nobody watches it from now on."""

    monitor_no: int
    why: str  # "paused" or "deleted"
    by_id: UUID | None
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MonitorEdited:
    """The monitor now looks elsewhere, or judges otherwise; its state is kept."""

    monitor_no: int
    what: str
    by_id: UUID | None
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SnoozeChanged:
    """The monitor was snoozed, or is no longer."""

    monitor_no: int
    snoozed: bool
    by_name: str

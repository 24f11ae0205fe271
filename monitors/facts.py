"""What monitors tell downstream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from monitors.statuses import Status


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why an outage is held back: a maintenance window, or a parent that is down.

    `by` is the name of the window or of the parent, `by_id` its id. `until` is when the window ends; None while
    nobody knows.
    """

    reason: Literal["maintenance", "parent"]
    by: str
    by_id: UUID
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MonitorChangedStatus:
    """A confirmed transition, emitted by the recorder with the result that confirmed it."""

    monitor_no: int
    before: Status
    after: Status
    began: datetime
    at: datetime
    detail: str
    # Of an outage that nobody is told of now; what held it back says when it is over.
    suppressed: Suppression | None = None
    # Where the result that confirmed it came from, as far as it got there; "" where several results did.
    address: str = ""


@dataclass(frozen=True, slots=True)
class OutageReleased:
    """What held an outage back is over, and the monitor is still down: now it counts.

    `began` is the first failing check, `at` the moment of the release.
    """

    monitor_no: int
    began: datetime
    at: datetime
    detail: str
    was: Suppression


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

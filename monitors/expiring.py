"""When a certificate or a domain ends: looked at now and then on the way of its results, and said in days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from monitors.judging import Result

log = structlog.get_logger(__name__)

# Reading a certificate costs more than recording a result, and one is renewed a few times a year.
LOOK_EVERY = timedelta(hours=1)
SOON = timedelta(days=30)
URGENT_DAYS = 14
# What the statement that records takes for "there is nothing that ends"; NULL is "nobody looked".
NEVER = "infinity"


def seen(result: Result) -> datetime | str | None:
    """When what a good result saw ends; None most of the time: nobody looked, and what is known stays.

    A worker looks at its first result of a monitor, or of a new version of it, then once in LOOK_EVERY, and whenever
    somebody asked for the check. A batch that is written again gets the same answer.
    """
    check, spec, outcome = result.check, result.spec, result.outcome
    if not outcome.ok:
        return None
    looked = spec.looked_at
    if looked is not None and looked != check.slot and check.slot - looked < LOOK_EVERY and not check.asked:
        return None
    spec.looked_at = check.slot
    if outcome.ends is None:
        return NEVER
    try:
        ends = outcome.ends()
        # A registry's zone may be one that PostgreSQL does not take.
        return None if ends is None else ends.astimezone(UTC)
    except Exception:  # whatever a target put into its certificate: the result itself stands
        log.exception("expiry_unreadable", monitor_no=check.monitor_no)
        return None


@dataclass(frozen=True, slots=True)
class Expiry:
    """What ends, and in how many whole days; fewer than none when it has ended."""

    what: str
    at: datetime
    days: int

    @property
    def words(self) -> str:
        """`certificate 12 days`"""
        if self.days < 0:
            return f"{self.what} expired"
        return f"{self.what} {self.days} {'day' if self.days == 1 else 'days'}"

    @property
    def status(self) -> str:
        """The colour that it is shown in; "" for none."""
        return "down" if self.days < 0 else "degraded" if self.days < URGENT_DAYS else ""

    @property
    def is_soon(self) -> bool:
        return self.days < SOON.days


def expiry(kind: str, at: datetime | None, now: datetime) -> Expiry | None:
    """Of a monitor of this kind; None where nothing is known that ends."""
    if at is None:
        return None
    return Expiry("domain" if kind == "domain" else "certificate", at, (at - now) // timedelta(days=1))

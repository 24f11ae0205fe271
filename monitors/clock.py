"""Notice when the database's clock was set back: nothing would be due until it had caught up with itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import connection

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0
# What two readings of a good clock may differ by, with all that happens between them.
DRIFT = timedelta(seconds=2)
# No monitor is due later than one interval from now, or two while somebody holds the slot before, unless it was told
# so by another clock. What is held is taken back with it. The slots of the hour that comes again have results already:
# the first of each stays.
REGAIN = """
UPDATE telemetry_livestate SET lease_until = NULL, fencing_token = fencing_token + 1, slot = least(slot, now()),
    next_due_at = date_bin(make_interval(secs => interval_seconds), now(), to_timestamp(phase_ms / 1000.0))
        + make_interval(secs => interval_seconds)
WHERE location = %s AND next_due_at > now()
    + make_interval(secs => interval_seconds * CASE WHEN lease_until IS NULL THEN 1 ELSE 2 END + 5)
"""


class Clock:
    """One for each worker; the claimer looks at it. The first look mends what happened while no worker ran."""

    def __init__(self) -> None:
        self._look_at = 0.0
        self._expected: tuple[datetime, float] | None = None

    def look(self, location: int) -> None:
        """In the pipeline's scope: every two seconds one short query, and one over all monitors after a step back."""
        before = monotonic()
        if before < self._look_at:
            return
        self._look_at = before + LOOK_EVERY_S
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            now: datetime = cursor.fetchone()[0]
            if not self._was_set_back(now, before):
                return
            cursor.execute(REGAIN, [location])
            if cursor.rowcount:
                log.warning("clock_set_back", monitors=cursor.rowcount)

    def _was_set_back(self, now: datetime, at: float) -> bool:
        last, self._expected = self._expected, (now, at)
        return last is None or now < last[0] + timedelta(seconds=at - last[1]) - DRIFT

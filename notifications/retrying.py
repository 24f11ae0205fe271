"""When a failed delivery is tried again. Pure; the table is published in the docs."""

from __future__ import annotations

from datetime import timedelta

# Eight tries over 27.6 hours, the schedule that Standard Webhooks recommends.
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
TRIES = len(DELAYS) + 1
JITTER = 0.1
RETRY_AFTER_AT_MOST = timedelta(hours=24)


def delay_after(attempts: int, retry_after: timedelta | None, chance: float) -> timedelta | None:
    """How long to wait after so many attempts, or None when that was the last.

    `retry_after` is what the receiver asked for (RFC 9110, 10.2.3): waited out if it is longer, up to
    a day. `chance` in [0, 1) spreads the table's delay by ±10 %, so that a receiver that comes back
    is not met by everything at once.
    """
    if attempts >= TRIES:
        return None
    usual = DELAYS[attempts - 1] * (1 + JITTER * (2 * chance - 1))
    asked = min(retry_after, RETRY_AFTER_AT_MOST) if retry_after else timedelta(0)
    return max(usual, asked)

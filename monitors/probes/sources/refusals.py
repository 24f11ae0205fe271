"""What an answer says besides numbers: a refused key, a limit that is reached, a server that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from monitors.probes.outcome import ErrorClass
from monitors.probes.sources.shape import Answer, SourceError

USUAL_WAIT_S = 60.0
LONGEST_WAIT_S = 24 * 3600.0
_EPOCH_FROM = 1e9  # larger numbers in a reset header are a moment, not a duration
_PINGDOM = re.compile(r"Remaining:\s*(\d{1,9})\s+Time until reset:\s*(\d{1,9})", re.IGNORECASE)


def check_status(answer: Answer, now: datetime) -> None:
    """Raises SourceError for an answer that brings no numbers whatever its body says."""
    status = answer.status
    if status in (401, 403, 407):
        words = f"the source refused the key (HTTP {status}): check it and what it may read"
        raise SourceError(ErrorClass.SOURCE_REFUSED, words)
    if status == 429 or (status == 503 and "retry-after" in answer.headers):
        wait_s = asked_to_wait(answer, now)
        raise limited(USUAL_WAIT_S if wait_s is None else wait_s)
    if 300 <= status < 400:
        words = (
            f"the source redirects (HTTP {status}), and keys are not sent on: enter the address it leads to"
        )
        raise SourceError(ErrorClass.SOURCE_ANSWER, words)
    if status >= 500:
        raise SourceError(ErrorClass.SOURCE_UNREACHABLE, f"the source itself failed (HTTP {status})")
    if status == 404:
        words = "there is no such thing at the source (HTTP 404): check its address and what is asked for"
        raise SourceError(ErrorClass.SOURCE_ANSWER, words)


def limited(wait_s: float) -> SourceError:
    wait_s = min(max(wait_s, 1.0), LONGEST_WAIT_S)
    return SourceError(ErrorClass.SOURCE_LIMITED, f"the source asks to wait for {_lasting(wait_s)}", wait_s)


def asked_to_wait(answer: Answer, now: datetime) -> float | None:
    """For how many seconds no more may be asked, a day at most; None while there is room.

    Retry-After (RFC 9110, 10.2.3), X-RateLimit-Remaining and -Reset (Datadog), Req-Limit-Short and -Long (Pingdom).
    """
    longest = max(_waits(answer, now), default=None)
    return None if longest is None else min(longest, LONGEST_WAIT_S)


def _waits(answer: Answer, now: datetime) -> Iterator[float]:
    headers = answer.headers
    if (value := headers.get("retry-after")) and answer.status in (429, 503):
        yield from _retry_after(value.strip(), now)
    remaining, reset = _whole(headers.get("x-ratelimit-remaining")), _whole(headers.get("x-ratelimit-reset"))
    if reset is not None and (remaining == 0 or answer.status == 429):
        yield max(0.0, reset - now.timestamp()) if reset > _EPOCH_FROM else reset
    for name in ("req-limit-short", "req-limit-long"):
        match = _PINGDOM.search(headers.get(name, ""))
        if match and int(match[1]) == 0:
            yield float(match[2])


def _retry_after(value: str, now: datetime) -> Iterator[float]:
    seconds = _whole(value)
    if seconds is not None:
        yield seconds
        return
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    yield max(0.0, (moment - now).total_seconds())


def _whole(value: str | None) -> float | None:
    text = (value or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _lasting(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.0f} hours"

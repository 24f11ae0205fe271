"""What a check found: the one shape that all probes return and that evaluation and recording read."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from time import monotonic
from traceback import extract_tb
from typing import Any

from monitors.series.model import Points


class ErrorClass(IntEnum):
    """Why a check failed, as stored with its result (a smallint); values are never renumbered."""

    NONE = 0
    DNS_NXDOMAIN = 10
    DNS_NO_ADDRESS = 11
    DNS_TIMEOUT = 12
    DNS_FAILED = 13
    REFUSED_ADDRESS = 20
    INVALID_TARGET = 21
    CONNECT_REFUSED = 30
    CONNECT_TIMEOUT = 31
    CONNECT_FAILED = 32
    TLS_FAILED = 40
    TLS_CERTIFICATE_EXPIRED = 41
    TLS_HOSTNAME_MISMATCH = 42
    TLS_UNTRUSTED = 43
    EXPIRES_SOON = 44
    ISSUER_CHANGED = 45
    TIMEOUT = 50
    TOO_SLOW = 51
    PACKETS_LOST = 52
    BAD_STATUS = 60
    TOO_MANY_REDIRECTS = 61
    BAD_REDIRECT = 62
    BAD_RESPONSE = 63
    CONNECTION_LOST = 64
    RESPONSE_TOO_LARGE = 65
    UNEXPECTED_ANSWER = 66
    SIGN_IN_REFUSED = 67
    ASSERTION_FAILED = 70
    NOT_POSSIBLE = 80  # of old rows: then it counted as down
    NO_ROOM = 81  # never stored: its slot becomes a gap
    INTERNAL = 90
    # From here on: the check says nothing of the monitor. Whoever would know how it stands did not tell, or was not
    # asked.
    SOURCE_REFUSED = 100
    SOURCE_LIMITED = 101
    SOURCE_QUERY = 102
    SOURCE_UNREACHABLE = 103
    SOURCE_ANSWER = 104
    SOURCE_EMPTY = 105
    NOT_POSSIBLE_HERE = 106
    SETTINGS_REFUSED = 107


logger = logging.getLogger(__name__)

TOLD_EVERY_S = 60.0
_told: dict[str, float] = {}

FIRST_UNKNOWN = ErrorClass.SOURCE_REFUSED
DETAIL_LENGTH = 200


# Nobody changes one. It is not frozen because it is made for each check: that would take three times as long.
@dataclass(slots=True)
class Outcome:
    """The result of one check. Durations are in microseconds, None for a phase that was not reached.

    `detail` is one sentence for people, of at most 200 printable characters, and holds nothing of a
    response's body. `soft`: it works, but a soft assertion failed (then `ok` is True and `error` says why).
    `evidence` makes what is kept of failures and of changes, as JSON; it is called for those only.
    `samples` are numbers that the check brought, stored with its result.
    `ends` reads when the certificate or the domain ends that was seen; it is called now and then. None: there is none.
    `issuer` is who issued its certificate (RFC 4514), where the monitor wants to know of another one; else "".
    """

    ok: bool
    error: ErrorClass
    detail: str
    status_code: int | None = None
    dns_us: int | None = None
    connect_us: int | None = None
    tls_us: int | None = None
    wait_us: int | None = None
    transfer_us: int | None = None
    total_us: int | None = None
    address: str | None = None
    soft: bool = False
    evidence: Callable[[], dict[str, Any]] | None = field(default=None, repr=False)
    samples: tuple[Points, ...] = field(default=(), repr=False)
    ends: Callable[[], datetime | None] | None = field(default=None, repr=False)
    issuer: str = field(default="", repr=False)

    @property
    def is_unknown(self) -> bool:
        """Nobody told how the monitor stands: neither good nor bad."""
        return not self.ok and self.error >= FIRST_UNKNOWN


def sentence(text: str) -> str:
    """`text` fit for `Outcome.detail`: printable characters only, cut at 200."""
    printable = text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
    return printable if len(printable) <= DETAIL_LENGTH else printable[: DETAIL_LENGTH - 1] + "…"


def internal_error(error: BaseException) -> Outcome:
    """The outcome of a check that failed through a fault of ours: the class of the error, never its text.

    The log is told where it was, of each class once a minute: a target may cause it again and again.
    """
    name, now = type(error).__name__, monotonic()
    if now >= _told.get(name, 0.0):
        _told[name] = now + TOLD_EVERY_S
        places = [f"{Path(one.filename).name}:{one.lineno}" for one in extract_tb(error.__traceback__)]
        logger.error(
            "a check failed through a fault of ours: %s at %s", name, " > ".join(places) or "no place"
        )
    return Outcome(False, ErrorClass.INTERNAL, f"Pulse itself failed while checking ({name})")


def no_room() -> Outcome:
    """What is reported of a check that could not start in its time: too many like it were under way."""
    return Outcome(
        False, ErrorClass.NO_ROOM, "too many checks of its organisation or destination were under way"
    )


def refused_settings(words: str) -> Outcome:
    """What is reported of a check whose stored settings this version cannot use: nobody looks until they are mended."""
    return Outcome(False, ErrorClass.SETTINGS_REFUSED, sentence(words))


def never_ended() -> Outcome:
    """What is reported of a check that Pulse itself did not bring to its end: nobody knows what it would have found."""
    return Outcome(False, ErrorClass.NO_ROOM, "Pulse did not bring the check to its end in time")

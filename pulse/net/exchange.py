"""What one HTTP exchange brought, redirects included: the facts that a probe judges."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pulse.net.failures import Failure
from pulse.net.urls import Url

# Kept of the last answer; libcurl has read at most 64 KiB of them.
MAX_HEADERS_KEPT = 200


# Hears of each phase as it ends: ("dns_us", 1200), ("address", "192.0.2.1"). It must only hand over.
Watch = Callable[[str, object], None]


class Visit(NamedTuple):
    """One redirect that was followed; of a long URL its beginning."""

    url: str
    status: int
    address: str


@dataclass(slots=True)
class Exchange:
    """Filled in by `fetch`; durations in microseconds, summed over all hops, None for a phase not reached.

    With `failure` set, `detail` is the sentence about it; else `status` is the code of the last answer, and
    `lines` and `pieces` are its headers and what was kept of its body as they came in. `body_size` counts
    decoded bytes, up to the limit; `body_cut` says that there were more. `certificates` is the chain as
    libcurl describes it, of HTTPS only, and `ca_file` whom this machine trusts.
    """

    failure: Failure | None = None
    detail: str = ""
    status: int | None = None
    address: str | None = None
    redirects: int = 0
    dns_us: int | None = None
    connect_us: int | None = None
    tls_us: int | None = None
    wait_us: int | None = None
    transfer_us: int | None = None
    total_us: int = 0
    url: Url | None = None
    method: str = ""
    http_version: str = ""
    lines: list[bytes] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    body_size: int = 0
    body_cut: bool = False
    chain: tuple[Visit, ...] = ()
    certificates: Any = None
    ca_file: str = ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names as they came; a folded line belongs to the header before it."""
        found: list[tuple[str, str]] = []
        for line in self.lines:
            text = line.rstrip(b"\r\n").decode("utf-8", "replace")
            if text[:1] in (" ", "\t") and found:
                found[-1] = (found[-1][0], f"{found[-1][1]} {text.strip()}")
                continue
            name, colon, value = text.partition(":")
            if colon and len(found) < MAX_HEADERS_KEPT:
                found.append((name.strip(), value.strip()))
        return found

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def shorten(self, most: int) -> None:
        """Let go of the body but for its beginning."""
        if self.body_size <= most:
            return
        kept, size = [], 0
        for piece in self.pieces:
            kept.append(piece[: most - size])
            size += len(piece)
            if size >= most:
                break
        object.__setattr__(self, "pieces", kept)  # no news for who watches, and perhaps not on the loop


class WatchedExchange(Exchange):
    """Tells each thing that becomes known; for checks that somebody looks on at."""

    __slots__ = ("_watch",)
    _watch: Watch

    def __init__(self, watch: Watch) -> None:
        object.__setattr__(self, "_watch", watch)
        super().__init__()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if value is not None:
            self._watch(name, value)

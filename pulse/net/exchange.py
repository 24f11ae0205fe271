"""What one HTTP exchange brought, redirects included: the facts that a probe judges."""

from dataclasses import dataclass

from pulse.net.failures import Failure


@dataclass(slots=True)
class Exchange:
    """Filled in by `fetch`; durations in microseconds, summed over all hops, None for a phase not reached.

    With `failure` set, `detail` is the sentence about it; else `status` is the code of the last answer.
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

"""What a look-up of a name brought, and the sentence about it when that was nothing."""

from dataclasses import dataclass
from typing import Any

from pycares import errno

from pulse.net.addresses import Policy
from pulse.net.failures import Failure

# Negative answers are kept this long, so that a dead name does not cost a query per check.
NEGATIVE_S = 5.0

_FAILURES = {
    errno.ARES_ENOTFOUND: Failure.NXDOMAIN,
    errno.ARES_ENODATA: Failure.NO_ADDRESS,
    errno.ARES_ETIMEOUT: Failure.DNS_TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Addresses in the order to try them, or why there are none. `ttl` in seconds; `family` 4, 6 or 0 for any."""

    addresses: tuple[str, ...] = ()
    ttl: float = NEGATIVE_S
    failure: Failure | None = None
    code: int = 0
    family: int = 0

    def sentence(self, name: str) -> str:
        if self.failure is Failure.NXDOMAIN:
            return f"{name} does not exist (NXDOMAIN)"
        if self.failure is Failure.NO_ADDRESS:
            return f"{name} has no {_KINDS[self.family]}"
        if self.failure is Failure.DNS_TIMEOUT:
            return f"no name server answered for {name} in time"
        return f"the look-up of {name} failed ({_CODES.get(self.code, 'name server error')})"


_KINDS = {
    0: "address (neither A nor AAAA record)",
    4: "IPv4 address (A record), and the monitor asks for one",
    6: "IPv6 address (AAAA record), and the monitor asks for one",
}
_CODES = {
    errno.ARES_ESERVFAIL: "SERVFAIL",
    errno.ARES_EREFUSED: "REFUSED",
    errno.ARES_ECONNREFUSED: "no name server reached",
    errno.ARES_EBADNAME: "not a host name",
}


def positive(result: Any) -> Answer:
    """The answer in a pycares DNSResult; the name server has followed CNAMEs, so only addresses count."""
    records = [record for record in result.answer if hasattr(record.data, "addr")]
    if not records:
        return Answer(failure=Failure.NO_ADDRESS)
    return Answer(tuple(record.data.addr for record in records), float(min(record.ttl for record in records)))


def negative(code: int) -> Answer:
    return Answer(failure=_FAILURES.get(code, Failure.DNS_FAILED), code=code)


def vet(addresses: tuple[str, ...], policy: Policy) -> tuple[list[str], str]:
    """The addresses that may be connected to, and a sentence about the first one that may not."""
    allowed: list[str] = []
    refusal = ""
    for address in addresses:
        reason = policy.verdict(address)
        if reason is None:
            allowed.append(address)
        elif not refusal:
            refusal = f"refused to connect to {address}: {reason}"
    return allowed, refusal

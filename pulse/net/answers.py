"""What a look-up of a name brought, and the sentence about it when that was nothing."""

from dataclasses import dataclass
from ipaddress import ip_address

from pulse.net import dns_wire
from pulse.net.addresses import Policy
from pulse.net.failures import Failure

# Negative answers are kept this long, so that a dead name does not cost a query per check.
NEGATIVE_S = 5.0


# Nobody changes one. It is not frozen because that would take three times as long, and look-ups make many.
@dataclass(slots=True)
class Answer:
    """Addresses in the order to try them, or why there are none. `ttl` in seconds; `family` 4, 6 or 0 for any.

    `reason` is that of DNS_FAILED, in a few words.
    """

    addresses: tuple[str, ...] = ()
    ttl: float = NEGATIVE_S
    failure: Failure | None = None
    reason: str = ""
    family: int = 0

    def sentence(self, name: str) -> str:
        if self.failure is Failure.NXDOMAIN:
            return f"{name} does not exist (NXDOMAIN)"
        if self.failure is Failure.NO_ADDRESS:
            return f"{name} has no {_KINDS[self.family]}"
        if self.failure is Failure.DNS_TIMEOUT:
            return f"no name server answered for {name} in time"
        return f"the look-up of {name} failed ({self.reason or 'name server error'})"


_KINDS = {
    0: "address (neither A nor AAAA record)",
    4: "IPv4 address (A record), and the monitor asks for one",
    6: "IPv6 address (AAAA record), and the monitor asks for one",
}
_REASONS = {
    dns_wire.FORMERR: "FORMERR",
    dns_wire.SERVFAIL: "SERVFAIL",
    dns_wire.NOTIMP: "NOTIMP",
    dns_wire.REFUSED: "REFUSED",
    dns_wire.UNREADABLE: "the answer cannot be read",
    dns_wire.CUT_OFF: "the answer was cut off, and cannot be had over TCP",
    dns_wire.UNREACHABLE: "no name server reached",
}


def answer_of(reply: dns_wire.Reply) -> Answer:
    """What a name server said; DNS_FAILED where another one, or the same a moment later, may say more."""
    if reply.rcode == dns_wire.NXDOMAIN:
        return Answer(failure=Failure.NXDOMAIN)
    if reply.rcode != dns_wire.NOERROR:
        return failed(_REASONS.get(reply.rcode, f"response code {reply.rcode}"))
    if not reply.addresses:
        return Answer(failure=Failure.NO_ADDRESS)
    return Answer(reply.addresses, float(reply.ttl))


def literal(host: str, family: int) -> Answer:
    """An address needs no name server."""
    if family and ip_address(host).version != family:
        return Answer(failure=Failure.NO_ADDRESS, family=family)
    return Answer((host,))


def failed(reason: str) -> Answer:
    return Answer(failure=Failure.DNS_FAILED, reason=reason)


def timed_out() -> Answer:
    return Answer(failure=Failure.DNS_TIMEOUT)


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

"""What a session or a mail connection raises; probes return failures instead."""

from pulse.net.failures import Failure


class OutboundError(Exception):
    """Nothing came of an outgoing connection; the text is a sentence for people, `failure` the kind."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


class NotResolved(OutboundError):  # these names say what happened
    """The name has no address that a name server would tell."""


class AddressRefused(OutboundError):
    """The name or literal stands for an address that the policy does not allow."""


class DeadlineExceeded(OutboundError):
    """The total deadline ran out, at whatever point; what was sent may have arrived."""

    def __init__(self, detail: str) -> None:
        super().__init__(Failure.TIMEOUT, detail)


class NotConnected(OutboundError):
    """No connection, or no TLS session that can be trusted; nothing was sent."""

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


def untie(error: BaseException | None) -> None:
    """Let an error, and those behind it, go of the frames that they came through.

    The frames and their futures hold the error as well: only Python's collector would ever free all of them, with
    their streams and buffers, and where it seldom runs that is memory that grows.
    """
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = None
            waiting += (one.__cause__, one.__context__)

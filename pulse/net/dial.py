"""Blocking sockets to vetted addresses, for webhooks and mail: resolve, vet, connect, cut at a deadline."""

import errno
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from time import monotonic
from types import TracebackType
from typing import Self

from pulse.net.addresses import Policy
from pulse.net.answers import Answer, vet
from pulse.net.dns_blocking import ask_and_wait
from pulse.net.dns_wire import AAAA, A
from pulse.net.errors import AddressRefused, DeadlineExceeded, NotConnected, NotResolved
from pulse.net.failures import Failure
from pulse.net.hosts import HostsFile
from pulse.net.nameservers import NameServers

_hosts = HostsFile()
_servers = NameServers()


class Deadline:
    """One moment by which everything has to be over."""

    def __init__(self, seconds: float) -> None:
        if seconds <= 0:
            raise ValueError("a deadline needs a positive number of seconds")
        self.seconds = seconds
        self._at = monotonic() + seconds

    def left(self) -> float:
        """Seconds left; raises DeadlineExceeded when there are none."""
        left = self._at - monotonic()
        if left <= 0:
            raise self.exceeded()
        return left

    @property
    def over(self) -> bool:
        return monotonic() >= self._at

    def exceeded(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"no complete answer within {self.seconds:g} s")


class Cutoff:
    """Shuts a socket down at its deadline, whatever is being done with it.

    A socket's own timeout starts anew with each byte, so a dripping peer would hold it for ever.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self.fired = False
        # A second descriptor of the same connection: the first may be closed and its number reused.
        self._twin = sock.dup()
        self._lock = threading.Lock()
        self._timer = threading.Timer(deadline.left(), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def _cut(self) -> None:
        with self._lock:
            if self._twin.fileno() < 0:
                return
            self.fired = True
            with suppress(OSError):  # the peer was faster
                self._twin.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._twin.close()


def dial(
    host: str, port: int, policy: Policy, deadline: Deadline, nameservers: Sequence[str] | None = None
) -> socket.socket:
    """A connected socket to one of the vetted addresses of `host`; raises an OutboundError."""
    addresses = resolve_vetted(host, policy, deadline, nameservers)
    failed: NotConnected | None = None
    while addresses and (failed is None or not deadline.over):
        address = addresses.pop(0)
        try:
            # While another address is left to try, this one gets its share of the time.
            sock = socket.create_connection((address, port), timeout=deadline.left() / (len(addresses) + 1))
        except OSError as error:
            failed = _not_connected(error, address, port)
        else:
            sock.settimeout(deadline.seconds + 1)  # from here on the Cutoff is the judge of time
            return sock
    raise failed or deadline.exceeded()


def resolve_vetted(
    host: str, policy: Policy, deadline: Deadline, nameservers: Sequence[str] | None = None
) -> list[str]:
    """The addresses of `host` (a name or literal) that are allowed, at least one; or an OutboundError."""
    answer = _literal(host) or _look_up(host.lower().removesuffix("."), deadline, nameservers)
    if answer.failure is not None:
        raise NotResolved(answer.failure, answer.sentence(host))
    allowed, refusal = vet(answer.addresses, policy)
    if not allowed:
        raise AddressRefused(Failure.REFUSED_ADDRESS, refusal)
    return allowed


def _literal(host: str) -> Answer | None:
    try:
        return Answer((str(ip_address(host)),))
    except ValueError:
        return None


def _look_up(name: str, deadline: Deadline, nameservers: Sequence[str] | None) -> Answer:
    listed = _hosts.addresses(name)
    if listed:
        return Answer(listed)
    places = NameServers(nameservers).places() if nameservers else _servers.places()
    answer = ask_and_wait(name, A, places, deadline.left)
    if answer.failure is Failure.NO_ADDRESS:
        return ask_and_wait(name, AAAA, places, deadline.left)
    return answer


def _not_connected(error: OSError, address: str, port: int) -> NotConnected:
    if error.errno == errno.ECONNREFUSED:
        return NotConnected(Failure.CONNECT_REFUSED, f"connection refused by {address} port {port}")
    if isinstance(error, TimeoutError):
        return NotConnected(
            Failure.CONNECT_TIMEOUT, f"no connection to {address} port {port}: it does not answer"
        )
    name = errno.errorcode.get(error.errno or 0, "unknown reason")
    return NotConnected(Failure.CONNECT_FAILED, f"connection to {address} port {port} failed ({name})")

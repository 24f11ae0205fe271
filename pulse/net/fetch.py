"""One HTTP check on the wire: look up, vet, connect, follow redirects hop by hop, all under one deadline."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic_ns
from typing import Any

import pycurl

from pulse.net.addresses import Policy
from pulse.net.answers import Answer, vet
from pulse.net.curl_errors import explain
from pulse.net.exchange import Exchange
from pulse.net.failures import Failure
from pulse.net.handle import Handle, default_ca_file
from pulse.net.resolve import Resolver
from pulse.net.transfers import Transfers
from pulse.net.urls import Url, UrlError, join_url, parse_url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# A name with many addresses is tried at this many of them; round-robin names rarely have more that differ.
MAX_ADDRESSES = 3
# For probes whose library only blocks; the rest is done on the loop.
THREADS = 32

_TRY_NEXT_ADDRESS = frozenset({Failure.CONNECT_REFUSED, Failure.CONNECT_TIMEOUT, Failure.CONNECT_FAILED})


class Outbound:
    """What a fetch needs of one loop: its resolver, its transfers and the policy."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        policy: Policy,
        nameservers: Sequence[str] | None = None,
        ca_file: str | None = None,
    ) -> None:
        self.loop = loop
        self.policy = policy
        self.resolver = Resolver(loop, nameservers)
        self.ca_file = ca_file or default_ca_file()
        self.transfers = Transfers(loop, self.ca_file)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="probe")

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.transfers.close()
        self.resolver.close()


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for. `max_redirects` None: a redirect is the answer; `tenant` shares out look-ups."""

    url: str
    method: str
    timeout_s: float
    max_redirects: int | None
    tenant: int


class Fetch:
    """The life of one request. `done` is called once, on the loop: with an Exchange or a fault of ours."""

    __slots__ = (
        "_addresses",
        "_deadline_ns",
        "_done",
        "_exchange",
        "_hop_ns",
        "_looking_up",
        "_out",
        "_request",
        "_start_ns",
        "_timer",
        "_url",
    )

    def __init__(self, out: Outbound, request: Request, done: Callable[[Exchange | Exception], None]) -> None:
        self._out = out
        self._request = request
        self._done: Callable[[Exchange | Exception], None] | None = done
        self._exchange = Exchange()
        self._timer: asyncio.TimerHandle | None = None
        self._addresses: list[str] = []

    def start(self) -> None:
        self._start_ns = monotonic_ns()
        self._deadline_ns = self._start_ns + round(self._request.timeout_s * 1e9)
        self._guarded(self._open, self._request.url)

    def _open(self, text: str) -> None:
        try:
            url = parse_url(text)
        except UrlError as error:
            self._fail(Failure.INVALID_TARGET, str(error))
            return
        self._visit(url)

    def _visit(self, url: Url) -> None:
        """Begins a hop: the name is looked up and vetted for each one anew."""
        self._url = url
        self._hop_ns = monotonic_ns()
        if url.literal is not None:
            self._resolved(Answer((url.host,)))
            return
        self._looking_up = True
        self._out.resolver.lookup(url.host, self._request.tenant, self._on_answer)
        if self._looking_up:
            self._timer = self._out.loop.call_later(
                self._left_ns() / 1e9, self._guarded, self._look_up_timed_out
            )

    def _on_answer(self, answer: Answer) -> None:
        self._guarded(self._resolved, answer)

    def _resolved(self, answer: Answer) -> None:
        self._looking_up = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._url.literal is None:
            self._exchange.dns_us = _plus(self._exchange.dns_us, (monotonic_ns() - self._hop_ns) // 1000)
        if answer.failure is not None:
            self._fail(answer.failure, answer.sentence(self._url.host))
            return
        self._addresses, refusal = vet(answer.addresses, self._out.policy)
        del self._addresses[MAX_ADDRESSES:]
        if not self._addresses:
            self._fail(Failure.REFUSED_ADDRESS, refusal)
            return
        self._connect()

    def _connect(self) -> None:
        left_ms = self._left_ns() // 1_000_000
        if left_ms < 1:
            self._fail(Failure.TIMEOUT, f"no answer within {_seconds(self._request.timeout_s)}")
            return
        address = self._addresses.pop(0)
        self._exchange.address = address
        # While another address is left to try, this one gets half of the time to accept the connection.
        connect_ms = left_ms // 2 if self._addresses else left_ms
        self._out.transfers.begin(
            self._url, address, self._request.method, left_ms, max(1, connect_ms), self._on_transfer
        )

    def _on_transfer(self, handle: Handle, code: int) -> None:
        self._guarded(self._transferred, handle, code)

    def _transferred(self, handle: Handle, code: int) -> None:
        self._add_phases(handle)
        if code != pycurl.E_OK and not (handle.body_cut and code == pycurl.E_WRITE_ERROR):
            self._on_failure(code, handle)
            return
        status = handle.curl.getinfo(pycurl.RESPONSE_CODE)
        self._exchange.status = status
        limit = self._request.max_redirects
        if status in REDIRECTS and handle.location is not None and limit is not None:
            self._redirect(handle.location, limit)
        else:
            self._finish()

    def _on_failure(self, code: int, handle: Handle) -> None:
        failure, detail = explain(code, handle, self._url, self._exchange.address or "")
        if failure in _TRY_NEXT_ADDRESS and self._addresses:
            self._connect()
            return
        if code == pycurl.E_OPERATION_TIMEDOUT:
            detail = f"{detail} within {_seconds(self._request.timeout_s)}"
        self._fail(failure, detail)

    def _redirect(self, location: str, limit: int) -> None:
        if self._exchange.redirects >= limit:
            self._fail(Failure.TOO_MANY_REDIRECTS, f"more than {limit} redirects")
            return
        self._exchange.redirects += 1
        try:
            url = join_url(self._url, location)
        except UrlError as error:
            self._fail(Failure.BAD_REDIRECT, f"redirected to a URL that is not allowed: {error}")
            return
        self._visit(url)

    def _add_phases(self, handle: Handle) -> None:
        connected, secured, first_byte, end = handle.marks_us()
        exchange = self._exchange
        if connected:
            exchange.connect_us = _plus(exchange.connect_us, connected)
        if secured:
            exchange.tls_us = _plus(exchange.tls_us, secured - connected)
        if handle.answered:
            exchange.wait_us = _plus(exchange.wait_us, first_byte - max(connected, secured))
            exchange.transfer_us = _plus(exchange.transfer_us, end - first_byte)

    def _look_up_timed_out(self) -> None:
        self._timer = None
        self._exchange.dns_us = _plus(self._exchange.dns_us, (monotonic_ns() - self._hop_ns) // 1000)
        limit = _seconds(self._request.timeout_s)
        self._fail(Failure.DNS_TIMEOUT, f"no name server answered for {self._url.host} within {limit}")

    def _left_ns(self) -> int:
        return self._deadline_ns - monotonic_ns()

    def _fail(self, failure: Failure, detail: str) -> None:
        self._exchange.failure = failure
        self._exchange.detail = detail
        self._finish()

    def _finish(self) -> None:
        self._exchange.total_us = (monotonic_ns() - self._start_ns) // 1000
        self._report(self._exchange)

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        """Each entry from the loop: after the end nothing happens, and a bug of ours ends this check only."""
        if self._done is None:
            return
        try:
            step(*arguments)
        except Exception as error:
            self._report(error)

    def _report(self, result: Exchange | Exception) -> None:
        done, self._done = self._done, None
        if self._timer is not None:
            self._timer.cancel()
        if done is not None:
            done(result)


def _plus(total: int | None, more: int) -> int:
    return more if total is None else total + more


def _seconds(duration: float) -> str:
    return f"{duration:g} s"

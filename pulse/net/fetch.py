"""One HTTP check on the wire: look up, vet, connect, follow redirects hop by hop, all under one deadline."""

import asyncio
import errno
from collections.abc import Callable
from functools import lru_cache
from time import monotonic_ns
from typing import Any

import pycurl

from pulse.net.answers import Answer, literal
from pulse.net.curl_errors import explain
from pulse.net.exchange import Exchange, Visit, WatchedExchange
from pulse.net.failures import Failure
from pulse.net.handle import Handle, Hop
from pulse.net.outbound import Outbound
from pulse.net.request import Request, after_redirect, header_lines
from pulse.net.urls import LONGEST_MADE, Url, UrlError, join_url, parse_url

__all__ = ["Fetch", "Outbound", "Request"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_TRY_NEXT_ADDRESS = frozenset({Failure.CONNECT_REFUSED, Failure.CONNECT_TIMEOUT, Failure.CONNECT_FAILED})
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL})


# The same targets come again and again: some 300 bytes each for a tenth of what a check costs.
_parsed = lru_cache(1 << 16)(parse_url)


class Fetch:
    """The life of one request. `done` is called once, on the loop: with an Exchange or a fault of ours."""

    __slots__ = (
        "_addresses",
        "_deadline_ns",
        "_done",
        "_exchange",
        "_family",
        "_first",
        "_handle",
        "_hop_ns",
        "_looking_up",
        "_method",
        "_no_way",
        "_out",
        "_own_origin",
        "_request",
        "_share",
        "_start_ns",
        "_timer",
        "_url",
        "_with_body",
    )

    def __init__(self, out: Outbound, request: Request, done: Callable[[Exchange | Exception], None]) -> None:
        self._out = out
        self._request = request
        self._done: Callable[[Exchange | Exception], None] | None = done
        self._exchange = WatchedExchange(request.watch) if request.watch else Exchange()
        self._timer: asyncio.TimerHandle | None = None
        self._addresses: list[str] = []
        self._method = request.method
        self._with_body = request.wire.body is not None
        self._family = request.wire.family
        self._own_origin = True
        self._first: Url | None = None
        self._handle: Handle | None = None
        self._share: Any = None
        self._no_way: tuple[Failure, str] | None = None

    def start(self) -> None:
        self._start_ns = monotonic_ns()
        self._deadline_ns = self._start_ns + round(self._request.timeout_s * 1e9)
        self._guarded(self._open, self._request.url)

    def abandon(self) -> None:
        """Ends it where nobody waits for it any longer: its connection is closed, and `done` is not called."""
        self._done = None
        if self._timer is not None:
            self._timer.cancel()
        handle, self._handle = self._handle, None
        if handle is not None:
            self._out.transfers.drop(handle)

    def _open(self, text: str) -> None:
        try:
            url = parse_url(text, LONGEST_MADE) if self._request.made else _parsed(text)
        except UrlError as error:
            self._fail(Failure.INVALID_TARGET, str(error))
            return
        wire = self._request.wire
        if wire.cookies or wire.keep_connection:
            self._share = self._out.share(self._request, url)
        self._first = url
        self._visit(url)

    def _visit(self, url: Url) -> None:
        """Begins a hop: the name is looked up and vetted for each one anew."""
        self._url = self._exchange.url = url
        self._exchange.method = self._method
        self._hop_ns = monotonic_ns()
        peer = self._request.wire.proxy or url
        if peer.literal is not None:
            self._resolved(literal(peer.host, self._family))
        else:
            self._look_up(peer.host, self._family)

    def _look_up(self, host: str, family: int) -> None:
        self._looking_up = True
        self._out.resolver.lookup(host, self._request.tenant, self._on_answer, family, self._is_over)
        if self._looking_up:
            self._timer = self._out.loop.call_later(
                self._left_ns() / 1e9, self._guarded, self._look_up_timed_out
            )

    def _is_over(self) -> bool:
        return self._done is None

    def _on_answer(self, answer: Answer) -> None:
        # As `_guarded`, written out: each check comes by here.
        if self._done is not None:
            try:
                self._answered(answer)
            except Exception as error:
                self._report(error)

    def _answered(self, answer: Answer) -> None:
        self._looking_up = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._exchange.dns_us = (self._exchange.dns_us or 0) + (monotonic_ns() - self._hop_ns) // 1000
        self._resolved(answer)

    def _resolved(self, answer: Answer) -> None:
        if answer.failure is not None and self._no_way is not None:
            self._fail(*self._no_way)
            return
        if answer.failure is not None:
            peer = self._request.wire.proxy or self._url
            self._fail(answer.failure, answer.sentence(peer.host))
            return
        self._addresses, refusal = self._out.vet(answer.addresses)
        if not self._addresses:
            self._fail(Failure.REFUSED_ADDRESS, refusal)
            return
        self._connect()

    def _connect(self) -> None:
        left_ms = self._left_ns() // 1_000_000
        if left_ms < 1:
            self._fail(Failure.TIMEOUT, f"no answer within {_seconds(self._request.timeout_s)}")
            return
        request = self._request
        address = self._addresses.pop(0)
        self._exchange.address = address
        # While another address is left to try, this one gets half of the time to accept the connection.
        connect_ms = int(min(left_ms / 2, request.connect_s * 1000)) if self._addresses else left_ms
        lines = header_lines(request, self._method, own_origin=self._own_origin, with_body=self._with_body)
        hop = Hop(self._url, address, self._method, left_ms, max(1, connect_ms), lines, request.wire)
        hop.agent = request.agent
        hop.body = request.wire.body if self._with_body else None
        hop.own_origin = self._own_origin
        hop.share = self._share
        if request.watch is not None:
            # libcurl does not tell its times to who asks from inside a callback.
            hop.on_answering = self._answering_soon
        self._handle = self._out.transfers.begin(hop, self._on_transfer)

    def _answering_soon(self, handle: Handle) -> None:
        self._out.loop.call_soon(self._on_answering, handle)

    def _on_answering(self, handle: Handle) -> None:
        """The first line of an answer has come: an onlooker hears of it before the body is there."""
        if self._done is not None and self._request.watch is not None and handle.answered:
            connected, secured, first_byte, _ = handle.marks_us()
            self._request.watch("connect_us", connected)
            if secured:
                self._request.watch("tls_us", secured - connected)
            self._request.watch("wait_us", first_byte - max(connected, secured))

    def _on_transfer(self, handle: Handle, code: int) -> None:
        self._handle = None
        if self._done is not None:
            try:
                self._transferred(handle, code)
            except Exception as error:
                self._report(error)

    def _transferred(self, handle: Handle, code: int) -> None:
        self._add_phases(handle)
        if code != pycurl.E_OK and not (handle.body_cut and code == pycurl.E_WRITE_ERROR):
            self._on_failure(code, handle)
            return
        self._exchange.status = handle.status
        limit = self._request.max_redirects
        if handle.status in REDIRECTS and handle.location is not None and limit is not None:
            self._redirect(handle.location, limit)
        else:
            self._take(handle)
            self._finish()

    def _on_failure(self, code: int, handle: Handle) -> None:
        wire = self._request.wire
        failure, detail = explain(code, handle, self._url, self._exchange.address or "")
        if failure in _TRY_NEXT_ADDRESS and self._addresses:
            self._connect()
            return
        if failure is Failure.CONNECT_FAILED and self._other_family(handle, detail):
            return
        if code == pycurl.E_OPERATION_TIMEDOUT:
            detail = f"{detail} within {_seconds(self._request.timeout_s)}"
        if handle.answered and wire.keep_body:
            self._take(handle)
        self._fail(failure, detail)

    def _other_family(self, handle: Handle, detail: str) -> bool:
        """On a machine without IPv4, a name that has both kinds of addresses is reached by the other kind."""
        peer = self._request.wire.proxy or self._url
        by_choice = self._family != 0 or peer.literal is not None or ":" in (self._exchange.address or "")
        if by_choice or handle.curl.getinfo(pycurl.OS_ERRNO) not in _NO_ROUTE:
            return False
        self._no_way = Failure.CONNECT_FAILED, detail
        self._family = 6  # for the rest of this check
        self._look_up(peer.host, 6)
        return True

    def _redirect(self, location: str, limit: int) -> None:
        exchange = self._exchange
        if exchange.redirects >= limit:
            self._fail(Failure.TOO_MANY_REDIRECTS, f"more than {limit} redirects")
            return
        exchange.redirects += 1
        exchange.chain += (Visit(self._url.beginning, exchange.status or 0, exchange.address or ""),)
        try:
            url = join_url(self._url, location)
        except UrlError as error:
            self._fail(Failure.BAD_REDIRECT, f"redirected to a URL that is not allowed: {error}")
            return
        method = after_redirect(self._method, exchange.status or 0)
        self._with_body = self._with_body and method == self._method
        self._method = method
        # Once lost, never regained: the other origin must not get to choose what they are sent to.
        self._own_origin = self._own_origin and self._first is not None and url.origin == self._first.origin
        self._visit(url)

    def _take(self, handle: Handle) -> None:
        """What came, before the handle serves another check."""
        exchange = self._exchange
        exchange.status = handle.status or exchange.status
        exchange.http_version = handle.http_version
        exchange.lines, exchange.pieces = handle.lines, handle.pieces
        exchange.body_size, exchange.body_cut = handle.body_size, handle.body_cut
        if self._url.scheme == "https":
            exchange.certificates = self._out.certificates(handle, self._url, self._share)
            exchange.ca_file = self._out.ca_file

    def _add_phases(self, handle: Handle) -> None:
        connected, secured, first_byte, end = handle.marks_us()
        exchange = self._exchange
        if connected:
            exchange.connect_us = (exchange.connect_us or 0) + connected
        if secured:
            exchange.tls_us = (exchange.tls_us or 0) + secured - connected
        if handle.answered:
            begun = secured if secured > connected else connected
            exchange.wait_us = (exchange.wait_us or 0) + first_byte - begun
            exchange.transfer_us = (exchange.transfer_us or 0) + end - first_byte

    def _look_up_timed_out(self) -> None:
        self._timer = None
        self._exchange.dns_us = (self._exchange.dns_us or 0) + (monotonic_ns() - self._hop_ns) // 1000
        limit = _seconds(self._request.timeout_s)
        peer = self._request.wire.proxy or self._url
        self._fail(Failure.DNS_TIMEOUT, f"no name server answered for {peer.host} within {limit}")

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


def _seconds(duration: float) -> str:
    return f"{duration:g} s"

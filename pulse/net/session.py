"""`requests` for outgoing webhooks: one vetted address, one deadline, no redirects, a short answer."""

import ssl
from collections.abc import Sequence
from functools import lru_cache
from http.client import HTTPException  # noqa: TID251  # what urllib3 lets through
from http.cookiejar import DefaultCookiePolicy
from socket import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.response import BaseHTTPResponse

from pulse.net.addresses import Policy
from pulse.net.certificates import certificate_refused
from pulse.net.dial import Cutoff, Deadline, dial
from pulse.net.errors import NotConnected, OutboundError
from pulse.net.failures import Failure
from pulse.net.handle import default_ca_file
from pulse.net.urls import Url, UrlError, parse_url

MAX_ANSWER = 64 << 10


def outbound_session(
    policy: Policy,
    total_deadline_s: float,
    *,
    nameservers: Sequence[str] | None = None,
    ca_file: str | None = None,
) -> requests.Session:  # noqa: TID251  # this is the one door
    """A session whose requests each take at most `total_deadline_s`, look-up included.

    A redirect is returned as the answer it is; at most 64 KiB of a body are read. Raises OutboundError and
    its kinds.
    """
    return _OutboundSession(
        _PinnedAdapter(policy, total_deadline_s, nameservers, ca_file or default_ca_file())
    )


class _OutboundSession(requests.Session):  # noqa: TID251
    def __init__(self, adapter: HTTPAdapter) -> None:
        super().__init__()
        self.trust_env = False  # no proxies, no netrc, no CA file from the environment
        # Answers are not decompressed: 64 KiB of gzip can be 64 MB.
        self.headers.update({"Accept-Encoding": "identity", "User-Agent": "Pulse"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.adapters.clear()
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """A redirect is an answer like any other."""


class _PinnedAdapter(HTTPAdapter):
    def __init__(
        self, policy: Policy, deadline_s: float, nameservers: Sequence[str] | None, ca_file: str
    ) -> None:
        super().__init__()
        self._policy = policy
        self._deadline_s = Deadline(deadline_s).seconds
        self._nameservers = nameservers
        self._ca_file = ca_file

    def send(
        self,
        request: requests.PreparedRequest,
        *_: object,
        **__: object,
    ) -> requests.Response:
        """The answer to `request`; what else requests passes has no say: certificates are verified."""
        deadline = Deadline(self._deadline_s)
        url = _vetted_url(request.url or "")
        sock = dial(url.host, url.port, self._policy, deadline, self._nameservers)
        with sock, Cutoff(sock, deadline) as cutoff:
            try:
                answer = self._exchange(request, url, sock)
            except (HTTPError, HTTPException, OSError) as error:
                raise (deadline.exceeded() if cutoff.fired else _explained(error, url)) from error
            if cutoff.fired:  # http.client takes the end of the stream for the end of the headers
                raise deadline.exceeded()
            return answer

    def _exchange(self, request: requests.PreparedRequest, url: Url, sock: socket) -> requests.Response:
        connection = _connection(url, sock, self._ca_file)
        try:
            connection.request(
                request.method or "GET",
                url.path,
                body=request.body,
                headers=dict(request.headers),
                preload_content=False,
                decode_content=False,
            )
            answer = connection.getresponse()
            body = _read(answer)
        finally:
            connection.close()
        response = self.build_response(request, answer)
        response._content = body  # noqa: SLF001  # what `content` returns; there is no public way to set it
        return response


def _read(answer: BaseHTTPResponse) -> bytes:
    pieces: list[bytes] = []
    left = MAX_ANSWER
    while left > 0 and (piece := answer.read(left, decode_content=False)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _connection(url: Url, sock: socket, ca_file: str) -> HTTPConnection:
    """A urllib3 connection that is given its socket and can open no other."""
    if url.scheme == "https":
        return _PinnedHttps(url.host, url.port, pinned=sock, ssl_context=_tls(ca_file))
    return _PinnedHttp(url.host, url.port, pinned=sock)


class _PinnedHttp(HTTPConnection):
    def __init__(self, host: str, port: int, *, pinned: socket) -> None:
        super().__init__(host, port)
        self._pinned = pinned

    def _new_conn(self) -> socket:
        return self._pinned


class _PinnedHttps(HTTPSConnection):
    def __init__(self, host: str, port: int, *, pinned: socket, ssl_context: ssl.SSLContext) -> None:
        super().__init__(host, port, ssl_context=ssl_context, cert_reqs=ssl.CERT_REQUIRED)
        self._pinned = pinned

    def _new_conn(self) -> socket:
        return self._pinned


@lru_cache
def _tls(ca_file: str) -> ssl.SSLContext:
    """Loading a CA bundle takes some 30 ms, so it is done once and not per webhook."""
    return ssl.create_default_context(cafile=ca_file)


def _vetted_url(text: str) -> Url:
    try:
        return parse_url(text)
    except UrlError as error:
        raise NotConnected(Failure.INVALID_TARGET, str(error)) from None


def _explained(error: Exception, url: Url) -> OutboundError:
    cause: Any = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = (
            cause.__cause__
            or cause.__context__
            or next((a for a in cause.args if isinstance(a, Exception)), None)
        )
    if isinstance(cause, ssl.SSLCertVerificationError):
        return certificate_refused(cause, url.host)
    if cause is not None or isinstance(error, SSLError):
        return NotConnected(Failure.TLS_FAILED, f"the TLS handshake with {url.host} failed")
    if isinstance(error, TimeoutError):
        return OutboundError(Failure.TIMEOUT, f"no answer from {url.host}")
    return OutboundError(Failure.CONNECTION_LOST, f"{url.host} closed the connection without a valid answer")

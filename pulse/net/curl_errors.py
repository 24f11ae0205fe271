"""What libcurl's error codes mean for people: a failure and a sentence."""

import errno
from collections.abc import Callable

import pycurl

from pulse.net.certificates import OTHER_NAME, why_refused
from pulse.net.failures import Failure
from pulse.net.handle import Handle
from pulse.net.urls import Url

# libcurl compares the name itself, after OpenSSL was content with the chain, and then leaves "ok" or
# "unspecified" (X509_V_OK, X509_V_ERR_UNSPECIFIED) behind.
_CHAIN_WAS_GOOD = frozenset({0, 1})
# Not named by pycurl.
_HTTP2_STREAM, _HTTP3, _QUIC, _PROXY, _TOO_LARGE = 92, 95, 96, 97, 100
_CONNECT_CODE = 0x200000 + 22  # CURLINFO_HTTP_CONNECTCODE

Explainer = Callable[[Handle, Url, str], tuple[Failure, str]]


def explain(code: int, handle: Handle, url: Url, address: str) -> tuple[Failure, str]:
    """The failure behind a code that is not E_OK; the caller adds the limit to a timeout's sentence."""
    peer = (
        f"the proxy {address} port {handle.proxy_port}" if handle.proxy_port else f"{address} port {url.port}"
    )
    if handle.refused:
        return handle.refused
    if code == _TOO_LARGE:
        return Failure.RESPONSE_TOO_LARGE, "the headers of the answer are too long"
    if handle.address_refused:
        return Failure.REFUSED_ADDRESS, f"refused to connect to another address than {address}"
    by_code = _BY_CODE.get(code)
    if by_code is not None:
        return by_code(handle, url, peer)
    return Failure.BAD_RESPONSE, f"the exchange with {peer} failed (curl error {code})"


def _timed_out(handle: Handle, url: Url, peer: str) -> tuple[Failure, str]:
    connected, secured, _, _ = handle.marks_us()
    if not connected:
        return Failure.CONNECT_TIMEOUT, f"no connection to {peer}"
    if url.scheme == "https" and not secured:
        return Failure.TIMEOUT, f"no end of the TLS handshake with {peer}"
    if not handle.answered:
        return Failure.TIMEOUT, "no answer"
    return Failure.TIMEOUT, "no complete answer"


def _not_connected(handle: Handle, url: Url, peer: str) -> tuple[Failure, str]:
    if handle.proxy_port and (code := handle.curl.getinfo(_CONNECT_CODE)):
        return Failure.CONNECT_FAILED, f"{peer} answered {code} instead of connecting to {url.host}"
    os_error = handle.curl.getinfo(pycurl.OS_ERRNO)
    if os_error == errno.ECONNREFUSED:
        return Failure.CONNECT_REFUSED, f"connection refused by {peer}"
    if os_error == errno.ETIMEDOUT:
        return Failure.CONNECT_TIMEOUT, f"no connection to {peer}: it does not answer"
    if os_error in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return Failure.CONNECT_FAILED, f"no route to {peer}"
    name = errno.errorcode.get(os_error, "unknown reason")
    return Failure.CONNECT_FAILED, f"connection to {peer} failed ({name})"


def _certificate(handle: Handle, url: Url, _peer: str) -> tuple[Failure, str]:
    result = handle.curl.getinfo(pycurl.SSL_VERIFYRESULT)
    return why_refused(OTHER_NAME if result in _CHAIN_WAS_GOOD else result, url.host)


def _lost(handle: Handle, url: Url, peer: str) -> tuple[Failure, str]:
    connected, secured, _, _ = handle.marks_us()
    if handle.proxy_port and url.scheme == "https" and not secured:
        return _not_connected(handle, url, peer)
    if not connected:  # QUIC has no connection before its handshake
        return _not_connected(handle, url, peer)
    if url.scheme == "https" and not secured:
        return Failure.TLS_FAILED, f"{peer} broke off the TLS handshake"
    if handle.answered:
        return Failure.CONNECTION_LOST, f"{peer} broke off its answer"
    return Failure.CONNECTION_LOST, f"{peer} closed the connection without an answer"


def _not_http(_handle: Handle, _url: Url, peer: str) -> tuple[Failure, str]:
    return Failure.BAD_RESPONSE, f"{peer} did not answer in valid HTTP"


def _no_handshake(_handle: Handle, _url: Url, peer: str) -> tuple[Failure, str]:
    return Failure.TLS_FAILED, f"the TLS handshake with {peer} failed"


def _no_quic(_handle: Handle, _url: Url, peer: str) -> tuple[Failure, str]:
    return Failure.CONNECT_FAILED, f"no HTTP/3 connection to {peer}"


def _own_certificate(_handle: Handle, _url: Url, _peer: str) -> tuple[Failure, str]:
    return Failure.TLS_FAILED, "the monitor's client certificate and key could not be used"


def _own_authority(_handle: Handle, _url: Url, _peer: str) -> tuple[Failure, str]:
    return Failure.TLS_FAILED, "the monitor's own CA certificates could not be read"


_BY_CODE: dict[int, Explainer] = {
    pycurl.E_OPERATION_TIMEDOUT: _timed_out,
    pycurl.E_COULDNT_CONNECT: _not_connected,
    pycurl.E_PEER_FAILED_VERIFICATION: _certificate,
    pycurl.E_SSL_CONNECT_ERROR: _no_handshake,
    pycurl.E_GOT_NOTHING: _lost,
    pycurl.E_RECV_ERROR: _lost,
    pycurl.E_SEND_ERROR: _lost,
    pycurl.E_PARTIAL_FILE: _lost,
    pycurl.E_UNSUPPORTED_PROTOCOL: _not_http,  # HTTP/0.9
    pycurl.E_FTP_WEIRD_SERVER_REPLY: _not_http,  # HTTP too since libcurl 7.51
    pycurl.E_BAD_CONTENT_ENCODING: _not_http,
    pycurl.E_HTTP2: _not_http,
    _HTTP2_STREAM: _not_http,
    _HTTP3: _not_http,
    _QUIC: _no_quic,
    _PROXY: _lost,
    pycurl.E_SSL_CERTPROBLEM: _own_certificate,
    pycurl.E_SSL_CACERT_BADFILE: _own_authority,
}

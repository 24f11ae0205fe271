"""What is set on a libcurl handle: once for all checks, and for those whose monitor asks for more."""

from collections.abc import Iterator
from typing import Any

import pycurl

from pulse.net.request import METHODS_WITH_BODY, Wire
from pulse.net.trust import CURL_CIPHERS

Option = tuple[int, Any]

# Not named by pycurl.
_SUPPRESS_CONNECT_HEADERS = 265

HTTP3 = "HTTP3" in pycurl.version or bool(pycurl.version_info()[4] & (1 << 25))  # CURL_VERSION_HTTP3

_VERSIONS = {
    "1.1": pycurl.CURL_HTTP_VERSION_1_1,
    "3": 31,  # CURL_HTTP_VERSION_3ONLY: no falling back, since that is what is being checked
}


def fixed_options(ca_file: str) -> tuple[Option, ...]:
    return (
        (pycurl.NOSIGNAL, 1),
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.REDIR_PROTOCOLS, 0),
        (pycurl.PROXY, ""),  # also keeps the environment's proxies out
        (pycurl.NOPROXY, ""),  # and its exceptions, which would lead past a monitor's own proxy
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        (pycurl.FRESH_CONNECT, 1),
        (pycurl.FORBID_REUSE, 1),
        (pycurl.DNS_CACHE_TIMEOUT, 0),
        (pycurl.SSL_SESSIONID_CACHE, 0),
        (pycurl.SSL_VERIFYPEER, 1),
        (pycurl.SSL_VERIFYHOST, 2),
        (pycurl.SSL_CIPHER_LIST, CURL_CIPHERS),
        (pycurl.CAINFO, ca_file),
        (pycurl.OPT_CERTINFO, 1),  # some 100 µs a handshake, for the facts of every certificate
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
        (pycurl.ACCEPT_ENCODING, "gzip, deflate, br"),
        (pycurl.USERAGENT, "Pulse (uptime monitor)"),
        (pycurl.PATH_AS_IS, 1),
        (pycurl.TCP_NODELAY, 1),
    )


def special_options(
    method: str, body: bytes | None, wire: Wire, *, own_origin: bool, address: str, https: bool
) -> Iterator[Option]:
    """What a hop needs besides; `address` is the vetted one, in brackets if it is IPv6."""
    yield from _method(method, body)
    if not wire.verify:
        yield from ((pycurl.SSL_VERIFYPEER, 0), (pycurl.SSL_VERIFYHOST, 0))
    if wire.ca_pem:
        yield from ((pycurl.CAINFO, None), (pycurl.CAINFO_BLOB, wire.ca_pem.encode()))
    if wire.certificate_pem and own_origin:
        yield pycurl.SSLCERT_BLOB, wire.certificate_pem.encode()
        yield pycurl.SSLKEY_BLOB, wire.key_pem.encode()
    if wire.http_version == "2":
        # Without TLS nothing negotiates the version: the client just speaks it.
        known = pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        yield pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS if https else known
    elif wire.http_version in _VERSIONS:
        yield pycurl.HTTP_VERSION, _VERSIONS[wire.http_version]
    if wire.cookies:
        yield pycurl.COOKIEFILE, ""
    if wire.keep_connection:
        yield from ((pycurl.FRESH_CONNECT, 0), (pycurl.FORBID_REUSE, 0))
    yield from _proxy(wire, address)


def _method(method: str, body: bytes | None) -> Iterator[Option]:
    if method == "HEAD":
        yield pycurl.NOBODY, 1
        return
    if body is not None or method in METHODS_WITH_BODY:
        yield pycurl.POST, 1
        yield pycurl.POSTFIELDS, body or b""  # so that an empty one has its Content-Length: 0
    else:
        yield pycurl.HTTPGET, 1
    yield pycurl.CUSTOMREQUEST, method


def _proxy(wire: Wire, address: str) -> Iterator[Option]:
    if wire.proxy is None:
        return
    yield pycurl.PROXY, f"http://{address}:{wire.proxy.port}"
    yield pycurl.HEADEROPT, pycurl.HEADER_SEPARATE  # the server's headers are not for the proxy
    yield _SUPPRESS_CONNECT_HEADERS, 1
    if wire.proxy_credentials:
        user, _, password = wire.proxy_credentials.partition(":")
        yield pycurl.PROXYAUTH, pycurl.HTTPAUTH_BASIC
        yield pycurl.PROXYUSERNAME, user.encode()
        yield pycurl.PROXYPASSWORD, password.encode()

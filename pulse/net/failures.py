"""How an attempt to reach something failed, said the same way by look-ups, probes, sessions and mail."""

from enum import StrEnum


class Failure(StrEnum):
    """What went wrong on the way to an answer."""

    NXDOMAIN = "nxdomain"
    NO_ADDRESS = "no_address"
    DNS_TIMEOUT = "dns_timeout"
    DNS_FAILED = "dns_failed"
    REFUSED_ADDRESS = "refused_address"
    INVALID_TARGET = "invalid_target"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    HOSTNAME_MISMATCH = "hostname_mismatch"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    BAD_RESPONSE = "bad_response"
    RESPONSE_TOO_LARGE = "response_too_large"
    NO_ROOM = "no_room"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_REDIRECT = "bad_redirect"

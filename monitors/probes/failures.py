"""Which class of error a failure on the way to an answer is stored as."""

from monitors.probes.outcome import ErrorClass
from pulse.net.failures import Failure

CLASSES = {
    Failure.NXDOMAIN: ErrorClass.DNS_NXDOMAIN,
    Failure.NO_ADDRESS: ErrorClass.DNS_NO_ADDRESS,
    Failure.DNS_TIMEOUT: ErrorClass.DNS_TIMEOUT,
    Failure.DNS_FAILED: ErrorClass.DNS_FAILED,
    Failure.REFUSED_ADDRESS: ErrorClass.REFUSED_ADDRESS,
    Failure.INVALID_TARGET: ErrorClass.INVALID_TARGET,
    Failure.CONNECT_REFUSED: ErrorClass.CONNECT_REFUSED,
    Failure.CONNECT_TIMEOUT: ErrorClass.CONNECT_TIMEOUT,
    Failure.CONNECT_FAILED: ErrorClass.CONNECT_FAILED,
    Failure.TLS_FAILED: ErrorClass.TLS_FAILED,
    Failure.CERTIFICATE_EXPIRED: ErrorClass.TLS_CERTIFICATE_EXPIRED,
    Failure.HOSTNAME_MISMATCH: ErrorClass.TLS_HOSTNAME_MISMATCH,
    Failure.CERTIFICATE_UNTRUSTED: ErrorClass.TLS_UNTRUSTED,
    Failure.TIMEOUT: ErrorClass.TIMEOUT,
    Failure.CONNECTION_LOST: ErrorClass.CONNECTION_LOST,
    Failure.BAD_RESPONSE: ErrorClass.BAD_RESPONSE,
    Failure.RESPONSE_TOO_LARGE: ErrorClass.RESPONSE_TOO_LARGE,
    Failure.NO_ROOM: ErrorClass.NO_ROOM,
    Failure.TOO_MANY_REDIRECTS: ErrorClass.TOO_MANY_REDIRECTS,
    Failure.BAD_REDIRECT: ErrorClass.BAD_REDIRECT,
}

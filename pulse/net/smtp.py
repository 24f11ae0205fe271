"""Mail over a vetted socket: smtplib that cannot resolve, outlast its deadline or skip TLS checks."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any, Literal

from pulse.net.addresses import Policy
from pulse.net.certificates import certificate_refused
from pulse.net.dial import Cutoff, Deadline, dial
from pulse.net.errors import NotConnected, OutboundError
from pulse.net.failures import Failure
from pulse.net.handle import default_ca_file

# What the server answers is told by smtplib's own errors; callers take them from here, with the connection.
__all__ = ["SMTPException", "SMTPRecipientsRefused", "SMTPResponseException", "Security", "smtp_connection"]

Security = Literal["none", "starttls", "tls"]


@contextmanager
def smtp_connection(  # noqa: PLR0913  # one keyword per setting of a mail server
    host: str,
    port: int,
    *,
    security: Security = "starttls",
    username: str = "",
    password: str = "",
    policy: Policy,
    deadline_s: float,
    nameservers: Sequence[str] | None = None,
    ca_file: str | None = None,
) -> Iterator[smtplib.SMTP]:
    """An open, greeted and, with a user name, signed-in connection; QUIT and close follow by themselves.

    `deadline_s` covers everything from the look-up to the end of the block. Raises OutboundError and its
    kinds for the connection; what the server answers stays smtplib's: SMTPRecipientsRefused, SMTPDataError,
    SMTPAuthenticationError.
    """
    deadline = Deadline(deadline_s)
    context = ssl.create_default_context(cafile=ca_file or default_ca_file())
    sock = dial(host, port, policy, deadline, nameservers)
    with ExitStack() as stack:
        stack.enter_context(sock)
        cutoff = stack.enter_context(Cutoff(sock, deadline))
        try:
            client = _greet(host, port, sock, security, context)
            stack.callback(client.close)
            if username:
                client.login(username, password)
            yield client
            client.quit()
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                raise
            raise (deadline.exceeded() if cutoff.fired else _explained(error, host)) from error


def _greet(
    host: str, port: int, sock: socket.socket, security: Security, context: ssl.SSLContext
) -> smtplib.SMTP:
    if security == "tls":
        return _PinnedTls(host, port, sock, context)
    client = _Pinned(host, port, sock)
    if security == "starttls":
        client.ehlo_or_helo_if_needed()
        if not client.has_extn("starttls"):
            client.close()
            raise NotConnected(
                Failure.TLS_FAILED, f"{host} does not offer STARTTLS; set its security to tls or none"
            )
        client.starttls(context=context)
        client.ehlo()
    return client


class _Pinned(smtplib.SMTP):
    def __init__(self, host: str, port: int, sock: socket.socket, **options: Any) -> None:
        self._pinned = sock
        super().__init__(host, port, **options)

    def _get_socket(self, *_: object) -> socket.socket:
        return self._pinned


class _PinnedTls(smtplib.SMTP_SSL, _Pinned):
    """SMTP_SSL wraps what its next class in line returns, which is the pinned socket."""

    def __init__(self, host: str, port: int, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._pinned = sock
        smtplib.SMTP_SSL.__init__(self, host, port, context=context)


def _explained(error: Exception, host: str) -> OutboundError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificate_refused(error, host)
    if isinstance(error, ssl.SSLError):
        return NotConnected(Failure.TLS_FAILED, f"the TLS handshake with {host} failed")
    return OutboundError(Failure.CONNECTION_LOST, f"{host} closed the connection")

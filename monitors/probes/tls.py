"""A server's TLS and certificate: handshake, chain, host name, expiry, issuer; also after STARTTLS."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.failures import CLASSES
from monitors.probes.outcome import ErrorClass
from monitors.probes.probe import Probe
from monitors.probes.securing import TLS, endpoint, tls_section
from monitors.probes.settings import Settings, section
from monitors.probes.tls_rules import (
    CertificateRules,
    Session,
    check_rules,
    go_secure,
    judge_certificate,
    rules,
)
from monitors.probes.tls_starttls import CHOICES
from pulse.net.endpoints import Endpoint, parse_endpoint
from pulse.net.errors import OutboundError
from pulse.net.streams import Phases, open_stream

PORT = 443
SOURCES = (Source.CERTIFICATE_DAYS, Source.ISSUER, Source.IP, Source.RESPONSE_TIME, Source.CONNECTED)

_REFUSED = frozenset(
    {ErrorClass.TLS_CERTIFICATE_EXPIRED, ErrorClass.TLS_HOSTNAME_MISMATCH, ErrorClass.TLS_UNTRUSTED}
)


@dataclass(frozen=True, slots=True)
class TlsConfig(CertificateRules):
    pass


async def check(talk: Talk) -> str:
    place = endpoint(talk, PORT)
    try:
        session = await _visit(talk, place, talk.phases, verify=True)
    except OutboundError as error:
        if CLASSES[error.failure] in _REFUSED:
            await _look_at_refused(talk, place)
        raise
    return judge_certificate(talk, session)


async def _visit(talk: Talk, place: Endpoint, phases: Phases, *, verify: bool) -> Session:
    stream = await open_stream(talk.out, place.host, place.port or PORT, talk.job.tenant, talk.left_s, phases)
    try:
        return await go_secure(talk, stream, verify=verify, phases=phases)
    finally:
        stream.close()


async def _look_at_refused(talk: Talk, place: Endpoint) -> None:
    """A second visit that accepts any certificate, to show which one was refused; OpenSSL keeps none of it."""
    with suppress(OutboundError, CheckFailed, OSError, EOFError, ssl.SSLError, TimeoutError):
        async with asyncio.timeout(talk.left_s * 0.8):
            await _visit(talk, place, Phases(), verify=False)


SETTINGS = Settings(
    TlsConfig,
    tls_section(TLS, *CHOICES),
    section("What a good answer is", *rules(), asserting(*SOURCES)),
    together=check_rules,
)
PROBE = Probe(
    title="TLS certificate",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset(SOURCES),
    placeholder="example.com:443",
    target_help="Without a port, 443.",
)

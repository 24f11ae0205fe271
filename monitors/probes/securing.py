"""An open, perhaps encrypted, stream for a check, and the settings of TLS that many kinds share."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic_ns

from monitors.assertions.body import Beginning
from monitors.assertions.model import Assertion, Source
from monitors.probes.conversation import CheckFailed, Talk
from monitors.probes.outcome import ErrorClass
from monitors.probes.settings import Section, Setting, choose, refuse, section, switch, text
from pulse.fields import FieldError
from pulse.net.certificates import days_until, end_of
from pulse.net.endpoints import Endpoint, parse_endpoint
from pulse.net.streams import Stream
from pulse.net.trust import client_context

# What is asserted on and kept of one answer.
LONGEST_ANSWER = 16_384
EVERYWHERE = (Source.RESPONSE_TIME, Source.CONNECTED, Source.IP, Source.CERTIFICATE_DAYS)


@dataclass(frozen=True, slots=True)
class Secured:
    """The settings of `tls_section`, and the assertions that every kind has; the base of a kind's config."""

    security: str = "tls"
    verify_tls: bool = True
    ca: str = ""
    assertions: tuple[Assertion, ...] = ()

    @property
    def encrypted(self) -> bool:
        return self.security != "none"


def kept(answer: str) -> str:
    """What is asserted on and kept of a text that was answered."""
    return answer if len(answer) <= LONGEST_ANSWER else Beginning(answer[:LONGEST_ANSWER])


NO_TLS = ("none", "None: everything travels readable")
TLS = ("tls", "TLS from the first byte")
STARTTLS = ("starttls", "STARTTLS: TLS after the greeting")


def tls_section(*choices: tuple[str, str], more: tuple[Setting, ...] = ()) -> Section:
    """How the connection is encrypted; the first of `choices` is the default."""
    return section(
        "Encryption",
        choose("security", "Encryption", choices),
        verify_setting(),
        ca_setting(),
        *more,
    )  # fmt: skip


def verify_setting() -> Setting:
    words = "Off accepts any certificate, so anyone's."
    return switch("verify_tls", "Verify the certificate", words, default=True)


def ca_setting() -> Setting:
    words = "Certificates in PEM, trusted in place of the public authorities."
    return text("ca", "Trusted authority", words, longest=20_000, long=True, read=read_ca)


def plain_sign_in() -> Setting:
    """For kinds that send a password as it is; see `refuse_plain_sign_in`."""
    return switch("plain_sign_in", "Sign in without TLS", "Anyone on the way can read the password.")


def refuse_plain_sign_in(security: str, name: str, allowed: bool) -> None:
    """Raises ConfigError where a password would travel readable and nobody said that it may."""
    if security == "none" and name and not allowed:
        raise refuse("security", "Choose TLS, or switch on that Pulse may sign in without it.")


def read_ca(pem: str) -> str:
    """The certificates as typed; raises FieldError for what is none."""
    if pem.strip():
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
        except (ssl.SSLError, ValueError, TypeError):  # TypeError: letters that are not ASCII
            raise FieldError(
                "Paste certificates in PEM, from -----BEGIN CERTIFICATE----- to the end."
            ) from None
    return pem.strip()


def endpoint(talk: Talk, default_port: int) -> Endpoint:
    try:
        return parse_endpoint(talk.job.target, default_port)
    except ValueError as error:
        raise CheckFailed(ErrorClass.INVALID_TARGET, str(error)) from None


@asynccontextmanager
async def opened(
    talk: Talk, default_port: int, *, at_once: bool, protocols: tuple[str, ...] = ()
) -> AsyncIterator[Stream]:
    """A connection to the target, encrypted `at_once` (offering `protocols`) or later by `secure`; closed after."""
    place = endpoint(talk, default_port)
    stream = await talk.open(place.host, place.port or default_port)
    began = monotonic_ns()
    try:
        if at_once:
            await secure(talk, stream, protocols)
        yield stream
    finally:
        talk.phases.wait_us = (monotonic_ns() - began) // 1000 - (talk.phases.tls_us or 0)
        stream.close()


async def secure(talk: Talk, stream: Stream, protocols: tuple[str, ...] = ()) -> None:
    """TLS over the open stream as the settings want it; what the certificate says becomes a fact."""
    config: Secured = talk.config
    context = client_context(
        talk.out.ca_file, verify=config.verify_tls, own_ca=config.ca, protocols=protocols
    )
    await stream.secure(context, talk.phases)
    if stream.tls is not None:
        note_end(talk, stream.tls, verified=config.verify_tls)


def note_end(talk: Talk, tls: ssl.SSLObject, *, verified: bool) -> None:
    """Until when the certificates are good: a fact, and what lists show."""
    talk.ends = end_of(tls, verified=verified)
    talk.facts[Source.CERTIFICATE_DAYS] = None if talk.ends is None else days_until(talk.ends)

"""A TCP port: it accepts connections; with TLS its certificate is good; sent something, it answers as expected."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic_ns

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.probe import Probe
from monitors.probes.securing import LONGEST_ANSWER, NO_TLS, TLS, endpoint, tls_section
from monitors.probes.settings import Settings, section
from monitors.probes.tcp_payload import Expectation, Looking, as_answer, expecting, payload
from monitors.probes.tls_rules import CertificateRules, check_rules, go_secure, judge_certificate, rules
from monitors.probes.tls_starttls import CHOICES
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import Stream

SOURCES = (
    Source.CONNECTED, Source.RESPONSE_TIME, Source.IP, Source.ANSWER, Source.CERTIFICATE_DAYS, Source.ISSUER,
)  # fmt: skip
# Looking for the expected text costs time for each piece that comes: a drip of bytes is looked at less often.
_LOOKS = 10
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class TcpConfig(CertificateRules):
    security: str = "none"
    send: bytes = b""
    expect: Expectation = field(default_factory=Expectation)


async def check(talk: Talk) -> str:
    config: TcpConfig = talk.config
    place = endpoint(talk, 0)
    stream = await talk.open(place.host, place.port or 0)
    words = "connected"
    try:
        if config.encrypted:
            words = judge_certificate(talk, await go_secure(talk, stream))
        began = monotonic_ns()
        if config.send:
            await stream.send(config.send)
        if config.expect or any(one.source is Source.ANSWER for one in config.assertions):
            await _read(talk, stream, config.expect, began)
            words = "answered as expected" if config.expect else "answered"
    finally:
        stream.close()
    return words


async def _read(talk: Talk, stream: Stream, expect: Expectation, began: int) -> None:
    """Reads until the expected text has come; what came is a fact, also of a failure."""
    received = bytearray()
    looking = Looking(talk, expect)
    looks, met = 0, False
    try:
        while len(received) < LONGEST_ANSWER:
            if looks >= _LOOKS:
                await asyncio.sleep(_PAUSE_S)
            piece = await stream.some(LONGEST_ANSWER - len(received))
            if not received:
                talk.phases.wait_us = (monotonic_ns() - began) // 1000
            received += piece
            looks += 1
            if not piece or (met := await looking.met(received)):
                break
    finally:
        talk.phases.transfer_us = max(0, (monotonic_ns() - began) // 1000 - (talk.phases.wait_us or 0))
        if received:
            talk.facts[Source.ANSWER] = as_answer(received)
    if not received:
        raise CheckFailed(ErrorClass.CONNECTION_LOST, "the connection was closed without an answer")
    if not met:
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"the answer does not {expect.words}")


SETTINGS = Settings(
    TcpConfig,
    tls_section(NO_TLS, TLS, *CHOICES, more=rules()),
    section("Conversation", payload("send", "Sent once connected; empty: nothing is sent."), *expecting()),
    section("What a good answer is", asserting(*SOURCES)),
    together=check_rules,
)
PROBE = Probe(
    title="TCP port",
    settings=SETTINGS,
    check_target=parse_endpoint,
    start=starting(check),
    sources=frozenset(SOURCES),
    placeholder="example.com:22",
)

"""A UDP service: it answers what it is sent. Silence alone says nothing, so an answer is always wanted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic_ns

from monitors.assertions.model import Assertion, Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.probe import Probe
from monitors.probes.securing import LONGEST_ANSWER, endpoint
from monitors.probes.settings import Settings, number, refuse, section
from monitors.probes.tcp_payload import Expectation, Looking, as_answer, expecting, payload
from pulse.net.datagrams import Datagrams, open_datagrams
from pulse.net.endpoints import parse_endpoint

SOURCES = (Source.CONNECTED, Source.RESPONSE_TIME, Source.IP, Source.ANSWER)
# A flood of wrong answers is looked at no further.
MOST_ANSWERS = 100


@dataclass(frozen=True, slots=True)
class UdpConfig:
    send: bytes = b""
    expect: Expectation = field(default_factory=Expectation)
    tries: int = 2
    assertions: tuple[Assertion, ...] = ()


async def check(talk: Talk) -> str:
    config: UdpConfig = talk.config
    place = endpoint(talk, 0)
    peer = await open_datagrams(talk.out, place.host, place.port or 0, talk.job.tenant, talk.phases)
    began = monotonic_ns()
    looking = Looking(talk, config.expect)
    try:
        for left in range(config.tries, 0, -1):
            await peer.send(config.send)
            try:
                # Each try gets its share of the time; the last one ends a little before the check is cut off.
                async with asyncio.timeout(max(0.01, talk.left_s * 0.95 / left)):
                    return await _answer(talk, peer, looking, began)
            except TimeoutError:
                continue
    finally:
        peer.close()
    if Source.ANSWER in talk.facts:
        raise _unexpected(config)
    words = "1 datagram" if config.tries == 1 else f"{config.tries} datagrams"
    raise CheckFailed(ErrorClass.TIMEOUT, f"no answer to {words} within {talk.job.timeout_s:g} s")


async def _answer(talk: Talk, peer: Datagrams, looking: Looking, began: int) -> str:
    expect: Expectation = talk.config.expect
    received: bytes | None = None
    try:
        for _ in range(MOST_ANSWERS):
            received = (await peer.receive())[:LONGEST_ANSWER]
            talk.phases.wait_us = (monotonic_ns() - began) // 1000
            if await looking.met(received):
                return "answered as expected" if expect else "answered"
            if not talk.left_s:
                break
    finally:
        if received is not None:
            talk.facts[Source.ANSWER] = as_answer(received)
    raise _unexpected(talk.config)


def _unexpected(config: UdpConfig) -> CheckFailed:
    return CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"the answer does not {config.expect.words}")


def _together(config: UdpConfig) -> None:
    if not config.send:
        raise refuse("send", "Write what to send: a UDP service says nothing unless it is asked.")


SETTINGS = Settings(
    UdpConfig,
    section(
        "Conversation",
        payload("send", "One datagram that the service answers."),
        *expecting(),
        number("tries", "Tries", "A datagram may get lost; so many are sent within the timeout.",
               1, 5, "tries", default=2),
    ),
    section("What a good answer is", asserting(*SOURCES)),
    together=_together,
)  # fmt: skip
PROBE = Probe(
    title="UDP service",
    settings=SETTINGS,
    check_target=parse_endpoint,
    start=starting(check),
    sources=frozenset(SOURCES),
    placeholder="example.com:123",
)

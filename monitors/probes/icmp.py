"""Ping: several ICMP echo requests, their loss, round trips and jitter."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic

from monitors.assertions.model import Assertion, Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.probe import Probe
from monitors.probes.settings import Settings, choose, number, optional, refuse, section
from pulse.net.endpoints import parse_host
from pulse.net.errors import NotConnected
from pulse.net.failures import Failure
from pulse.net.icmp import Echo, NoPing, missing
from pulse.net.streams import not_connected, other_family, resolve

SOURCES = (Source.CONNECTED, Source.RESPONSE_TIME, Source.IP, Source.LOSS, Source.JITTER)


@dataclass(frozen=True, slots=True)
class IcmpConfig:
    count: int = 3
    interval_ms: int = 200
    size: int = 56
    family: str = "any"
    max_loss: int = 99
    warn_loss: int | None = 0
    max_ms: int | None = None
    warn_ms: int | None = None
    assertions: tuple[Assertion, ...] = ()


async def check(talk: Talk) -> str:
    config: IcmpConfig = talk.config
    try:
        host = parse_host(talk.job.target).host
    except ValueError as error:
        raise CheckFailed(ErrorClass.INVALID_TARGET, str(error)) from None
    echo = await _open(talk, host, 0 if config.family == "any" else int(config.family))
    with echo:
        round_trips, refusal = await _ping(talk, echo, config)
    _note(talk, round_trips)
    if refusal is not None and all(trip is None for trip in round_trips):
        raise _unreachable(refusal, talk.phases.address or "")
    came = sum(trip is not None for trip in round_trips)
    found, words, soft = judge(config, len(round_trips), came, talk.facts.get(Source.RESPONSE_TIME, 0.0))
    if soft:
        talk.warn(found, words)
    elif found is not ErrorClass.NONE:
        raise CheckFailed(found, words)
    return words


async def _open(talk: Talk, host: str, family: int) -> Echo:
    """To the first address of `host`; where this machine has no way to it, and any family will do, to the other's."""
    addresses = await resolve(talk.out, host, talk.job.tenant, talk.phases, family)
    try:
        return _echo(talk, addresses[0])
    except CheckFailed as failed:
        if family:
            raise
        no_way = NotConnected(Failure.CONNECT_FAILED, str(failed))
        others = await other_family(talk.out, host, talk.job.tenant, addresses, talk.phases, no_way)
        if not others:
            raise
    return _echo(talk, others[0])


def _echo(talk: Talk, address: str) -> Echo:
    talk.phases.address = address
    try:
        return Echo(talk.out.loop, address)
    except NoPing as error:
        raise CheckFailed(ErrorClass.NOT_POSSIBLE_HERE, str(error)) from None
    except OSError as error:
        raise _unreachable(error, address) from None


async def _ping(talk: Talk, echo: Echo, config: IcmpConfig) -> tuple[list[float | None], OSError | None]:
    """The round trip of each request in milliseconds, None for a lost one, and what the network complained of.

    All must have come a little before the check is cut off.
    """
    ends = talk.until - 0.05 * talk.job.timeout_s
    interval_s = config.interval_ms / 1000
    sent = [echo.send(0, config.size)]
    for sequence in range(1, config.count):
        if monotonic() + interval_s > ends:
            break
        await asyncio.sleep(interval_s)
        sent.append(echo.send(sequence, config.size))
    await asyncio.wait(sent, timeout=max(0.0, ends - monotonic()))
    found: list[float | None] = []
    refusal: OSError | None = None
    for answer in sent:
        failed = answer.exception() if answer.done() else None
        refusal = failed if isinstance(failed, OSError) else refusal
        found.append(answer.result() if answer.done() and failed is None else None)
    return found, refusal


def _note(talk: Talk, round_trips: Sequence[float | None]) -> None:
    came = [trip for trip in round_trips if trip is not None]
    sent = len(round_trips)
    talk.facts[Source.LOSS] = round(100 * (sent - len(came)) / sent, 1)
    talk.notes["ping"] = {
        "sent": sent,
        "received": len(came),
        "round_trips_ms": [_rounded(trip) for trip in round_trips],
    }
    if came:
        average = sum(came) / len(came)
        # RFC 1889's idea without its smoothing: how much neighbours differ.
        steps = [abs(after - before) for before, after in pairwise(came)]
        jitter = sum(steps) / len(steps) if steps else 0.0
        talk.facts[Source.RESPONSE_TIME] = _rounded(average)
        # A round trip is what is waited for; the pauses between them are ours.
        talk.phases.wait_us = talk.response_us = round(average * 1000)
        talk.facts[Source.JITTER] = _rounded(jitter)
        talk.notes["ping"] |= {
            "min_ms": _rounded(min(came)),
            "avg_ms": _rounded(average),
            "max_ms": _rounded(max(came)),
        }


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 3)


def judge(config: IcmpConfig, sent: int, came: int, average_ms: float) -> tuple[ErrorClass, str, bool]:
    """The class of error, the words, and whether it is only degraded; loss is told before slowness."""
    if not came:
        return ErrorClass.TIMEOUT, f"no answer to {sent} pings", False
    loss = round(100 * (sent - came) / sent, 1)
    words = f"{came} of {sent} came back"
    lost = f"{words}: {loss:g} % lost, limit"
    slow = f"{words} in {average_ms:.1f} ms on average"
    if loss > config.max_loss:
        return ErrorClass.PACKETS_LOST, f"{lost} {config.max_loss} %", False
    if config.max_ms is not None and average_ms > config.max_ms:
        return ErrorClass.TOO_SLOW, f"{slow}, limit {config.max_ms} ms", False
    if config.warn_loss is not None and loss > config.warn_loss:
        return ErrorClass.PACKETS_LOST, f"{lost} {config.warn_loss} %", True
    if config.warn_ms is not None and average_ms > config.warn_ms:
        return ErrorClass.TOO_SLOW, f"{slow}, limit {config.warn_ms} ms", True
    return ErrorClass.NONE, slow, False


def _unreachable(error: OSError, address: str) -> CheckFailed:
    words = str(not_connected(error, address, 0)).replace(" port 0", "")
    return CheckFailed(ErrorClass.CONNECT_FAILED, words)


def _together(config: IcmpConfig) -> None:
    if config.warn_loss is not None and config.warn_loss > config.max_loss:
        raise refuse("warn_loss", "Use at most as much as for down, so that degraded comes first.")
    if config.warn_ms and config.max_ms and config.warn_ms > config.max_ms:
        raise refuse("warn_ms", "Use at most as much as for down, so that degraded comes first.")


SETTINGS = Settings(
    IcmpConfig,
    section(
        "Ping",
        number("count", "Pings", "How many are sent for each check.", 1, 20, "pings", default=3),
        number("interval_ms", "Time between them", "", 10, 1000, "milliseconds", default=200),
        number("size", "Data", "Bytes of data in each.", 16, 1400, "bytes", default=56),
        choose("family", "Address", [("any", "Any, IPv4 first"), ("4", "IPv4"), ("6", "IPv6")]),
    ),
    section(
        "What a good answer is",
        number("max_loss", "Loss: down above", "Percent; if all are lost it is down in any case.",
               0, 99, "percent", default=99),
        optional(
            number("warn_loss", "Loss: degraded above", "Percent; empty: never.", 0, 99, "percent", default=0),
        ),
        number("max_ms", "Average: down above", "Milliseconds of a round trip; empty: never.",
               1, 60_000, "milliseconds", default=None),
        number("warn_ms", "Average: degraded above", "Milliseconds of a round trip; empty: never.",
               1, 60_000, "milliseconds", default=None),
        asserting(*SOURCES),
    ),
    together=_together,
)  # fmt: skip
PROBE = Probe(
    title="Ping (ICMP)",
    settings=SETTINGS,
    check_target=parse_host,
    start=starting(check),
    sources=frozenset(SOURCES),
    target_label="Host",
    placeholder="example.com",
    missing=missing,
)

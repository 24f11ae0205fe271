"""Ask a source over HTTP through the one door, and leave it alone for as long as it wants."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from time import monotonic, time

from monitors.probes.jobs import Job
from monitors.probes.metrics_settings import MetricsConfig
from monitors.probes.outcome import ErrorClass
from monitors.probes.sources.refusals import asked_to_wait, check_status, limited
from monitors.probes.sources.shape import Answer, Ask, SourceError
from pulse.net.exchange import Exchange
from pulse.net.failures import Failure
from pulse.net.fetch import Outbound
from pulse.net.fetching import fetched
from pulse.net.request import Request, Wire
from pulse.net.streams import Phases

MAX_ANSWER = 2 << 20
AT_ONCE = 4
KEPT_WAITS = 10_000


class Waits:
    """Until when which source wants to be left alone by whom; one for the process, used by several threads."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def left(self, key: bytes) -> float:
        """Seconds; 0 or less when it may be asked."""
        with self._lock:
            return self._until.get(key, 0.0) - monotonic()

    def wait(self, key: bytes, seconds: float) -> None:
        with self._lock:
            self._until[key] = max(self._until.pop(key, 0.0), monotonic() + seconds)
            if len(self._until) > KEPT_WAITS:
                self._until.popitem(last=False)


WAITS = Waits()


def key_of(job: Job, config: MetricsConfig) -> bytes:
    """Stands for a source and whose credentials it is asked with; nothing can be read from it."""
    parts = (
        config.source, job.tenant, job.target, config.username, config.password, config.api_key,
        config.application_key, config.access_key_id, config.account,
    )  # fmt: skip
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).digest()


def heed(job: Job, config: MetricsConfig, error: SourceError) -> None:
    """Remember that the source wants to be left alone, if that is what it said."""
    if error.wait_s and error.error is ErrorClass.SOURCE_LIMITED:
        WAITS.wait(key_of(job, config), error.wait_s)


async def answers(out: Outbound, job: Job, asks: Sequence[Ask], until: float, phases: Phases) -> list[Answer]:
    """The answers in the order of the requests; raises SourceError for the first that brings nothing."""
    config = job.config
    assert isinstance(config, MetricsConfig)
    key = key_of(job, config)
    if (left := WAITS.left(key)) > 0:
        raise limited(left)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(ask: Ask) -> Answer:
        async with room:
            return await _answer(out, job, config, ask, until, phases)

    tasks = [asyncio.ensure_future(one(ask)) for ask in asks]
    try:
        found = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    now = datetime.fromtimestamp(time(), UTC)
    if wait := max((wait for answer in found if (wait := asked_to_wait(answer, now))), default=None):
        WAITS.wait(key, wait)
    return found


async def _answer(
    out: Outbound, job: Job, config: MetricsConfig, ask: Ask, until: float, phases: Phases
) -> Answer:
    wire = Wire(
        headers=(("Accept", "application/json"),),
        private_headers=ask.headers,
        body=ask.body,
        ca_pem=config.ca,
        max_body=MAX_ANSWER,
        keep_body=MAX_ANSWER,
    )
    left_s = until - monotonic()
    if left_s <= 0:
        raise too_late(job.timeout_s)
    # No redirects are followed: credentials are for this origin only.
    request = Request(ask.url, ask.method, left_s, None, job.tenant, wire, job.agent, job.identity, made=True)
    exchange = await fetched(out, request)
    _note(exchange, phases)
    if exchange.failure is not None:
        raise _failed(exchange, job.timeout_s)
    if exchange.body_cut:
        words = f"the source's answer is longer than {MAX_ANSWER >> 20} MiB: ask for less"
        raise SourceError(ErrorClass.SOURCE_ANSWER, words)
    headers = {name.lower(): value for name, value in exchange.headers}
    answer = Answer(exchange.status or 0, headers, exchange.body)
    check_status(answer, datetime.fromtimestamp(time(), UTC))
    return answer


def too_late(timeout_s: float) -> SourceError:
    return SourceError(
        ErrorClass.SOURCE_UNREACHABLE, f"the source gave no complete answer within {timeout_s:g} s"
    )


def _failed(exchange: Exchange, timeout_s: float) -> SourceError:
    if exchange.failure in (Failure.TIMEOUT, Failure.CONNECT_TIMEOUT, Failure.DNS_TIMEOUT):
        return too_late(timeout_s)
    if exchange.failure is Failure.RESPONSE_TOO_LARGE:
        words = f"the source's answer is longer than {MAX_ANSWER >> 20} MiB: ask for less"
        return SourceError(ErrorClass.SOURCE_ANSWER, words)
    return SourceError(ErrorClass.SOURCE_UNREACHABLE, f"the source was not reached: {exchange.detail}")


def _note(exchange: Exchange, phases: Phases) -> None:
    """The phases of the first exchange stand for all."""
    if phases.address is None:
        for name in ("dns_us", "connect_us", "tls_us", "wait_us", "transfer_us", "address"):
            setattr(phases, name, getattr(exchange, name))

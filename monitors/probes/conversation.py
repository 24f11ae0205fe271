"""Run a check that is a conversation over sockets: deadline, faults and assertions are the same for all kinds."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic, monotonic_ns
from typing import Any

from monitors.assertions.judging import judge, takes_long, verdict
from monitors.assertions.model import Assertion, Source
from monitors.probes.failures import CLASSES
from monitors.probes.hiding import secrets_of, without
from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass, Outcome, internal_error, sentence
from pulse.net.errors import OutboundError, untie
from pulse.net.fetch import Outbound
from pulse.net.streams import Phases, Stream, open_socket, open_stream

Done = Callable[[Outcome], None]


class CheckFailed(Exception):
    """The target answered, but not as it should; the text is a sentence for people, without the answer's body."""

    def __init__(self, error: ErrorClass, detail: str) -> None:
        super().__init__(detail)
        self.error = error


@dataclass(slots=True)
class Talk:
    """What a check has at hand. What it puts into `facts` is asserted on and kept as evidence.

    `config` is what the kind's `load` returned. `excerpts` is what evidence keeps of facts that are long; `notes` is
    evidence that nothing is asserted on: a banner, a host key; JSON without secrets, or a function that makes it,
    called only for evidence. `response_us` is the time that counts as the answer's where it is not that of the whole
    check; `ends` when the certificate does that was seen, or the domain; `issuer` who issued it, where the monitor
    wants to know of another one.
    """

    out: Outbound
    job: Job
    config: Any
    until: float
    phases: Phases = field(default_factory=Phases)
    facts: dict[Source, Any] = field(default_factory=dict)
    excerpts: dict[Source, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    warned: tuple[ErrorClass, str] | None = None
    response_us: int | None = None
    ends: datetime | None = None
    issuer: str = ""

    def warn(self, error: ErrorClass, words: str) -> None:
        """The check is good, but less than it should be (degraded); the first such sentence counts."""
        self.warned = self.warned or (error, words)

    def is_asserted(self, source: Source) -> bool:
        """Whether the monitor says itself what this must be; then the kind's own rule about it has no say."""
        return any(assertion.source is source for assertion in self.config.assertions)

    @property
    def left_s(self) -> float:
        """Seconds until the check is cut off."""
        return max(0.0, self.until - monotonic())

    async def open(self, host: str, port: int) -> Stream:
        """A stream to a vetted address of `host`; closed by the caller, in `finally`."""
        return await open_stream(self.out, host, port, self.job.tenant, self.left_s, self.phases)

    async def open_socket(self, host: str, port: int) -> Any:
        """The same as a connected, non-blocking socket, for libraries that take one."""
        return await open_socket(self.out, host, port, self.job.tenant, self.left_s, self.phases)

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """Runs what only blocks in one of a few threads; `work` must end by itself before the deadline."""
        return await self.out.threads.run(self.job.tenant, work)


# Returns the sentence about a good answer ("answered 250"); raises CheckFailed or OutboundError.
Check = Callable[[Talk], Awaitable[str]]


def starting(check: Check) -> Callable[[Outbound, Job, Done], None]:
    """The `start` of a kind whose check is the coroutine `check`."""

    def start(out: Outbound, job: Job, done: Done) -> None:
        task = out.loop.create_task(_run(check, out, job))
        out.tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(out.tasks.discard)
        task.add_done_callback(lambda ended: _report(ended, done))

    return start


async def _run(check: Check, out: Outbound, job: Job) -> Outcome:
    began = monotonic_ns()
    talk = Talk(out, job, job.config, monotonic() + job.timeout_s, Phases(watch=job.watch))
    try:
        async with asyncio.timeout(job.timeout_s):
            words = await check(talk)
        error = ErrorClass.NONE
    except (CheckFailed, OutboundError, OSError, EOFError) as failed:
        error, words = _explained(failed, job.timeout_s)
        untie(failed)
    total_us = (monotonic_ns() - began) // 1000
    if takes_long(getattr(talk.config, "assertions", ()), talk.facts):
        outcome: Outcome = await talk.in_thread(lambda: conclude(talk, error, words, total_us))
        return outcome
    return conclude(talk, error, words, total_us)


def _explained(failed: Exception, timeout_s: float) -> tuple[ErrorClass, str]:
    match failed:
        case CheckFailed():
            return failed.error, str(failed)
        case OutboundError():
            return CLASSES[failed.failure], str(failed)
        case TimeoutError():
            return ErrorClass.TIMEOUT, f"no complete answer within {timeout_s:g} s"
        case _:  # ssl.SSLError is one, and so is a route that is gone
            return ErrorClass.CONNECTION_LOST, _lost(failed)


def conclude(talk: Talk, error: ErrorClass, words: str, total_us: int) -> Outcome:
    """The outcome: the failure on the way if there was one, else what the assertions say."""
    phases = talk.phases
    assertions: tuple[Assertion, ...] = getattr(talk.config, "assertions", ())
    facts: Mapping[Source, Any] = {
        Source.CONNECTED: error is ErrorClass.NONE or phases.connect_us is not None,
        Source.RESPONSE_TIME: total_us / 1000,
        Source.IP: phases.address,
        **talk.facts,
    }
    checked = judge(assertions, facts)
    soft = False
    if error is ErrorClass.NONE:
        failed = verdict(checked)
        if failed is not None and not failed.soft:
            error, words = ErrorClass.ASSERTION_FAILED, failed.words
        elif talk.warned is not None:
            (error, words), soft = talk.warned, True
        elif failed is not None:
            error, words, soft = ErrorClass.ASSERTION_FAILED, failed.words, True

    def evidence() -> dict[str, Any]:
        everything = {**facts, **talk.excerpts}
        shown = {source.value: value for source, value in everything.items() if value is not None}
        kept = {
            "facts": shown,
            "notes": _written(talk.notes),
            "assertions": [one.as_json() for one in checked],
        }
        cleaned: dict[str, Any] = without(kept, secrets_of(talk.config))
        return cleaned

    return Outcome(
        ok=error is ErrorClass.NONE or soft,
        error=error,
        detail=sentence(without(words, secrets_of(talk.config))),
        dns_us=phases.dns_us,
        connect_us=phases.connect_us,
        tls_us=phases.tls_us,
        wait_us=phases.wait_us,
        transfer_us=phases.transfer_us,
        total_us=total_us if talk.response_us is None else talk.response_us,
        address=phases.address,
        soft=soft,
        evidence=evidence,
        ends=(lambda: talk.ends) if talk.ends else None,
        issuer=talk.issuer,
    )


def _written(notes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: note() if callable(note) else note for name, note in notes.items()}


def _report(task: asyncio.Task[Outcome], done: Done) -> None:
    if task.cancelled():
        return  # the engine is being stopped
    error = task.exception()
    done(task.result() if error is None else internal_error(error))


def _lost(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"the TLS session broke ({str(error.reason or 'unknown reason').lower().replace('_', ' ')})"
    return "the connection was closed before the answer was complete"

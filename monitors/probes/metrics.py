"""Polled metrics: numbers that another system knows, held against thresholds."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic, monotonic_ns, time
from typing import Any

from monitors.probes.hiding import secrets_of, without
from monitors.probes.jobs import Job
from monitors.probes.metrics_asking import answers, heed, too_late
from monitors.probes.metrics_settings import LATE_STEPS, SETTINGS, MetricsConfig
from monitors.probes.metrics_values import Polled, sentence, work_out
from monitors.probes.outcome import ErrorClass, Outcome, internal_error
from monitors.probes.outcome import sentence as fit
from monitors.probes.probe import Done, Probe
from monitors.probes.sources.shape import Answer, Series, SourceError, Window, odd
from monitors.thresholds.model import Level
from pulse.net.fetch import Outbound
from pulse.net.streams import Phases
from pulse.net.urls import Url, UrlError, parse_url

KEPT_TIMES = 50_000
# Reading more than this much JSON would hold up the loop.
READ_ON_LOOP = 16 << 10


@dataclass(frozen=True, slots=True)
class Poll:
    """One time that a source was asked: what it came to, or why it did not tell."""

    polled: Polled | None
    error: SourceError | None
    phases: Phases
    total_us: int


def check_target(text: str) -> Url:
    """The source's base URL; raises UrlError with what to change."""
    url = parse_url(text)
    if "?" in url.path:
        raise UrlError("Enter the address of the source alone, without a query.")
    return url


async def poll(out: Outbound, job: Job) -> Poll:
    """Ask the source once and judge what it says; never longer than the job's timeout."""
    config, phases = job.config, Phases(watch=job.watch)
    assert isinstance(config, MetricsConfig)
    began = monotonic_ns()
    polled, problem = None, None
    try:
        async with asyncio.timeout(job.timeout_s):
            polled = await _polled(out, job, config, phases)
    except SourceError as error:
        heed(job, config, error)
        problem = error
    except TimeoutError:
        problem = too_late(job.timeout_s)
    return Poll(polled, problem, phases, (monotonic_ns() - began) // 1000)


async def _polled(out: Outbound, job: Job, config: MetricsConfig, phases: Phases) -> Polled:
    now = datetime.fromtimestamp(time(), UTC)
    try:
        access = config.access(job.target, now)
    except UrlError as error:
        raise SourceError(ErrorClass.SOURCE_UNREACHABLE, str(error)) from None
    window = config.window(now.timestamp())
    asks = config.asked.ask(access, config.queries, window)
    found = await answers(out, job, asks, monotonic() + job.timeout_s, phases)
    if sum(len(answer.body) for answer in found) <= READ_ON_LOOP:
        return _read(config, found, window)
    polled: Polled = await out.threads.run(job.tenant, partial(_read, config, found, window))
    return polled


def _read(config: MetricsConfig, found: Sequence[Answer], window: Window) -> Polled:
    try:
        read = config.asked.read(config.queries, found)
    except SourceError:
        raise
    except Exception as error:  # whatever a source makes of its own interface, the monitor is not down for it
        raise odd(f"it cannot be read ({type(error).__name__})") from error
    secrets = secrets_of(config)
    return work_out(config, [_without_secrets(one, secrets) for one in read], window)


def _without_secrets(series: Series, secrets: Sequence[str]) -> Series:
    """A source that echoes its key as a label does not get it shown."""
    labels = tuple((name, value) for name, value in without(dict(series.labels), secrets).items())
    return series if labels == series.labels else replace(series, labels=labels)


def verdict(config: MetricsConfig, found: Poll) -> tuple[ErrorClass, str, bool]:
    """The class of error, the sentence, and whether it is a soft failure."""
    if found.polled is None:
        assert found.error is not None
        return found.error.error, str(found.error), False
    words, level = sentence(config, found.polled), found.polled.judgement.level
    if level is Level.CRITICAL:
        return ErrorClass.ASSERTION_FAILED, words, False
    if level is Level.WARNING:
        return ErrorClass.ASSERTION_FAILED, words, True
    if level is Level.UNKNOWN or not found.polled.newest:
        words = words or "the source has no value for any query"
        return (
            ErrorClass.ASSERTION_FAILED if config.no_data == "down" else ErrorClass.SOURCE_EMPTY,
            words,
            False,
        )
    return ErrorClass.NONE, words, False


def conclude(job: Job, found: Poll) -> Outcome:
    config, phases = job.config, found.phases
    assert isinstance(config, MetricsConfig)
    error, words, soft = verdict(config, found)
    secrets = secrets_of(config)

    def evidence() -> dict[str, Any]:
        kept: dict[str, Any] = {"notes": {"source": config.asked.title}}
        if found.polled is not None:
            kept["notes"]["values"] = [
                [name, f"{value:.12g} {unit}".rstrip()] for name, value, unit in found.polled.newest
            ]
            kept["assertions"] = [row.as_json() for row in found.polled.judgement.checked]
        cleaned: dict[str, Any] = without(kept, secrets)
        return cleaned

    return Outcome(
        ok=error is ErrorClass.NONE or soft,
        error=error,
        detail=fit(without(words, secrets)),
        dns_us=phases.dns_us,
        connect_us=phases.connect_us,
        tls_us=phases.tls_us,
        wait_us=phases.wait_us,
        transfer_us=phases.transfer_us,
        total_us=found.total_us,
        address=phases.address,
        soft=soft,
        evidence=evidence,
        samples=found.polled.samples(_told_until(job, config, found.polled)) if found.polled else (),
    )


# By monitor: up to when its values were handed on. Those of the last steps are handed on again, because values
# may come late; what is there already is not stored twice.
_told: OrderedDict[str, datetime] = OrderedDict()


def _told_until(job: Job, config: MetricsConfig, polled: Polled) -> datetime | None:
    newest = max((points[-1][0] for points in polled.points.values() if points), default=None)
    before = _told.pop(job.identity, None) if job.identity else None
    if job.identity and newest is not None:
        _told[job.identity] = newest
        if len(_told) > KEPT_TIMES:
            _told.popitem(last=False)
    return before and before - timedelta(seconds=LATE_STEPS * config.step_seconds)


def start(out: Outbound, job: Job, done: Done) -> None:
    """Begin a poll on the engine's loop."""
    task = out.loop.create_task(poll(out, job))
    out.tasks.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(out.tasks.discard)
    task.add_done_callback(lambda ended: _report(ended, job, done))


def _report(task: asyncio.Task[Poll], job: Job, done: Done) -> None:
    if task.cancelled():
        return  # the engine is being stopped
    error = task.exception()
    try:
        outcome = conclude(job, task.result()) if error is None else internal_error(error)
    except Exception as fault:  # of ours: it must end this check only
        outcome = internal_error(fault)
    done(outcome)


PROBE = Probe(
    title="Metrics",
    settings=SETTINGS,
    check_target=check_target,
    start=start,
    sources=frozenset(),
    target_label="Address of the source",
    placeholder="https://prometheus.example.com",
    target_help="Where the source's own interface answers, like https://api.datadoghq.eu or "
    "https://monitoring.eu-central-1.amazonaws.com.",
)

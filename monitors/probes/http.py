"""The HTTP probe: sign in if need be, make the exchange, judge it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import time_ns

from monitors.assertions.judging import takes_long
from monitors.assertions.model import Source
from monitors.probes.http_answer import facts_of
from monitors.probes.http_config import HttpConfig
from monitors.probes.http_judging import judge
from monitors.probes.http_settings import SETTINGS, SOURCES, format_status, parse_status
from monitors.probes.http_token import Token, tokens_of
from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass, Outcome, internal_error
from monitors.probes.probe import Probe
from pulse.net.exchange import Exchange
from pulse.net.fetch import Fetch, Outbound, Request
from pulse.net.urls import Url, parse_url

__all__ = [
    "PROBE",
    "SETTINGS",
    "HttpConfig",
    "check_target",
    "format_status",
    "judge",
    "load",
    "parse_status",
]

Done = Callable[[Outcome], None]

# What a target may make long.
_LONG = frozenset({Source.BODY, Source.HEADER})


def check_target(target: str) -> Url:
    """The URL that a monitor is to watch; raises UrlError (a ValueError) with what to change."""
    return parse_url(target)


def start(out: Outbound, job: Job, done: Done) -> None:
    """Begins the check that `job` describes; `done` is called once, on the loop."""
    config = job.config
    if not isinstance(config, HttpConfig):
        raise TypeError("an HTTP job needs an HttpConfig")
    if config.auth == "oauth2":
        SignedIn(out, job, config, done).start()
        return
    Fetch(out, request_of(job, config), partial(_finished, out, job.tenant, config, done)).start()


def request_of(job: Job, config: HttpConfig) -> Request:
    limit = config.max_redirects if config.follow_redirects else None
    target = _unlike_before(job.target) if config.cache_busting else job.target
    return Request(
        target,
        config.method,
        job.timeout_s,
        limit,
        job.tenant,
        config.wire,
        job.agent,
        job.identity,
        job.watch,
        config.cache_busting,
    )


def _unlike_before(url: str) -> str:
    address, hash_mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}pulse={time_ns():x}{hash_mark}{fragment}"


def _finished(
    out: Outbound,
    tenant: int,
    config: HttpConfig,
    done: Done,
    result: Exchange | Exception,
    secrets: tuple[str, ...] = (),
) -> None:
    try:
        if isinstance(result, Exception):
            outcome = internal_error(result)
        elif not _LONG.isdisjoint(config.sources) and takes_long(
            config.assertions, facts_of(config, result, 0)
        ):
            _judge_in_thread(out, tenant, done, partial(judge, config, result, secrets))
            return
        else:
            outcome = judge(config, result, secrets)
    except Exception as error:  # a bug of ours: it must not leave the check without an outcome
        outcome = internal_error(error)
    done(outcome)


def _judge_in_thread(out: Outbound, tenant: int, done: Done, judging: Callable[[], Outcome]) -> None:
    def judged(ended: asyncio.Future[Outcome]) -> None:
        if not ended.cancelled():
            error = ended.exception()
            done(internal_error(error) if error else ended.result())

    out.threads.run(tenant, judging).add_done_callback(judged)


class SignedIn:
    """A check with an access token; one that is refused although it has not expired is replaced once."""

    def __init__(self, out: Outbound, job: Job, config: HttpConfig, done: Done) -> None:
        self._out = out
        self._job = job
        self._config = config
        self._done: Done | None = done
        self._until = out.loop.time() + job.timeout_s
        self._retried = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        # The fetch goes on for others that wait for the same token and have longer.
        self._timer = self._out.loop.call_later(self._left_s(), self._too_late)
        tokens_of(self._out).get(self._out, self._job, self._config, self._left_s(), self._with_token)

    def _left_s(self) -> float:
        return max(0.001, self._until - self._out.loop.time())

    def _too_late(self) -> None:
        words = f"no access token within {self._job.timeout_s:g} s"
        self._report(Outcome(False, ErrorClass.TIMEOUT, words, total_us=round(self._job.timeout_s * 1e6)))

    def _report(self, outcome: Outcome) -> None:
        self._in_time()
        done, self._done = self._done, None
        if done is not None:
            done(outcome)

    def _in_time(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _with_token(self, token: Token | Outcome) -> None:
        if self._done is None:
            return
        self._in_time()  # from here on the fetch has a limit of its own, and judging may wait for a thread
        if isinstance(token, Outcome):
            self._report(token)
            return
        request = request_of(self._job, self._config)
        private = (*request.wire.private_headers, ("Authorization", f"Bearer {token.value}"))
        request = replace(
            request, wire=replace(request.wire, private_headers=private), timeout_s=self._left_s()
        )
        Fetch(self._out, request, partial(self._answered, token)).start()

    def _answered(self, token: Token, result: Exchange | Exception) -> None:
        if isinstance(result, Exchange) and result.status == 401:
            tokens_of(self._out).forget(self._config, self._job.tenant)
            if token.kept and not self._retried:
                self._retried = True
                self.start()
                return
        _finished(self._out, self._job.tenant, self._config, self._report, result, (token.value,))


load = SETTINGS.load
PROBE = Probe(
    title="HTTP(S)",
    settings=SETTINGS,
    check_target=check_target,
    start=start,
    sources=frozenset(SOURCES),
    target_label="URL",
    placeholder="https://example.com/",
    through="proxy",
    target_help="What to fetch, with http:// or https://.",
)

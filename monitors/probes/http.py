"""The HTTP probe: its settings, and the judgement of what an exchange brought."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from monitors.assertions.model import Source
from monitors.probes.failures import CLASSES
from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass, Outcome, internal_error, sentence
from monitors.probes.probe import Probe
from monitors.probes.settings import Settings, choose, number, section, switch, text
from pulse.fields import FieldError
from pulse.net.exchange import Exchange
from pulse.net.fetch import Fetch, Outbound, Request
from pulse.net.urls import Url, parse_url

StatusRanges = tuple[tuple[int, int], ...]

_STATUS_PART = re.compile(r"([1-5][0-9]{2})(?:\s*-\s*([1-5][0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """What an HTTP monitor asks for and accepts; made by `load` only."""

    method: str = "GET"
    follow_redirects: bool = True
    max_redirects: int = 5
    expected_status: StatusRanges = ((200, 399),)
    response_time_limit_ms: int | None = None


def check_target(target: str) -> Url:
    """The URL that a monitor is to watch; raises UrlError (a ValueError) with what to change."""
    return parse_url(target)


def parse_status(value: Any) -> StatusRanges:
    """The ranges in "200-299,304"; raises FieldError."""
    ranges: list[tuple[int, int]] = []
    for part in value.split(",") if isinstance(value, str) and len(value) <= 200 else [""]:
        match = _STATUS_PART.fullmatch(part.strip())
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if low > high:
            raise FieldError("Use status codes and ranges from 100 to 599 as text, like 200-299,304.")
        ranges.append((low, high))
    return tuple(ranges)


def format_status(ranges: StatusRanges) -> str:
    """The text that `parse_status` reads: "200-299,304"."""
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def judge(config: HttpConfig, exchange: Exchange) -> Outcome:
    """Whether what came back is what the monitor wants. Pure: no clock, no network."""
    error, detail = _verdict(config, exchange)
    return Outcome(
        ok=error is ErrorClass.NONE,
        error=error,
        detail=sentence(detail),
        status_code=exchange.status,
        dns_us=exchange.dns_us,
        connect_us=exchange.connect_us,
        tls_us=exchange.tls_us,
        wait_us=exchange.wait_us,
        transfer_us=exchange.transfer_us,
        total_us=exchange.total_us,
        address=exchange.address,
    )


def _verdict(config: HttpConfig, exchange: Exchange) -> tuple[ErrorClass, str]:
    if exchange.failure is not None:
        return CLASSES[exchange.failure], exchange.detail
    status = exchange.status or 0
    if not any(low <= status <= high for low, high in config.expected_status):
        return ErrorClass.BAD_STATUS, f"answered {status}, expected {format_status(config.expected_status)}"
    limit = config.response_time_limit_ms
    if limit is not None and exchange.total_us > limit * 1000:
        return (
            ErrorClass.TOO_SLOW,
            f"answered {status} after {exchange.total_us // 1000} ms, limit {limit} ms",
        )
    return ErrorClass.NONE, f"answered {status}"


def start(out: Outbound, job: Job, done: Callable[[Outcome], None]) -> None:
    """Begins the check that `job` describes; `done` is called once, on the loop."""
    config = job.config
    if not isinstance(config, HttpConfig):
        raise TypeError("an HTTP job needs an HttpConfig")

    def finished(result: Exchange | Exception) -> None:
        done(internal_error(result) if isinstance(result, Exception) else judge(config, result))

    limit = config.max_redirects if config.follow_redirects else None
    Fetch(out, Request(job.target, config.method, job.timeout_s, limit, job.tenant), finished).start()


SETTINGS = Settings(
    HttpConfig,
    section(
        "Request",
        choose("method", "Method", [("GET", "GET"), ("HEAD", "HEAD, without the body")]),
        switch("follow_redirects", "Follow redirects", default=True),
        number("max_redirects", "Redirects at most", "", 0, 20, "redirects", default=5),
    ),
    section(
        "What a good answer is",
        replace(
            text("expected_status", "Expected status", "Codes and ranges, like 200-299,304.", read=parse_status),
            default=((200, 399),),
            write=format_status,
        ),
        number(
            "response_time_limit_ms", "Response-time limit", "Milliseconds; a slower answer counts as failed.",
            1, 300_000, "milliseconds", default=None,
        ),
    ),
)  # fmt: skip
load = SETTINGS.load
PROBE = Probe(
    title="HTTP(S)",
    settings=SETTINGS,
    check_target=check_target,
    start=start,
    sources=frozenset({Source.STATUS, Source.RESPONSE_TIME}),
    target_label="URL",
    placeholder="https://example.com/",
    target_help="What to fetch, with http:// or https://.",
)

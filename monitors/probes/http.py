"""The HTTP probe: its settings, and the judgement of what an exchange brought."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass, Outcome, internal_error, sentence
from pulse.fields import FieldError, boolean, choice, integer, optional, read_fields
from pulse.net.exchange import Exchange
from pulse.net.failures import Failure
from pulse.net.fetch import Fetch, Outbound, Request
from pulse.net.urls import Url, parse_url

StatusRanges = tuple[tuple[int, int], ...]

_STATUS_PART = re.compile(r"([1-5][0-9]{2})(?:\s*-\s*([1-5][0-9]{2}))?")

_CLASSES = {
    Failure.NXDOMAIN: ErrorClass.DNS_NXDOMAIN,
    Failure.NO_ADDRESS: ErrorClass.DNS_NO_ADDRESS,
    Failure.DNS_TIMEOUT: ErrorClass.DNS_TIMEOUT,
    Failure.DNS_FAILED: ErrorClass.DNS_FAILED,
    Failure.REFUSED_ADDRESS: ErrorClass.REFUSED_ADDRESS,
    Failure.INVALID_TARGET: ErrorClass.INVALID_TARGET,
    Failure.CONNECT_REFUSED: ErrorClass.CONNECT_REFUSED,
    Failure.CONNECT_TIMEOUT: ErrorClass.CONNECT_TIMEOUT,
    Failure.CONNECT_FAILED: ErrorClass.CONNECT_FAILED,
    Failure.TLS_FAILED: ErrorClass.TLS_FAILED,
    Failure.CERTIFICATE_EXPIRED: ErrorClass.TLS_CERTIFICATE_EXPIRED,
    Failure.HOSTNAME_MISMATCH: ErrorClass.TLS_HOSTNAME_MISMATCH,
    Failure.CERTIFICATE_UNTRUSTED: ErrorClass.TLS_UNTRUSTED,
    Failure.TIMEOUT: ErrorClass.TIMEOUT,
    Failure.CONNECTION_LOST: ErrorClass.CONNECTION_LOST,
    Failure.BAD_RESPONSE: ErrorClass.BAD_RESPONSE,
    Failure.RESPONSE_TOO_LARGE: ErrorClass.RESPONSE_TOO_LARGE,
    Failure.TOO_MANY_REDIRECTS: ErrorClass.TOO_MANY_REDIRECTS,
    Failure.BAD_REDIRECT: ErrorClass.BAD_REDIRECT,
}


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """What an HTTP monitor asks for and accepts; made by `load` only."""

    method: str = "GET"
    follow_redirects: bool = True
    max_redirects: int = 5
    expected_status: StatusRanges = ((200, 399),)
    response_time_limit_ms: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The settings as `load` reads them, every field written out."""
        return {
            "method": self.method,
            "follow_redirects": self.follow_redirects,
            "max_redirects": self.max_redirects,
            "expected_status": format_status(self.expected_status),
            "response_time_limit_ms": self.response_time_limit_ms,
        }


def load(data: object) -> HttpConfig:
    """The settings in `data` (decoded JSON), defaults filled in; raises ConfigError."""
    return HttpConfig(
        **read_fields(
            data,
            {
                "method": choice("GET", "HEAD"),
                "follow_redirects": boolean,
                "max_redirects": integer(0, 20, "redirects"),
                "expected_status": parse_status,
                "response_time_limit_ms": optional(integer(1, 300_000, "milliseconds")),
            },
        )
    )


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
        return _CLASSES[exchange.failure], exchange.detail
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

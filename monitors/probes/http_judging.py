"""Whether an HTTP answer is what the monitor wants: status, time, HTTP version, then the assertions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from monitors.assertions.judging import judge as hold
from monitors.assertions.judging import verdict
from monitors.assertions.model import Checked
from monitors.probes.failures import CLASSES
from monitors.probes.hiding import without
from monitors.probes.http_answer import end_of, evidence_of, facts_of
from monitors.probes.http_config import HttpConfig
from monitors.probes.http_settings import format_status
from monitors.probes.outcome import ErrorClass, Outcome, sentence
from pulse.net.exchange import Exchange
from pulse.net.request import EXCERPT


def judge(config: HttpConfig, exchange: Exchange, secrets: Sequence[str] = ()) -> Outcome:
    """The outcome of what came back. No network; the clock is read only for days until a certificate ends.

    `secrets` are those besides the config's own, like a token that was fetched.
    """
    error, detail = _verdict(config, exchange)
    checked: Sequence[Checked] = ()
    soft = False
    if config.assertions:
        checked = hold(config.assertions, facts_of(config, exchange, exchange.total_us))
        failed = verdict(checked) if error is ErrorClass.NONE else None
        if failed is not None:
            error, detail, soft = (
                ErrorClass.ASSERTION_FAILED,
                f"answered {exchange.status}, but {failed.words}",
                failed.soft,
            )
    # It waits to be recorded, perhaps for as long as the database is away: evidence shows no more of the body.
    exchange.shorten(EXCERPT)
    return Outcome(
        ok=soft or error is ErrorClass.NONE,
        error=error,
        detail=sentence(
            without(detail, (*config.secrets, *secrets)) if secrets or config.secrets else detail
        ),
        status_code=exchange.status,
        dns_us=exchange.dns_us,
        connect_us=exchange.connect_us,
        tls_us=exchange.tls_us,
        wait_us=exchange.wait_us,
        transfer_us=exchange.transfer_us,
        total_us=exchange.total_us,
        address=exchange.address,
        soft=soft,
        evidence=partial(evidence_of, config, exchange, secrets, checked),
        ends=None if exchange.certificates is None else partial(end_of, config, exchange),
    )


def _verdict(config: HttpConfig, exchange: Exchange) -> tuple[ErrorClass, str]:
    if exchange.failure is not None:
        return CLASSES[exchange.failure], exchange.detail
    status = exchange.status or 0
    if config.status_matters:
        for low, high in config.expected_status:
            if low <= status <= high:
                break
        else:
            return (
                ErrorClass.BAD_STATUS,
                f"answered {status}, expected {format_status(config.expected_status)}",
            )
    if config.http_version in ("2", "3") and exchange.http_version != config.http_version:
        return (
            ErrorClass.BAD_RESPONSE,
            f"answered in HTTP/{exchange.http_version}, expected HTTP/{config.http_version}",
        )
    limit = config.response_time_limit_ms
    if limit is not None and exchange.total_us > limit * 1000:
        return (
            ErrorClass.TOO_SLOW,
            f"answered {status} after {exchange.total_us // 1000} ms, limit {limit} ms",
        )
    if exchange.body_cut and config.looks_into_body:
        return (
            ErrorClass.RESPONSE_TOO_LARGE,
            f"the body is larger than {config.max_body_kib:,} KiB, so assertions on it cannot hold",
        )
    return ErrorClass.NONE, f"answered {status}"

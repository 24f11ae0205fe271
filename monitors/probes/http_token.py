"""Access tokens by the client credentials grant (RFC 6749, 4.4), kept until shortly before they expire."""

from __future__ import annotations

import logging
from asyncio import TimerHandle
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any
from urllib.parse import quote_plus, urlencode
from weakref import WeakKeyDictionary

from monitors.assertions.body import Body
from monitors.probes.failures import CLASSES
from monitors.probes.http_config import HttpConfig
from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass, Outcome, internal_error, sentence
from pulse.net.exchange import Exchange
from pulse.net.fetch import Fetch, Outbound, Request
from pulse.net.request import Wire

logger = logging.getLogger(__name__)

# Without expires_in a token is taken to live this long; with it, it is renewed this much earlier.
USUAL_LIFE_S = 300.0
EARLIER_S = 30.0
LONGEST_LIFE_S = 86_400
TOKENS_AT_MOST = 10_000
LONGEST_TOKEN = 16_384
# As long as any monitor may wait: what others wait for as well must not end with the shortest of their timeouts.
LONGEST_FETCH_S = 120.0


@dataclass(frozen=True, slots=True)
class Token:
    """`kept`: from an earlier check, so it may have been revoked meanwhile."""

    value: str
    kept: bool


Waiter = Callable[[Token | Outcome], None]
Key = tuple[Any, ...]


@dataclass(eq=False, slots=True)
class _Fetching:
    """One fetch, and who waits for it. From `until` on, when the first has given up, others fetch anew: it may hang.

    `last`: when the last of them gives up. Fetches that hang would else pile up, some with each check.
    """

    until: float
    last: float
    waiting: list[Waiter]
    fetch: Fetch | None = None
    timer: TimerHandle | None = None


class Tokens:
    """Those of one engine, on its loop: fetched once for all checks that wait, by tenant and credentials."""

    def __init__(self) -> None:
        self._kept: dict[Key, tuple[float, str]] = {}
        self._under_way: dict[Key, _Fetching] = {}

    def get(self, out: Outbound, job: Job, config: HttpConfig, within_s: float, done: Waiter) -> None:
        """Calls `done` with a token, or with the outcome of a check that got none; later than in time perhaps never.

        Who waits has a limit of its own, of `within_s` seconds: it says nothing about the others that wait along.
        """
        key, now = _key(config, job.tenant), monotonic()
        until, value = self._kept.get(key, (0.0, ""))
        under_way = self._under_way.get(key)
        if now < until:
            done(Token(value, kept=True))
        elif under_way is not None and now < under_way.until:
            under_way.waiting.append(done)
            under_way.last = max(under_way.last, now + within_s)
        else:
            begun = self._under_way[key] = _Fetching(now + within_s, now + within_s, [done])
            begun.timer = out.loop.call_later(within_s, self._look_who_waits, out, key, begun)
            try:
                begun.fetch = Fetch(out, _request(job, config, within_s), partial(self._fetched, key, begun))
                begun.fetch.start()
            except Exception as error:  # else nobody would ever be told
                self._fetched(key, begun, error)

    def _look_who_waits(self, out: Outbound, key: Key, begun: _Fetching) -> None:
        left = begun.last - monotonic()
        if left > 0:
            begun.timer = out.loop.call_later(left, self._look_who_waits, out, key, begun)
            return
        if self._under_way.get(key) is begun:
            del self._under_way[key]
        if begun.fetch is not None:
            begun.fetch.abandon()

    def forget(self, config: HttpConfig, tenant: int) -> None:
        self._kept.pop(_key(config, tenant), None)

    def _fetched(self, key: Key, begun: _Fetching, result: Exchange | Exception) -> None:
        """Whatever happens, nobody waits any longer: the next check asks anew."""
        if begun.timer is not None:
            begun.timer.cancel()
        if self._under_way.get(key) is begun:
            del self._under_way[key]
        try:
            found = self._found(key, result)
        except Exception as error:
            logger.exception("the answer of a token URL could not be read")
            found = internal_error(error)
        for done in begun.waiting:
            try:
                done(found)
            except Exception:
                logger.exception("a token could not be handed over")

    def _found(self, key: Key, result: Exchange | Exception) -> Token | Outcome:
        answer = _read(result)
        if isinstance(answer, Outcome):
            return answer
        value, life_s = answer
        if len(self._kept) >= TOKENS_AT_MOST:
            self._kept.clear()
        self._kept[key] = monotonic() + life_s, value
        return Token(value, kept=False)


_of_engines: WeakKeyDictionary[Outbound, Tokens] = WeakKeyDictionary()


def tokens_of(out: Outbound) -> Tokens:
    return _of_engines.setdefault(out, Tokens())


def _key(config: HttpConfig, tenant: int) -> Key:
    return (
        tenant,
        config.token_url,
        config.client_id,
        config.client_secret,
        config.scope,
        config.verify_tls,
        config.ca,
    )


def _request(job: Job, config: HttpConfig, within_s: float) -> Request:
    form = {"grant_type": "client_credentials"} | ({"scope": config.scope} if config.scope else {})
    # RFC 6749, 2.3.1: form-encoded first, then Basic.
    pair = f"{quote_plus(config.client_id)}:{quote_plus(config.client_secret)}"
    wire = Wire(
        headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")),
        private_headers=(("Authorization", f"Basic {b64encode(pair.encode()).decode()}"),),
        body=urlencode(form).encode(),
        verify=config.verify_tls,
        ca_pem=config.ca,
        keep_body=LONGEST_TOKEN * 2,
        max_body=LONGEST_TOKEN * 2,
    )
    request = Request(config.token_url, "POST", LONGEST_FETCH_S, None, job.tenant, wire, job.agent)
    request.connect_s = within_s / 4  # so that the next address is tried while the first who waits still does
    return request


def _read(result: Exchange | Exception) -> tuple[str, float] | Outcome:
    """The token and the seconds for which it may be used, or why there is none; never the answer's own words."""
    if isinstance(result, Exception):
        return internal_error(result)
    if result.failure is not None:
        return _none(CLASSES[result.failure], f"no access token: {result.detail}", result)
    if result.status != 200:
        return _none(
            ErrorClass.SIGN_IN_REFUSED, f"no access token: the token URL answered {result.status}", result
        )
    try:
        data = Body(result.body).json()
    except ValueError:
        data = None
    value = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TOKEN or not _printable(value):
        words = "no access token: the token URL's answer has no usable access_token"
        return _none(ErrorClass.SIGN_IN_REFUSED, words, result)
    return value, max(0.0, _life_s(data.get("expires_in")) - EARLIER_S)


def _life_s(expires_in: Any) -> float:
    """In seconds. A whole number of JSON may have hundreds of digits: it is cut before it becomes a float."""
    if not isinstance(expires_in, int) or isinstance(expires_in, bool) or expires_in <= 0:
        return USUAL_LIFE_S
    return float(min(expires_in, LONGEST_LIFE_S))


def _printable(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value


def _none(error: ErrorClass, words: str, exchange: Exchange) -> Outcome:
    return Outcome(False, error, sentence(words), total_us=exchange.total_us, address=exchange.address)

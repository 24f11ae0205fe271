"""Ask registries about domains by RDAP (RFC 9082), and remember: many checks make few requests."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from monitors.assertions.body import Body
from monitors.probes.conversation import CheckFailed, Talk
from monitors.probes.outcome import ErrorClass
from monitors.probes.rdap_answer import Domain, read_domain
from pulse.net.exchange import Exchange
from pulse.net.failures import Failure
from pulse.net.fetch import Outbound
from pulse.net.fetching import fetched
from pulse.net.request import Request, Wire

FRESH_S = 6 * 3600.0
GONE_S = 3600.0
BOOTSTRAP_S = 24 * 3600.0
# Where a registry does not say how long to wait, and the longest that it is believed.
WAIT_S, LONGEST_WAIT_S = 600.0, 24 * 3600.0
KEPT_DOMAINS = 20_000
KEPT_WAITS = 10_000
MAX_ANSWER = 512 << 10

_WIRE = Wire(
    headers=(("Accept", "application/rdap+json, application/json"),),
    max_body=MAX_ANSWER,
    keep_body=MAX_ANSWER,
)
_NOT_THERE = frozenset({400, 404, 422})
# What a person has to mend; every other failure is the registry's, and says nothing of the domain.
_OURS = {
    Failure.REFUSED_ADDRESS: ErrorClass.REFUSED_ADDRESS,
    Failure.INVALID_TARGET: ErrorClass.INVALID_TARGET,
}
_LATER = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Known:
    """What was found for a name, or None for "not registered"; good until `until`."""

    domain: Domain | None
    until: float


class Registries:
    """What one engine knows of registries and domains."""

    def __init__(self) -> None:
        self._servers: dict[str, str] = {}
        self._servers_until = 0.0
        self._loading = asyncio.Lock()
        self._domains: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._wait_until: dict[str, float] = {}

    async def find(self, talk: Talk, name: str, own_server: str) -> Domain:
        """The registered domain that `name` is or belongs to; raises CheckFailed."""
        key = (own_server, name)
        known = self._domains.get(key)
        if known is None or known.until < monotonic():
            known = await self._ask_anew(talk, name, own_server, known)
            self._domains[key] = known
            self._domains.move_to_end(key)
            if len(self._domains) > KEPT_DOMAINS:
                self._domains.popitem(last=False)
        else:
            talk.notes["remembered"] = True
        if known.domain is None:
            raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"{name} is not registered, says its registry")
        return known.domain

    async def _ask_anew(self, talk: Talk, name: str, own_server: str, old: Known | None) -> Known:
        server = own_server or await self._server_of(talk, name)
        try:
            domain = await self._ask(talk, server, name)
        except CheckFailed as failed:
            if old is None or old.domain is None:
                raise
            # An expiry date does not change within a day: what was known is better than nothing.
            talk.notes["registry"] = str(failed)
            return Known(old.domain, monotonic() + WAIT_S)
        return Known(domain, monotonic() + (FRESH_S if domain else GONE_S))

    async def _ask(self, talk: Talk, server: str, name: str) -> Domain | None:
        """The name itself, then without its first label, as long as two are left: which part is registered, only
        the registry knows.
        """
        labels = name.split(".")
        for start in range(len(labels) - 1):
            part = ".".join(labels[start:])
            exchange = await self._get(talk, f"{server.rstrip('/')}/domain/{part}")
            if exchange.status in _NOT_THERE:
                continue
            domain = read_domain(_json(exchange), part) if exchange.status == 200 else None
            if domain is None:
                words = f"the registry answered HTTP {exchange.status} without a domain"
                raise CheckFailed(ErrorClass.SOURCE_ANSWER, words)
            return domain
        return None

    async def _server_of(self, talk: Talk, name: str) -> str:
        if self._servers_until < monotonic():
            async with self._loading:  # one asks, the others wait for it
                if self._servers_until < monotonic():
                    await self._load(talk)
        labels = name.split(".")
        for start in range(len(labels)):
            server = self._servers.get(".".join(labels[start:]))
            if server:
                return server
        raise CheckFailed(
            ErrorClass.NOT_POSSIBLE_HERE,
            f"the registry of .{labels[-1]} has no RDAP server; name one in the settings",
        )

    async def _load(self, talk: Talk) -> None:
        try:
            exchange = await self._get(talk, talk.out.rdap_bootstrap)
            servers = _servers(_json(exchange)) if exchange.status == 200 else {}
        except CheckFailed:
            if not self._servers:
                raise
            servers = {}
        if servers:
            self._servers, self._servers_until = servers, monotonic() + BOOTSTRAP_S
        elif self._servers:
            self._servers_until = monotonic() + WAIT_S  # yesterday's list is still good
        else:
            raise CheckFailed(ErrorClass.SOURCE_ANSWER, "the list of RDAP servers at IANA could not be read")

    async def _get(self, talk: Talk, url: str) -> Exchange:
        host = urlsplit(url).netloc
        wait = self._wait_until.get(host, 0.0) - monotonic()
        if wait > 0:
            raise _asked_to_wait(wait)
        request = Request(url, "GET", talk.left_s, 3, talk.job.tenant, _WIRE, talk.job.agent)
        exchange = await fetched(talk.out, request)
        for name in ("dns_us", "connect_us", "tls_us", "wait_us", "transfer_us", "address"):
            setattr(talk.phases, name, getattr(exchange, name))
        if exchange.failure is not None:
            raise CheckFailed(_OURS.get(exchange.failure, ErrorClass.SOURCE_UNREACHABLE), exchange.detail)
        if exchange.status in _LATER:
            wait = _retry_after(exchange)
            self._heed(host, wait)
            raise _asked_to_wait(wait)
        return exchange

    def _heed(self, host: str, wait_s: float) -> None:
        """Whoever has a server of their own may name a new one for each monitor: waits that are over are forgotten."""
        now = monotonic()
        if len(self._wait_until) >= KEPT_WAITS:
            self._wait_until = {name: until for name, until in self._wait_until.items() if until > now}
        if len(self._wait_until) >= KEPT_WAITS:
            del self._wait_until[next(iter(self._wait_until))]
        self._wait_until[host] = now + wait_s


_registries: WeakKeyDictionary[Outbound, Registries] = WeakKeyDictionary()


def registries(out: Outbound) -> Registries:
    """The memory that belongs to this engine."""
    return _registries.setdefault(out, Registries())


def _asked_to_wait(seconds: float) -> CheckFailed:
    minutes = max(1, round(seconds / 60))
    unit = "minute" if minutes == 1 else "minutes"
    return CheckFailed(ErrorClass.SOURCE_LIMITED, f"the registry asks to wait for {minutes} {unit}")


def _retry_after(exchange: Exchange) -> float:
    """Seconds (RFC 9110, 10.2.3); a date is not worth its trouble here."""
    value = next((text for name, text in exchange.headers if name.lower() == "retry-after"), "")
    return min(float(value), LONGEST_WAIT_S) if value.isascii() and value.isdigit() else WAIT_S


def _json(exchange: Exchange) -> Any:
    try:
        return Body(exchange.body).json()
    except ValueError:
        return None


def _servers(listed: Any) -> dict[str, str]:
    """Top-level domain to base URL, out of IANA's list (RFC 9224)."""
    found: dict[str, str] = {}
    services = listed.get("services") if isinstance(listed, dict) else None
    for service in services if isinstance(services, list) else []:
        if not isinstance(service, list) or len(service) != 2:
            continue
        names, urls = service
        url = next((one for one in urls if isinstance(one, str) and one.startswith("http")), "")
        if url:
            found |= {name.lower(): url for name in names if isinstance(name, str)}
    return found

"""Looking names up on the engine's loop: cached briefly, asked once for all who wait, shared fairly."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any

from pycares import QUERY_TYPE_A, QUERY_TYPE_AAAA

from pulse.net.answers import Answer, negative, positive
from pulse.net.dns_channel import DnsChannel
from pulse.net.failures import Failure
from pulse.net.hosts import HostsFile

# c-ares keeps answers for up to an hour and pycares cannot switch that off, so the channel and everything it
# knows is renewed this often: no answer is ever older, whatever its TTL says. It also picks up a changed
# resolv.conf.
RENEW_S = 10.0
LOOKUPS_PER_TENANT = 500

Waiter = Callable[[Answer], None]


class Resolver:
    """Resolves host names to addresses; every method is for the loop's own thread.

    A is asked first and AAAA only for names without A: most names have both, and the second query would
    double the cost of each check.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        nameservers: Sequence[str] | None = None,
        *,
        hosts: HostsFile | None = None,
        lookups_per_tenant: int = LOOKUPS_PER_TENANT,
    ) -> None:
        self._loop = loop
        self._nameservers = nameservers
        self._hosts = hosts or HostsFile()
        self._limit = lookups_per_tenant
        self._cache: dict[str, tuple[float, Answer]] = {}
        self._waiting: dict[str, list[Waiter]] = {}
        self._in_flight: Counter[int] = Counter()
        self._queued: dict[int, deque[tuple[str, Waiter]]] = {}
        self._channel = DnsChannel(loop, nameservers)
        self._renew_at = monotonic() + RENEW_S

    def lookup(self, name: str, tenant: int, done: Waiter) -> None:
        """Calls `done` with the answer for `name`, at once when it is known.

        `tenant` has a limited number of look-ups in flight; the rest of its own wait their turn.
        """
        answer = self._known(name)
        if answer is not None:
            done(answer)
        elif name in self._waiting:
            self._waiting[name].append(done)
        elif self._in_flight[tenant] >= self._limit:
            self._queued.setdefault(tenant, deque()).append((name, done))
        else:
            self._ask(name, tenant, done)

    def close(self) -> None:
        self._waiting.clear()
        self._queued.clear()
        self._channel.abandon()

    def _known(self, name: str) -> Answer | None:
        now = monotonic()
        if now >= self._renew_at:
            self._renew(now)
        expires, answer = self._cache.get(name, (0.0, None))
        if answer is not None and now < expires:
            return answer
        listed = self._hosts.addresses(name)
        return Answer(listed) if listed else None

    def _renew(self, now: float) -> None:
        self._cache.clear()
        self._channel.retire()
        self._channel = DnsChannel(self._loop, self._nameservers)
        self._renew_at = now + RENEW_S

    def _ask(self, name: str, tenant: int, done: Waiter) -> None:
        self._waiting[name] = [done]
        self._in_flight[tenant] += 1
        self._channel.query(name, QUERY_TYPE_A, partial(self._answered_a, name, tenant))

    def _answered_a(self, name: str, tenant: int, result: Any, code: int | None) -> None:
        answer = positive(result) if code is None else negative(code)
        if answer.failure is Failure.NO_ADDRESS:
            self._channel.query(name, QUERY_TYPE_AAAA, partial(self._answered_aaaa, name, tenant))
        else:
            self._finish(name, tenant, answer)

    def _answered_aaaa(self, name: str, tenant: int, result: Any, code: int | None) -> None:
        self._finish(name, tenant, positive(result) if code is None else negative(code))

    def _finish(self, name: str, tenant: int, answer: Answer) -> None:
        if answer.ttl > 0:
            self._cache[name] = (monotonic() + answer.ttl, answer)
        self._in_flight[tenant] -= 1
        if not self._in_flight[tenant]:
            del self._in_flight[tenant]
        for done in self._waiting.pop(name, ()):
            done(answer)
        self._start_queued(tenant)

    def _start_queued(self, tenant: int) -> None:
        queue = self._queued.get(tenant)
        while queue and self._in_flight[tenant] < self._limit:
            name, done = queue.popleft()
            self.lookup(name, tenant, done)
        if queue is not None and not queue:
            self._queued.pop(tenant, None)

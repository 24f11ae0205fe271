"""Looking names up on the engine's loop: cached briefly, asked once for all who wait, shared fairly."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from random import random
from time import monotonic
from typing import NamedTuple

from pulse.net.answers import Answer
from pulse.net.dns_queries import Queries
from pulse.net.dns_waiting import IsOver, Names, Waiter
from pulse.net.dns_wire import AAAA, A
from pulse.net.failures import Failure
from pulse.net.hosts import HostsFile
from pulse.net.nameservers import NameServers

# An answer is kept for its TTL and at most so long, whatever its TTL says.
KEEP_S = 30.0
# Kept anew, a name is kept for less, at random: those that a worker first asks for together would expire together,
# and be asked for all at once ever after.
# Expired answers are swept out this often: names of monitors that are gone must not pile up.
SWEEP_S = 60.0
LOOKUPS_PER_TENANT = 500

_NO_ROOM = "too many names of its organisation wait to be looked up"


def _never() -> bool:
    return False


class _Question(NamedTuple):
    key: str
    name: str
    tenant: int
    family: int


class Resolver:
    """Resolves host names to addresses; every method is for the loop's own thread.

    `family` is 4, 6 or 0 for any; then A is asked first and AAAA only for names without A: most names have
    both, and the second query would double the cost of each check.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        nameservers: Sequence[str] | None = None,
        *,
        hosts: HostsFile | None = None,
        lookups_per_tenant: int = LOOKUPS_PER_TENANT,
    ) -> None:
        self._hosts = hosts or HostsFile()
        self._limit = lookups_per_tenant
        self._cache: dict[str, tuple[float, Answer]] = {}
        self._waiting: dict[str, list[Waiter]] = {}
        self._in_flight: dict[int, int] = {}
        self._queued: dict[int, Names] = {}
        self._starting: set[int] = set()
        self._queries = Queries(loop, NameServers(nameservers))
        self._sweep_at = monotonic() + SWEEP_S

    def forget(self, name: str) -> None:
        """Ask for it anew next time."""
        self._cache.pop(name, None)

    def lookup(self, name: str, tenant: int, done: Waiter, family: int = 0, is_over: IsOver = _never) -> None:
        """Calls `done` with the answer for `name`, at once when it is known.

        `tenant` has a limited number of look-ups in flight; the rest of its own wait their turn. Who `is_over` by
        then is not called, and its name not asked for.
        """
        key = f"{name}/{family}" if family else name  # no name holds a slash
        kept = self._cache.get(key)
        if kept is not None and monotonic() < kept[0]:
            done(kept[1])
        elif (answer := self._listed(name, family)) is not None:
            done(answer)
        elif key in self._waiting:
            self._waiting[key].append(done)
        elif (asked := self._in_flight.get(tenant, 0)) >= self._limit:
            queue = self._queued.get(tenant) or self._queued.setdefault(tenant, Names())
            if not queue.add(key, name, family, (done, is_over)):
                done(Answer(failure=Failure.NO_ROOM, reason=_NO_ROOM))
        else:
            self._waiting[key] = [done]
            self._in_flight[tenant] = asked + 1
            self._ask(_Question(key, name, tenant, family))

    def close(self) -> None:
        self._waiting.clear()
        self._queued.clear()
        self._queries.close()

    def _listed(self, name: str, family: int) -> Answer | None:
        listed = self._hosts.addresses(name)
        if family:
            listed = tuple(address for address in listed if (":" in address) == (family == 6))
        return Answer(listed) if listed else None

    def _ask(self, question: _Question) -> None:
        now = monotonic()
        if now >= self._sweep_at:
            self._cache = {key: kept for key, kept in self._cache.items() if now < kept[0]}
            self._sweep_at = now + SWEEP_S
        kind = AAAA if question.family == 6 else A
        self._queries.ask(question.name, kind, partial(self._answered, question))

    def _answered(self, question: _Question, answer: Answer) -> None:
        if answer.failure is Failure.NO_ADDRESS:
            if question.family == 0:
                self._queries.ask(question.name, AAAA, partial(self._finish, question))
                return
            answer = replace(answer, family=question.family)
        self._finish(question, answer)

    def _finish(self, question: _Question, answer: Answer) -> None:
        tenant = question.tenant
        if answer.ttl > 0:
            keep_s = min(answer.ttl, KEEP_S)
            if question.key not in self._cache:
                keep_s *= random()  # noqa: S311
            self._cache[question.key] = (monotonic() + keep_s, answer)
        if left := self._in_flight.pop(tenant) - 1:
            self._in_flight[tenant] = left
        for done in self._waiting.pop(question.key, ()):
            done(answer)
        self._start_queued(tenant)

    def _start_queued(self, tenant: int) -> None:
        queue = self._queued.get(tenant)
        if queue is None or tenant in self._starting:  # an answer that comes at once leads here again
            return
        self._starting.add(tenant)
        try:
            while self._in_flight.get(tenant, 0) < self._limit and (found := queue.next()):
                name, waiters = found
                for done in waiters:
                    self.lookup(name.name, tenant, done, name.family)
        finally:
            self._starting.discard(tenant)
        if not queue:
            self._queued.pop(tenant, None)

"""Share some threads out among organisations: one that has much to do waits for its own, and others come in turn."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

# Of all threads, what one organisation may have at work: whatever it does, others find some free.
LARGEST_SHARE = 0.25

Work = Callable[[], Any]


class Threads:
    """For what only blocks, or reckons for long. Every method is for the loop's own thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, count: int) -> None:
        self._loop = loop
        self._free = count
        self._share = max(1, int(count * LARGEST_SHARE))
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="probe")
        self._at_work: Counter[int] = Counter()
        # By organisation, in the order in which they come next.
        self._waiting: dict[int, deque[tuple[asyncio.Future[Any], Work]]] = {}

    def run(self, tenant: int, work: Work) -> asyncio.Future[Any]:
        """What `work` returns or raises. Cancelled before it began, it is left out."""
        found: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.setdefault(tenant, deque()).append((found, work))
        self._start_what_may()
        return found

    def close(self) -> None:
        self._waiting.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start_what_may(self) -> None:
        while self._free and (tenant := self._next()) is not None:
            queue = self._waiting.pop(tenant)
            found, work = queue.popleft()
            if queue:
                self._waiting[tenant] = queue  # behind the others
            if not found.done():
                self._start(tenant, found, work)

    def _next(self) -> int | None:
        return next((tenant for tenant in self._waiting if self._at_work[tenant] < self._share), None)

    def _start(self, tenant: int, found: asyncio.Future[Any], work: Work) -> None:
        self._free -= 1
        self._at_work[tenant] += 1
        ran = self._loop.run_in_executor(self._pool, work)
        ran.add_done_callback(partial(self._ended, tenant, found))

    def _ended(self, tenant: int, found: asyncio.Future[Any], ran: asyncio.Future[Any]) -> None:
        self._free += 1
        self._at_work[tenant] -= 1
        if not self._at_work[tenant]:
            del self._at_work[tenant]
        error = None if ran.cancelled() else ran.exception()
        if not found.done():
            if error is not None:
                found.set_exception(error)
            elif ran.cancelled():
                found.cancel()
            else:
                found.set_result(ran.result())
        self._start_what_may()

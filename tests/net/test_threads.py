"""Threads are shared out: an organisation with much to do waits for its own, and others do not wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from pulse.net.threads import Threads


def run(story: Callable[[Threads], Awaitable[None]], count: int = 4) -> None:
    async def whole() -> None:
        threads = Threads(asyncio.get_running_loop(), count)
        try:
            await asyncio.wait_for(story(threads), 10)
        finally:
            threads.close()

    asyncio.run(whole())


def test_what_work_returns_and_raises_comes_back() -> None:
    async def story(threads: Threads) -> None:
        assert await threads.run(1, lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await threads.run(1, lambda: 1 // 0)

    run(story)


def test_one_organisation_leaves_room_for_the_others() -> None:
    async def story(threads: Threads) -> None:
        go = threading.Event()
        busy = [threads.run(1, go.wait) for _ in range(50)]

        assert await threads.run(2, lambda: "mine") == "mine"
        go.set()
        assert all(await asyncio.gather(*busy))

    run(story)


def test_those_who_wait_come_in_turn() -> None:
    async def story(threads: Threads) -> None:
        go = threading.Event()
        order: list[int] = []
        first = threads.run(1, go.wait)
        work = [threads.run(tenant, partial(order.append, tenant)) for tenant in (1, 1, 1, 2, 3)]
        go.set()
        await asyncio.gather(first, *work)
        assert order == [1, 2, 3, 1, 1]

    run(story, count=1)


def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    async def story(threads: Threads) -> None:
        go, done = threading.Event(), []
        first = threads.run(1, go.wait)
        dropped = threads.run(1, lambda: done.append("dropped"))
        dropped.cancel()
        last = threads.run(1, lambda: done.append("last"))
        go.set()
        await asyncio.gather(first, last)
        assert done == ["last"]

    run(story, count=1)

"""Handles are kept for the next checks, and given up when nobody has needed so many for a while."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from pulse.net import transfers as module
from pulse.net.handle import Handle, Hop, default_ca_file
from pulse.net.transfers import Transfers
from pulse.net.urls import parse_url
from tests.targets import HttpTarget


async def at_once(transfers: Transfers, url: str, count: int) -> list[weakref.ref[Any]]:
    """So many requests at the same time; the handles that made them."""
    done: asyncio.Queue[weakref.ref[Any]] = asyncio.Queue()
    for _ in range(count):
        hop = Hop(parse_url(url), "127.0.0.1", "GET", 5000, 5000, [])
        transfers.begin(hop, lambda handle, _code: done.put_nowait(weakref.ref(handle)))
    return [await done.get() for _ in range(count)]


def test_what_a_busy_moment_made_is_given_up_and_what_is_used_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "UNNEEDED_AFTER_S", 0.0)
    monkeypatch.setattr(module, "GIVEN_UP_AT_ONCE", 7)

    async def story() -> None:
        transfers = Transfers(asyncio.get_running_loop(), default_ca_file())
        with HttpTarget() as target:
            busy = await at_once(transfers, target.at("/ok"), 30)
            transfers.give_up_unneeded()  # from now on it is looked how many are needed
            await at_once(transfers, target.at("/ok"), 3)
            gc.disable()
            try:
                for _ in range(6):
                    await at_once(transfers, target.at("/ok"), 3)
                    transfers.give_up_unneeded()
                assert sum(one() is not None for one in busy) == 3
            finally:
                gc.enable()
        transfers.close()

    asyncio.run(story())


def test_what_is_too_many_to_keep_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_HANDLES", 2)

    async def story() -> None:
        transfers = Transfers(asyncio.get_running_loop(), default_ca_file())
        with HttpTarget() as target:
            gc.disable()
            try:
                made = await at_once(transfers, target.at("/ok"), 10)
                await asyncio.sleep(0)
                assert sum(one() is not None for one in made) == 2
            finally:
                gc.enable()
        transfers.close()

    asyncio.run(story())


def test_a_closed_handle_holds_nothing() -> None:
    gc.disable()
    try:
        handle = Handle(default_ca_file())
        gone = weakref.ref(handle)
        handle.close()
        del handle
        assert gone() is None
    finally:
        gc.enable()

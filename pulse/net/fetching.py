"""A fetch as a coroutine, for checks that ask something over HTTPS on their way."""

from __future__ import annotations

import asyncio

from pulse.net.exchange import Exchange
from pulse.net.fetch import Fetch, Outbound, Request


async def fetched(out: Outbound, request: Request) -> Exchange:
    """What came of `request`, failures included; a fault of ours is raised."""
    found: asyncio.Future[Exchange | Exception] = out.loop.create_future()

    def done(result: Exchange | Exception) -> None:
        if not found.done():  # the check may have been cut off meanwhile
            found.set_result(result)

    Fetch(out, request, done).start()
    result = await found
    if isinstance(result, Exception):
        raise result
    return result

"""Webhook receivers of the bench in one process: good ones that note each key, one that hangs, one that drips.

`python hooks.py PORTS`: good receivers on as many ports, then one that hangs and one that drips. Prints its ports on
one line; on SIGUSR1 it writes what it got as JSON to standard output: {key: [seconds since the epoch of each arrival]}.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import defaultdict
from contextlib import suppress
from time import time

LEDGER: defaultdict[str, list[float]] = defaultdict(list)
ANSWER = b"HTTP/1.1 204 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = time()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        key = head.partition(b"webhook-id: ")[2].partition(b"\r\n")[0].decode()
        await reader.readexactly(length)
        LEDGER[key].append(at)
        writer.write(ANSWER)
        await writer.drain()
    writer.close()


async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)
    writer.close()


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        for byte in ANSWER:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1)
    writer.close()


def tell() -> None:
    print(json.dumps(LEDGER), flush=True)


async def main(number: int) -> None:
    manners = [good] * number + [hanging, dripping]
    servers = [await asyncio.start_server(manner, "127.0.0.1", 0, backlog=1024) for manner in manners]
    print(" ".join(str(server.sockets[0].getsockname()[1]) for server in servers), flush=True)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

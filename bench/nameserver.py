"""The bench's DNS server: *.up.bench is 127.0.0.1, *.dead.bench does not exist, *.silent.bench gets nothing.

It copies the question and appends a constant answer: no parsing beyond the end of the name.
"""

import argparse
import asyncio
import os
import signal
import socket
import struct
from typing import cast

import uvloop

HEADER = 12
TYPE_A = b"\x00\x01"
OK = b"\x81\x80"
NXDOMAIN = b"\x81\x83"
ONE_ANSWER = b"\x00\x01\x00\x01\x00\x00\x00\x00"
NO_ANSWER = b"\x00\x01\x00\x00\x00\x00\x00\x00"
UP = b"\x02up\x05bench\x00"
SILENT = b"\x06silent\x05bench\x00"


class Server(asyncio.DatagramProtocol):
    """Answers one datagram with one; anything that is not a question about *.bench is NXDOMAIN."""

    def __init__(self, ttl: int, address: str) -> None:
        self._record = (
            b"\xc0\x0c\x00\x01\x00\x01" + struct.pack("!I", ttl) + b"\x00\x04" + socket.inet_aton(address)
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        end = data.find(b"\x00", HEADER) + 1
        question = data[HEADER : end + 4]
        name = data[HEADER:end].lower()
        if name.endswith(SILENT):
            return
        if not name.endswith(UP):
            reply = data[:2] + NXDOMAIN + NO_ANSWER + question
        elif question.endswith(TYPE_A + b"\x00\x01"):
            reply = data[:2] + OK + ONE_ANSWER + question + self._record
        else:
            reply = data[:2] + OK + NO_ANSWER + question
        self._transport.sendto(reply, peer)


async def serve(port: int, ttl: int, address: str) -> None:
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("127.0.0.1", port))
    sock.setblocking(False)
    await loop.create_datagram_endpoint(lambda: Server(ttl, address), sock=sock)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    print(sock.getsockname()[1], flush=True)
    await stopped.wait()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one; it is printed")
    parser.add_argument("--ttl", type=int, default=30, help="seconds that an address may be kept")
    parser.add_argument("--address", default="127.0.0.1", help="what *.up.bench resolves to")
    options = parser.parse_args()
    uvloop.run(serve(options.port, options.ttl, options.address))


if __name__ == "__main__":
    main()

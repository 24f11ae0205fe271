"""The bench's HTTP target: as little work per request as Python allows, to leave the CPU to the engine.

Answers 200 to everything, except: /hang never answers, /status/<code> answers that code, and
/flip/<name> answers 200 and 503 in turn, and
/set/<host>/<code> makes all later requests for <host> (as in the Host header) answer <code>.
"""

import argparse
import asyncio
import os
import signal
import socket
import ssl
from typing import cast

import uvloop

BACKLOG = 4096


def answer(status: int, close: bool) -> bytes:
    connection = "close" if close else "keep-alive"
    return f"HTTP/1.1 {status} Bench\r\nContent-Length: 2\r\nConnection: {connection}\r\n\r\nok".encode()


class Target(asyncio.Protocol):
    """One connection; a request is expected to arrive in one piece, as small ones on loopback do."""

    status_by_host: dict[bytes, int] = {}
    close = False
    ok = answer(200, False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if data.startswith((b"GET / ", b"HEAD / ")) and not self.status_by_host:
            reply = self.ok
        else:
            path = data.split(b" ", 2)[1]
            if path == b"/hang":
                return
            reply = answer(self._status(path, data), self.close)
        self.transport.write(reply)
        if self.close:
            self.transport.close()

    def _status(self, path: bytes, data: bytes) -> int:
        parts = path.split(b"/")
        if parts[1] == b"status":
            return int(parts[2])
        if parts[1] == b"set":
            self.status_by_host[parts[2].lower()] = int(parts[3])
            return 200
        if parts[1] == b"flip":
            flipped = self.status_by_host[parts[2]] = 503 if self.status_by_host.get(parts[2]) == 200 else 200
            return flipped
        host = data.partition(b"\r\nHost: ")[2].partition(b"\r\n")[0].partition(b":")[0].lower()
        return self.status_by_host.get(host, 200)


async def serve(port: int, close: bool, certificate: str | None) -> None:
    Target.close = close
    Target.ok = answer(200, close)
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG, reuse_port=True)
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.num_tickets = 0  # nobody comes back with one
    server = await loop.create_server(Target, sock=listener, backlog=BACKLOG, ssl=context)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    print(listener.getsockname()[1], flush=True)
    await stopped.wait()
    server.close()
    os._exit(0)  # thousands of idle connections need no farewell


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one; it is printed")
    parser.add_argument("--close", action="store_true", help="close each connection after its answer")
    parser.add_argument("--certificate", help="PEM file with key and chain; then it speaks TLS")
    options = parser.parse_args()
    uvloop.run(serve(options.port, options.close, options.certificate))


if __name__ == "__main__":
    main()

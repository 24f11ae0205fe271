"""One question over TCP (RFC 7766), where the answer has no room in a datagram."""

from __future__ import annotations

import asyncio
import os
import socket

from pulse.net.dns_wire import UNREADABLE, Reply, query_of, read_reply
from pulse.net.nameservers import Place


async def ask_by_stream(loop: asyncio.AbstractEventLoop, place: Place, question: bytes) -> Reply:
    """Raises OSError or EOFError; the caller sets the limit of time."""
    number = int.from_bytes(os.urandom(2), "big")
    sock = socket.socket(place.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        await loop.sock_connect(sock, place.address)
        await loop.sock_sendall(sock, framed(query_of(number, question, edns=True)))
        size = int.from_bytes(await _exactly(loop, sock, 2), "big")
        return read_framed(await _exactly(loop, sock, size), number, question)
    finally:
        sock.close()


def framed(query: bytes) -> bytes:
    return len(query).to_bytes(2, "big") + query


def read_framed(data: bytes, number: int, question: bytes) -> Reply:
    """Nobody else can have sent this: what does not fit is a fault of the name server."""
    reply = read_reply(data, question) if data[:2] == number.to_bytes(2, "big") else None
    return Reply(UNREADABLE) if reply is None or reply.truncated else reply


async def _exactly(loop: asyncio.AbstractEventLoop, sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = await loop.sock_recv(sock, size - len(data))
        if not piece:
            raise EOFError("the name server closed the connection early")
        data += piece
    return data

"""The web's side of pings: a small ASGI function beside Django, which answers after the commit.

Paths, answers and headers are those of healthchecks, so that its clients work with another host.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from ipaddress import IPv6Address
from typing import Any

from django.conf import settings

from monitors.heartbeats import addresses, arrivals
from monitors.heartbeats.arrivals import Answer, Arrival
from monitors.heartbeats.writing import Writer

# Kept of a body. What comes after is read and dropped up to a bound, so that senders get to read their answer.
BODY_AT_MOST = 100_000
DRAINED_AT_MOST = 1_000_000
BODY_SECONDS = 10.0
BODIES_AT_ONCE = 500
# Of one sender: slow ones must not take the places of all others. Behind one address may be a whole cluster.
BODIES_OF_ONE = 100
METHODS = ("GET", "HEAD", "POST", "PUT")
_PRINTABLE = re.compile(r"[\x00-\x1f\x7f]")

Headers = list[tuple[bytes, bytes]]
HEADERS: Headers = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"max-age=0, no-cache, no-store, must-revalidate, private"),
    (b"access-control-allow-origin", b"*"),
]
ACCEPTED: Headers = [*HEADERS, (b"ping-body-limit", str(BODY_AT_MOST).encode()), (b"content-length", b"2")]
OK_START = {"type": "http.response.start", "status": 200, "headers": ACCEPTED}
OK_BODY = {"type": "http.response.body", "body": b"OK"}
OK_HEAD = {"type": "http.response.body", "body": b""}
PREFLIGHT = Answer(204, "")
NOT_ALLOWED = Answer(405, "use GET, HEAD, POST or PUT")

_reading: Counter[str | None] = Counter()
_writer: Writer | None = None


class Gone(Exception):
    """The sender left before its body was here."""


async def ping(scope: dict[str, Any], receive: Any, send: Any) -> None:
    method = scope["method"]
    if method not in METHODS:
        await respond(PREFLIGHT if method == "OPTIONS" else NOT_ALLOWED, method, send)
        return
    found = addresses.read(scope["path"], scope["query_string"], method)
    if isinstance(found, Answer):
        await respond(found, method, send)
        return
    try:
        all_here = await _describe(found, scope, receive)
    except Gone:
        return
    answer = await writer().submit(found) if all_here is not None else arrivals.BUSY
    if answer is arrivals.OK and all_here:
        await send(OK_START)
        await send(OK_HEAD if method == "HEAD" else OK_BODY)
    else:
        await respond(answer, method, send, close=not all_here)


def writer() -> Writer:
    """This process's own; made at its first ping, and anew should it have died."""
    global _writer
    if _writer is None or not _writer.alive:
        _writer = Writer()
    return _writer


def stop() -> None:
    """Write what waits, before the process ends."""
    if _writer is not None:
        _writer.stop()


async def _describe(arrival: Arrival, scope: dict[str, Any], receive: Any) -> bool | None:
    """Fill in who sent it and what; False when there is more than was read, None when too many are sending."""
    length, has_body = None, False
    forwarded = b""
    for name, value in scope["headers"]:
        if name == b"user-agent":
            arrival.agent = _PRINTABLE.sub("", value.decode("latin-1"))[:200]
        elif name == b"content-length":
            length = int(value) if value.isdigit() else None
            has_body = value != b"0"
        elif name == b"transfer-encoding":
            has_body = True
        elif name == b"x-forwarded-for":
            forwarded = value
    arrival.address = client_of(scope, forwarded)
    if not has_body:
        return True
    if _reading[arrival.address] >= BODIES_OF_ONE or _reading.total() >= BODIES_AT_ONCE:
        return None
    _reading[arrival.address] += 1
    try:
        arrival.body, seen, all_here = await read_body(receive, BODY_AT_MOST, DRAINED_AT_MOST)
    finally:
        _reading[arrival.address] -= 1
        if not _reading[arrival.address]:
            del _reading[arrival.address]
    arrival.body_size = seen if all_here or length is None else max(seen, min(length, 2**31 - 1))
    return all_here


async def read_body(receive: Any, keep: int, drain: int) -> tuple[bytes, int, bool]:
    """(what is kept, how much came, whether that was all). A slow sender's ping counts with what came in time."""
    parts: list[bytes] = []
    kept = seen = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while seen <= drain:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                part = message.get("body", b"")
                if part and kept < keep:
                    parts.append(part[: keep - kept])
                    kept += len(parts[-1])
                seen += len(part)
                if not message.get("more_body"):
                    return b"".join(parts), seen, True
    except TimeoutError:
        pass
    return b"".join(parts), seen + 1, False


def client_of(scope: dict[str, Any], forwarded: bytes) -> str | None:
    """Whom the connection came from; whom the proxy names, where one stands in front."""
    if forwarded and getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        given = forwarded.decode("latin-1").rpartition(",")[2].strip()
        if _is_address(given):
            return given
    client = scope.get("client")
    return client[0] if client and _is_address(client[0]) else None


def _is_address(text: str) -> bool:
    """Cheaply; what PostgreSQL could not read as an address would lose the ping."""
    if "." in text and ":" not in text:
        parts = text.split(".")
        return len(parts) == 4 and all(
            part.isdigit() and part.isascii() and int(part) < 256 for part in parts
        )
    return _is_ipv6(text)


def _is_ipv6(text: str) -> bool:
    try:
        return IPv6Address(text).scope_id is None
    except ValueError:
        return False


async def respond(answer: Answer, method: str, send: Any, *, close: bool = False) -> None:
    body = answer.text.encode()
    headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
    if answer.status in (200, 201):
        headers.append((b"ping-body-limit", str(BODY_AT_MOST).encode()))
    if answer.after_seconds is not None:
        headers.append((b"retry-after", str(answer.after_seconds).encode()))
    if answer is PREFLIGHT:
        headers = [*HEADERS, (b"access-control-allow-methods", ", ".join(METHODS).encode())]
    if answer is NOT_ALLOWED:
        headers.append((b"allow", ", ".join(METHODS).encode()))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

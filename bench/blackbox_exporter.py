"""Debian's prometheus-blackbox-exporter, asked to probe as Prometheus asks it; only its own CPU is counted."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from urllib.parse import quote

from bench.places import cpu_seconds

BINARY = "prometheus-blackbox-exporter"
MISSING = f"skipped: {BINARY} is not installed (apt-get install {BINARY})"
CONFIG = "/etc/prometheus/blackbox.yml"
# Prometheus keeps a connection per target and asks each once an interval: a steady rate, spread evenly.
CONNECTIONS = 400
EVERY_S = 0.8


def cpu_us(target_port: int, seconds: float) -> float | None:
    """Microseconds of CPU per probe; None when the exporter is not installed."""
    binary = shutil.which(BINARY)
    if binary is None:
        return None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        binary,
        f"--config.file={CONFIG}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        before = cpu_seconds(child.pid)
        probes = asyncio.run(_ask(port, target_port, seconds))
        return (cpu_seconds(child.pid) - before) / max(1, probes) * 1e6
    finally:
        child.terminate()
        child.wait(10)


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{BINARY} did not start")


async def _ask(port: int, target_port: int, seconds: float) -> int:
    """How many probes succeeded."""
    until = time.monotonic() + seconds
    path = f"/probe?module=http_2xx&target={quote(f'http://127.0.0.1:{target_port}/', safe='')}"
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    async def keep_asking(number: int) -> int:
        await asyncio.sleep(EVERY_S * number / CONNECTIONS)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        due = time.monotonic()
        while due < until:
            await asyncio.sleep(due - time.monotonic())
            due += EVERY_S
            writer.write(request)
            body = await _body(reader)
            if b"\nprobe_success 1" not in body:
                raise SystemExit(f"{BINARY} could not probe the bench's target")
            count += 1
        writer.close()
        return count

    return sum(await asyncio.gather(*(keep_asking(number) for number in range(CONNECTIONS))))


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"content-length:" in head:
        return await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    body = b""
    while size := int((await reader.readline()).strip(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body

"""What pulse-agent costs the host it watches: memory and CPU, at work against a server that takes everything."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep

from bench.places import ROOT, cpu_seconds
from bench.report import Figure, at_least, at_most

INTERVAL_S = 1
REPORTED_S = 15  # the interval that the share of a core is told for
ANSWER = b'{"accepted": 1, "duplicates": 0, "refused": 0, "errors": [], "hosts": []}'


class _Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    taken = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).taken += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """It looks every second here, so that CPU per look is known soon; told for one look every 15 s."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as buffer:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "agent"),
            "PULSE_AGENT_URL": f"http://127.0.0.1:{server.server_port}",
            "PULSE_AGENT_KEY": "bench",
            "PULSE_AGENT_INTERVAL": str(INTERVAL_S),
            "PULSE_AGENT_JITTER": "0",
            "PULSE_AGENT_BUFFER": buffer,
        }
        command = [sys.executable, "-m", "pulse_agent"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as child:
            try:
                sleep(3)
                before, looks = cpu_seconds(child.pid), _Taking.taken
                sleep(options.seconds)
                spent, looks = cpu_seconds(child.pid) - before, _Taking.taken - looks
                resident = _resident_mb(child.pid)
            finally:
                child.terminate()
    server.shutdown()
    yield at_most("agent_memory_rss", resident, "MB", 30)
    yield at_most("agent_cpu", spent / looks / REPORTED_S * 100, "% of a core", 0.5)
    yield at_least("agent_looks", looks / options.seconds, "per second", 0.9 / INTERVAL_S)


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))

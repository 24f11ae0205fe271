"""Pulse behind a port that can go away and come back, and the agent as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.db import connections

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """The suite has a log of its own."""


def _application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    from pulse.wsgi import application

    try:
        return [b"".join(application(environ, start_response))]
    finally:
        connections.close_all()  # this thread ends with its request


class Front:
    """Pulse's own WSGI application on one port, whichever way it comes and goes."""

    def __init__(self) -> None:
        self.port = free_port()
        self._server: WSGIServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def come(self) -> None:
        self._server = make_server("127.0.0.1", self.port, _application, _Server, _Quiet)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def go(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class AgentProcess:
    """`pulse-agent` with a buffer of its own, looking every second."""

    def __init__(self, url: str, key: str, directory: Path, **settings: str) -> None:
        self.buffer = directory / "buffer"
        self._log = directory / "log"
        given = {
            "url": url,
            "key": key,
            "host": "web-1",
            "interval": "1",
            "jitter": "0",
            "buffer": str(self.buffer),
        }
        # The suite's own settings are none of the agent's business.
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "agent"),
            **{f"PULSE_AGENT_{name.upper()}": value for name, value in (given | settings).items()},
        }
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> AgentProcess:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "pulse_agent"]
            self.child = subprocess.Popen(command, env=self._environment, stderr=log, cwd=self._log.parent)
        return self

    def check(self, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pulse_agent", "--check", *options]
        return subprocess.run(
            command, env=self._environment, cwd=self._log.parent, capture_output=True, text=True, check=False
        )

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def kept(self) -> list[str]:
        return sorted(path.name for path in self.buffer.glob("*.json.gz")) if self.buffer.exists() else []

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.child is None:
            return 0
        self.child.send_signal(number)
        status = self.child.wait(20)
        self.child = None
        return status

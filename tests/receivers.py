"""Receivers of messages, real ones: a webhook server with a ledger and bad manners, and an SMTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any

from aiosmtpd.controller import Controller

from tests.ports import free_port


@dataclass
class Received:
    """One request as it came in."""

    at: float
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class WebhookReceiver:
    """Answers each request with the next of `answers`, then with 204; keeps all that it got."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    delay: float = 0
    ledger: list[Received] = field(default_factory=list)

    def start(self) -> WebhookReceiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                body = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.ledger.append(Received(monotonic(), headers, body))
                status, extra = receiver.answers.pop(0) if receiver.answers else (204, {})
                sleep(receiver.delay)
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """The ledger says it all."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        wait_until(lambda: len(self.ledger) >= count, seconds, f"{count} messages, got {len(self.ledger)}")
        return self.ledger


class SmtpReceiver:
    """An SMTP server that keeps what it accepts; `refuse` maps an address to the answer it gets."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.senders: list[str] = []  # of the envelopes
        self.refuse: dict[str, str] = {}
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if answer := self.refuse.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.senders.append(envelope.mail_from)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 kept"

    def start(self) -> SmtpReceiver:
        self._controller.start()
        return self

    def stop(self) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}?security=none"


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> None:
    """Poll a condition; fail with `what` was waited for."""
    until = monotonic() + seconds
    while not condition():
        if monotonic() > until:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        sleep(0.05)

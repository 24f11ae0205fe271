"""A registry for tests: RDAP over HTTP, with a list of servers as IANA has it."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever reads less than all of an answer breaks its connection; that is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class RdapServer:
    """Use as a context manager. Unknown domains get 404; `asked` remembers the paths in order, `heads` the headers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.heads: list[dict[str, str]] = []
        self._answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                registry.asked.append(self.path)
                registry.heads.append({name.lower(): value for name, value in self.headers.items()})
                status, headers, body = registry._answers.get(self.path, (404, {}, b"{}"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                """The suite's output is for failures."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def knows(
        self, domain: str, expires: str | None, *, states: tuple[str, ...] = ("active",), **more: Any
    ) -> None:
        events = [{"eventAction": "registration", "eventDate": "2001-02-03T04:05:06Z"}]
        if expires:
            events.append({"eventAction": "expiration", "eventDate": expires})
        registrar = {
            "objectClassName": "entity",
            "roles": ["registrar"],
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Names & Sons"]]],
        }
        holder = {"roles": ["registrant"], "vcardArray": ["vcard", [["fn", {}, "text", "Jane Private"]]]}
        answer = {
            "objectClassName": "domain", "ldhName": domain, "status": list(states), "events": events,
            "entities": [holder, registrar], **more,
        }  # fmt: skip
        self.says(f"/domain/{domain}", 200, json.dumps(answer).encode())

    def says(self, path: str, status: int, body: bytes = b"", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers[path] = (status, named, body)

    def lists(self, **servers: str) -> str:
        """The URL of a list that has these servers, by top-level domain."""
        services = [[[name], [url]] for name, url in servers.items()]
        self.says("/dns.json", 200, json.dumps({"version": "1.0", "services": services}).encode())
        return f"{self.url}/dns.json"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

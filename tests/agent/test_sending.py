"""What the agent makes of answers: a batch at fault is found and dropped, and Pulse may ask for time."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pulse_agent.configuration import Configuration, load
from pulse_agent.running import Agent
from pulse_agent.sending import Fate, Sender
from tests.receivers import wait_until


class Stub:
    """A server that answers as `answer` says: (status, headers, content) for the list of batches that came."""

    def __init__(self) -> None:
        self.requests: list[list[Any]] = []
        self.answer: Any = lambda _: (200, {}, {"accepted": 1, "refused": 0})
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                batches = json.loads(gzip.decompress(body))
                stub.requests.append(batches)
                status, headers, content = stub.answer(batches)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())

            def log_message(self, *args: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()
    yield stub
    stub.stop()


@pytest.fixture
def configuration(stub: Stub, tmp_path: Path) -> Configuration:
    return load(
        None, {"PULSE_AGENT_URL": stub.url, "PULSE_AGENT_KEY": "k", "PULSE_AGENT_BUFFER": str(tmp_path)}
    )


@pytest.mark.parametrize(
    ("status", "headers", "fate", "wait"),
    [
        (400, {}, Fate.REFUSED, None),
        (401, {}, Fate.LATER, None),
        (404, {}, Fate.LATER, None),
        (413, {}, Fate.TOO_LARGE, None),
        (422, {}, Fate.REFUSED, None),
        (429, {"Retry-After": "7"}, Fate.LATER, 7),
        (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, Fate.LATER, None),
        (503, {"Retry-After": "soon"}, Fate.LATER, None),
        (301, {"Location": "https://elsewhere.example"}, Fate.LATER, None),
    ],
)
def test_each_status_has_its_fate(
    stub: Stub,
    configuration: Configuration,
    status: int,
    headers: dict[str, str],
    fate: Fate,
    wait: float | None,
) -> None:
    problem = {"detail": "No.", "errors": [{"pointer": "/host", "detail": "Not that one."}]}
    stub.answer = lambda _: (status, headers, problem)

    answer = Sender(configuration).send([b"{}"])

    assert answer.fate is fate
    assert "/host: Not that one." in answer.words or status == 301
    assert wait is None or answer.wait == wait
    assert len(stub.requests) == 1


def test_something_else_that_answers_200_is_not_pulse(stub: Stub, configuration: Configuration) -> None:
    stub.answer = lambda _: (200, {}, b"<html>")

    answer = Sender(configuration).send([b"{}"])

    assert answer.fate is Fate.LATER
    assert "not Pulse" in answer.words


def test_refused_samples_are_told(stub: Stub, configuration: Configuration) -> None:
    errors = [{"pointer": "/samples/0", "detail": "Too old."}]
    stub.answer = lambda _: (200, {}, {"accepted": 1, "refused": 1, "errors": errors})

    answer = Sender(configuration).send([b"{}"])

    assert (answer.fate, answer.words) == (Fate.STORED, "Pulse refused 1 samples: /samples/0: Too old.")


def test_the_batch_at_fault_is_dropped_and_the_others_arrive_in_order(
    stub: Stub, configuration: Configuration, tmp_path: Path
) -> None:
    stored: list[int] = []

    def answer(batches: list[Any]) -> Any:
        if any(batch["n"] == 3 for batch in batches):
            return 422, {}, {"detail": "None of it."}
        stored.extend(batch["n"] for batch in batches)
        return 200, {}, {"accepted": 1, "refused": 0}

    stub.answer = answer
    agent = Agent(configuration)
    for number in range(6):
        agent._keep({"n": number})
    thread = threading.Thread(target=agent._send_all, daemon=True)
    thread.start()

    wait_until(lambda: not list(tmp_path.glob("*.gz")), 10, "all batches to be dealt with")
    agent.stop()
    thread.join(5)

    assert stored == [0, 1, 2, 4, 5]

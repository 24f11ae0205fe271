"""The gRPC health check against a real gRPC server with the standard health service."""

import socket
from collections.abc import Iterator
from time import sleep

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import StreamEnded

from monitors.probes.outcome import ErrorClass, Outcome
from tests.certificates import Authority
from tests.peers.grpc import GrpcPeer, grpc_server
from tests.probes.asking import Asking, facts
from tests.talking import Script, Talking, quiet
from tests.targets import HttpTarget

PLAIN = {"security": "none"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[GrpcPeer]:
    with grpc_server(authority) as peer:
        yield peer


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("service", ["", "shop"])
def test_service_that_serves_is_up(asking: Asking, server: GrpcPeer, encrypted: bool, service: str) -> None:
    target, settings = (server.tls, {}) if encrypted else (server.plain, PLAIN)

    outcome = asking.ask("grpc_health", target, settings | {"service": service})

    assert (outcome.ok, outcome.detail) == (True, "the service says SERVING")
    assert facts(outcome)["status"] == "SERVING"
    assert facts(outcome).get("certificate_days") == (9 if encrypted else None)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"service": "till"}, ErrorClass.UNEXPECTED_ANSWER, "the service says NOT_SERVING, expected SERVING"),
        ({"service": "bank"}, ErrorClass.UNEXPECTED_ANSWER, "the server knows no service 'bank' (NOT_FOUND)"),
        (
            {"metadata": {"X-Wants-Token": "1"}},
            ErrorClass.SIGN_IN_REFUSED,
            "the call failed with UNAUTHENTICATED: no töken",
        ),
        (
            {"metadata": {"X-Wants-Token": "1"}, "authorization": "Bearer sesame"},
            ErrorClass.NONE,
            "the service says SERVING",
        ),
        ({"security": "tls"}, ErrorClass.TLS_FAILED, ""),  # its words hang on who speaks first
    ],
)
def test_other_answers_in_words(
    asking: Asking, server: GrpcPeer, settings: dict[str, object], error: ErrorClass, words: str
) -> None:
    outcome = asking.ask("grpc_health", server.plain, PLAIN | settings)

    assert outcome.error is error, outcome.detail
    assert outcome.detail.startswith(words)


def test_an_assertion_on_the_status_takes_the_place_of_serving(asking: Asking, server: GrpcPeer) -> None:
    def till(line: str) -> Outcome:
        return asking.ask("grpc_health", server.plain, PLAIN | {"service": "till", "assertions": [line]})

    assert till("[STATUS] == NOT_SERVING").ok
    assert till("[STATUS] == SERVING").detail == "[STATUS] == SERVING failed: it was NOT_SERVING"


def test_server_without_a_health_service_is_told_of(asking: Asking, server: GrpcPeer) -> None:
    outcome = asking.ask("grpc_health", server.bare, PLAIN)

    assert outcome.detail == "the server has no health service (UNIMPLEMENTED)"


def test_web_server_is_no_grpc_server(asking: Asking) -> None:
    with HttpTarget() as target:
        outcome = asking.ask("grpc_health", f"127.0.0.1:{target.port}", PLAIN)

    assert outcome.error in (ErrorClass.BAD_RESPONSE, ErrorClass.CONNECTION_LOST), outcome.detail


def test_server_that_answers_in_http_1_is_told_of_at_once(asking: Asking) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        quiet(connection)

    with Talking(answer) as server:
        outcome = asking.ask("grpc_health", server.target, PLAIN)

    assert (outcome.error, outcome.detail) == (ErrorClass.BAD_RESPONSE, "the server does not speak HTTP/2")


def goaway(last_stream: int, error: int, debug: bytes = b"") -> bytes:
    """The frame of RFC 9113, 6.8."""
    body = last_stream.to_bytes(4, "big") + error.to_bytes(4, "big") + debug
    return len(body).to_bytes(3, "big") + b"\x07\0" + bytes(4) + body


def draining(notice: bytes, *, cut: int | None = None, answers: bool = True) -> Script:
    """Says `notice`, then answers SERVING: all in one breath, or in two, cut so many bytes before the answer."""

    def script(connection: socket.socket) -> None:
        session = H2Connection(H2Configuration(client_side=False))
        session.initiate_connection()
        while data := connection.recv(4096):
            if any(isinstance(event, StreamEnded) for event in session.receive_data(data)):
                break
        before = session.data_to_send() + notice
        if answers:
            session.send_headers(1, [(":status", "200"), ("content-type", "application/grpc")])
            session.send_data(1, b"\0\0\0\0\x02\x08\x01")
            session.send_headers(1, [("grpc-status", "0")], end_stream=True)
        said = before + session.data_to_send()
        at = len(said) if cut is None else len(before) - cut
        connection.sendall(said[:at])
        sleep(0.05)
        connection.sendall(said[at:])
        connection.shutdown(socket.SHUT_WR)
        quiet(connection)

    return script


ANY = 2**31 - 1


@pytest.mark.parametrize("cut", [None, 0, 5])
@pytest.mark.parametrize(
    ("notice", "error", "words"),
    [
        (goaway(ANY, 0), ErrorClass.NONE, "the service says SERVING"),
        (goaway(1, 0, b"graceful shutdown"), ErrorClass.NONE, "the service says SERVING"),
        (goaway(ANY, 0) + goaway(1, 0), ErrorClass.NONE, "the service says SERVING"),
        (goaway(0, 0), ErrorClass.CONNECTION_LOST, "the server broke off the call"),
        (goaway(1, 2), ErrorClass.CONNECTION_LOST, "the server broke off the call"),
        (goaway(ANY, 0) + goaway(0, 11), ErrorClass.CONNECTION_LOST, "the server broke off the call"),
    ],
)
def test_a_server_that_drains_still_answers(
    asking: Asking, notice: bytes, error: ErrorClass, words: str, cut: int | None
) -> None:
    with Talking(draining(notice, cut=cut)) as server:
        outcome = asking.ask("grpc_health", server.target, PLAIN)

    assert (outcome.error, outcome.detail) == (error, words)


def test_a_server_that_drains_and_goes_without_an_answer_is_down(asking: Asking) -> None:
    with Talking(draining(goaway(1, 0), answers=False)) as server:
        outcome = asking.ask("grpc_health", server.target, PLAIN)

    assert (outcome.error, outcome.detail) == (
        ErrorClass.CONNECTION_LOST, "the server closed the connection before its answer",
    )  # fmt: skip

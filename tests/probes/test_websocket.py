"""The WebSocket check against a real server."""

import re
import socket
import struct
from collections.abc import Iterator

import pytest
from websockets.utils import accept_key

from monitors.probes import PROBES
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from pulse.net.urls import UrlError
from tests.certificates import Authority
from tests.peers.websocket import WebSocketPeer
from tests.probes.asking import Asking, facts
from tests.talking import Script, Talking
from tests.targets import HttpTarget


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


@pytest.fixture(scope="module")
def server() -> Iterator[WebSocketPeer]:
    with WebSocketPeer() as peer:
        yield peer


@pytest.mark.parametrize(
    ("path", "settings", "answer"),
    [
        ("/echo", {}, None),
        ("/echo", {"send": "hello", "receive": True}, "hello"),
        ("/feed", {"receive": True}, "tick 0"),
        ("/feed", {"expect": "status"}, "status: all good"),
        ("/private", {"secret_headers": "X-Key: sesame\n"}, None),
        ("/private", {"headers": {"X-Key": "sesame"}}, None),
        ("/echo", {"subprotocol": "chat"}, None),
    ],
)
def test_handshake_and_messages(
    asking: Asking, server: WebSocketPeer, path: str, settings: dict[str, object], answer: str | None
) -> None:
    outcome = asking.ask("websocket", server.at(path), settings)

    assert (outcome.ok, outcome.error) == (True, ErrorClass.NONE), outcome.detail
    assert facts(outcome).get("answer") == answer
    assert outcome.wait_us


@pytest.mark.parametrize(
    ("path", "settings", "error", "words"),
    [
        ("/private", {}, ErrorClass.BAD_STATUS, "answered 403, expected 101"),
        ("/echo", {"receive": True}, ErrorClass.TIMEOUT, "no complete answer within 0.5 s"),
        ("/big", {"receive": True}, ErrorClass.RESPONSE_TOO_LARGE, "a message exceeds 64 KiB"),
        ("/leave", {"receive": True}, ErrorClass.CONNECTION_LOST, "the server closed the WebSocket"),
        ("/echo", {"subprotocol": "other"}, ErrorClass.UNEXPECTED_ANSWER, "the server does not speak"),
    ],
)
def test_failures_in_words(
    asking: Asking,
    server: WebSocketPeer,
    path: str,
    settings: dict[str, object],
    error: ErrorClass,
    words: str,
) -> None:
    outcome = asking.ask(
        "websocket", server.at(path), settings, timeout_s=0.5 if error is ErrorClass.TIMEOUT else 5
    )

    assert outcome.error is error, outcome.detail
    assert outcome.detail.startswith(words)


READY, CLOSE = b"\x81\x05ready", b"\x88\x02\x03\xe8"


def says(after: bytes, requests: list[bytes], *, resets: bool = False) -> Script:
    """Shakes hands, says `after` in the same breath, and is gone."""

    def script(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request and (piece := connection.recv(4096)):
            request += piece
        requests.append(request)
        found = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
        assert found is not None
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n%b" % (accept_key(found[1].decode()).encode(), after)
        )
        if resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return script


LOST = ErrorClass.CONNECTION_LOST


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize(
    ("after", "settings", "error", "words"),
    [
        (READY + CLOSE, {"receive": True}, ErrorClass.NONE, "opened and answered"),
        (READY + CLOSE, {"expect": "ready"}, ErrorClass.NONE, "opened and answered"),
        (READY + CLOSE, {"expect": "else"}, LOST, "the server closed the WebSocket before the message"),
        (CLOSE, {}, ErrorClass.NONE, "opened"),
        (CLOSE, {"receive": True}, LOST, "the server closed the WebSocket before the message"),
        (CLOSE, {"send": "x"}, LOST, "the server closed the WebSocket before the message could be sent"),
    ],
)
def test_a_server_that_says_goodbye_at_once_has_said_what_it_said(
    asking: Asking, after: bytes, settings: dict[str, object], error: ErrorClass, words: str, resets: bool
) -> None:
    with Talking(says(after, [], resets=resets)) as server:
        outcome = asking.ask("websocket", f"ws://{server.target}/", settings)

    assert (outcome.error, outcome.detail) == (error, words)


@pytest.mark.parametrize("after", [b"", READY[:4]])
def test_a_connection_that_ends_without_goodbye_is_lost(asking: Asking, after: bytes) -> None:
    with Talking(says(after, [])) as server:
        outcome = asking.ask("websocket", f"ws://{server.target}/", {"receive": True})

    assert (outcome.error, outcome.detail) == (LOST, "the server closed the connection")


@pytest.mark.parametrize("number", [1, 20])
def test_a_ping_of_a_server_that_resets_the_connection_is_no_fault_of_ours(
    asking: Asking, number: int
) -> None:
    for _ in range(20):
        with Talking(says(b"\x89\x02up" * number, [], resets=True)) as server:
            outcome = asking.ask("websocket", f"ws://{server.target}/", {})

        assert outcome.error is not ErrorClass.INTERNAL, outcome.detail


def test_headers_travel_as_utf_8_in_any_script(asking: Asking) -> None:
    requests: list[bytes] = []
    settings = {"headers": {"X-Name": "Žofie", "X-City": "Zürich"}, "secret_headers": "X-Price: 5 €"}
    with Talking(says(CLOSE, requests)) as server:
        outcome = asking.ask("websocket", f"ws://{server.target}/", settings)

    assert outcome.ok, outcome.detail
    for line in ("X-Name: Žofie", "X-City: Zürich", "X-Price: 5 €"):
        assert f"\r\n{line}\r\n".encode() in requests[0]


def test_a_subprotocol_in_other_letters_is_one_that_no_server_speaks(asking: Asking) -> None:
    with Talking(says(CLOSE, [])) as server:
        outcome = asking.ask("websocket", f"ws://{server.target}/", {"subprotocol": "řeč"})

    assert (outcome.error, outcome.detail) == (
        ErrorClass.UNEXPECTED_ANSWER, "the server does not speak the subprotocol řeč",
    )  # fmt: skip


def test_wss_is_verified(asking: Asking, authority: Authority) -> None:
    with WebSocketPeer(authority.server_context("127.0.0.1")) as peer:
        outcome = asking.ask("websocket", peer.at("/echo"), {"send": "x", "expect": "x"})
    with WebSocketPeer(authority.server_context("other.test")) as peer:
        wrong = asking.ask("websocket", peer.at("/echo"), {})
        careless = asking.ask("websocket", peer.at("/echo"), {"verify_tls": False})

    assert outcome.ok, outcome.detail
    assert facts(outcome)["certificate_days"] == 9
    assert wrong.error is ErrorClass.TLS_HOSTNAME_MISMATCH
    assert careless.ok


def test_web_server_that_knows_no_websocket_is_a_failure(asking: Asking) -> None:
    with HttpTarget() as target:
        outcome = asking.ask("websocket", target.url.replace("http", "ws"), {})
        garbage = asking.ask("websocket", target.at("/garbage").replace("http", "ws"), {})

    assert outcome.error is ErrorClass.BAD_STATUS
    assert outcome.detail == "answered 200, expected 101"
    assert garbage.error is ErrorClass.BAD_RESPONSE


def test_target_is_kept_and_shown_as_a_websocket_url() -> None:
    check_target = PROBES["websocket"].check_target

    assert str(check_target("WSS://Example.com/live?a=b")) == "wss://example.com/live?a=b"
    assert str(check_target("ws://[2606:4700::1]:8080")) == "ws://[2606:4700::1]:8080/"
    for wrong in ("https://example.com", "example.com", "ws://", "ws://user@example.com/"):
        with pytest.raises(UrlError):
            check_target(wrong)


@pytest.mark.parametrize(
    ("settings", "pointer", "remedy"),
    [
        ({"secret_headers": "X-Key sesame"}, "/secret_headers", "Write each header as Name: value"),
        (
            {"secret_headers": "X-Key: a\nx-key: b"},
            "/secret_headers",
            "Write x-key on one line, its values joined",
        ),
        ({"secret_headers": "Upgrade: h2c"}, "/secret_headers", "Remove Upgrade"),
        ({"headers": {"Host": "x"}}, "/headers", "Remove Host"),
    ],
)
def test_wrong_setting_names_its_remedy(settings: dict[str, object], pointer: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PROBES["websocket"].load(settings)

    [(found, detail)] = caught.value.errors
    assert found == pointer
    assert remedy in detail

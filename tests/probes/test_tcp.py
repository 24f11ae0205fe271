"""The TCP check against servers with good and bad manners."""

import socket
import struct
from collections.abc import Iterator
from time import monotonic, sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.assertions.body import Beginning
from monitors.probes.outcome import ErrorClass
from monitors.probes.securing import LONGEST_ANSWER
from monitors.probes.tcp import SETTINGS
from monitors.probes.tcp_payload import as_answer, as_text, read_payload, write_payload
from pulse.fields import ConfigError
from tests.certificates import Authority
from tests.peers.smtp import SmtpPeer
from tests.probes.asking import Asking, facts, notes
from tests.probes.running import loop_work_s
from tests.resolver import DnsServer
from tests.talking import Talking, quiet


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with DnsServer() as dns, Asking([dns.nameserver], str(authority.ca_file)) as engine:
        dns.answers("both.test", "127.0.0.1")
        yield engine


def echo(connection: socket.socket) -> None:
    while data := connection.recv(4096):
        connection.sendall(b"you said " + data)


def gone(connection: socket.socket) -> None:
    """Closes at once."""


def drip(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"a")


def reset(connection: socket.socket) -> None:
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_open_port_is_up_and_a_closed_one_is_down(asking: Asking) -> None:
    with Talking(quiet) as server:
        outcome = asking.ask("tcp", f"both.test:{server.port}")
    closed = asking.ask("tcp", server.target)

    assert (outcome.ok, outcome.detail) == (True, "connected")
    assert (outcome.address, outcome.tls_us) == ("127.0.0.1", None)
    assert None not in (outcome.dns_us, outcome.connect_us)
    assert (closed.ok, closed.error) == (False, ErrorClass.CONNECT_REFUSED)


def test_ipv6(asking: Asking) -> None:
    with Talking(quiet, address="::1") as server:
        assert asking.ask("tcp", server.target).address == "::1"


@pytest.mark.parametrize("expect", ["you said PING", r"/^you said PING\r\n$/", r"PING\r\n", "/(?i)ping/"])
def test_what_is_sent_is_answered_as_expected(asking: Asking, expect: str) -> None:
    with Talking(echo) as server:
        outcome = asking.ask("tcp", server.target, {"send": r"PING\r\n", "expect": expect})

    assert (outcome.ok, outcome.detail) == (True, "answered as expected")
    assert facts(outcome)["answer"] == "you said PING\r\n"
    assert None not in (outcome.wait_us, outcome.transfer_us)


def test_other_answer_is_down_and_kept_as_evidence(asking: Asking) -> None:
    def once(connection: socket.socket) -> None:
        connection.sendall(b"421 secret reason\r\n\xff")

    with Talking(once) as server:
        outcome = asking.ask("tcp", server.target, {"expect": "/^220 /"})

    assert (outcome.ok, outcome.error) == (False, ErrorClass.UNEXPECTED_ANSWER)
    assert outcome.detail == "the answer does not match the expected pattern"
    assert facts(outcome)["answer"] == "421 secret reason\r\n\\xff"


def test_assertions_on_the_answer(asking: Asking) -> None:
    settings = {
        "send": '{"a": [1, 2]}',
        "assertions": ['[ANSWER] matches "^you said"', "[CONNECTED] == true"],
    }
    with Talking(echo) as server:
        outcome = asking.ask("tcp", server.target, settings)
        failing = asking.ask(
            "tcp", server.target, {**settings, "assertions": ["[ANSWER] contains nothing (soft)"]}
        )

    assert outcome.ok
    assert (failing.ok, failing.soft) == (True, True)
    assert failing.detail == '[ANSWER] contains "nothing" failed'


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (quiet, ErrorClass.TIMEOUT),
        (reset, ErrorClass.CONNECTION_LOST),
        (gone, ErrorClass.CONNECTION_LOST),
        (drip, ErrorClass.UNEXPECTED_ANSWER),
    ],
)
def test_bad_manners_end_in_time_with_a_clear_result(
    asking: Asking, script: object, error: ErrorClass
) -> None:
    timeout_s = 1 if error is ErrorClass.TIMEOUT else 5
    began = monotonic()
    with Talking(script) as server:  # type: ignore[arg-type]
        outcome = asking.ask("tcp", server.target, {"send": "x", "expect": "/(a|b|ab)*c$/"}, timeout_s)

    assert (outcome.ok, outcome.error) == (False, error)
    assert monotonic() - began < 4


def test_a_costly_pattern_is_looked_for_beside_the_loop_and_for_so_long(asking: Asking) -> None:
    """Each byte that is no text is four characters to the pattern, and each piece that comes is another look."""

    def pieces(connection: socket.socket) -> None:
        for _ in range(400):
            connection.sendall(b"\xff" * 40)
            sleep(0.002)

    heavy = {"expect": r"/(?:[\\-x]{1,990}y)/"}
    before = loop_work_s()
    with Talking(pieces) as server:
        outcome = asking.ask("tcp", server.target, heavy)

    assert (outcome.error, outcome.detail) == (
        ErrorClass.UNEXPECTED_ANSWER,
        "the expected pattern takes too long to look for: use a simpler one, or a text",
    )
    assert loop_work_s() - before < 0.15
    assert facts(outcome)["answer"].startswith("\\xff")


def test_tls_and_starttls_bring_the_certificate(asking: Asking, authority: Authority) -> None:
    context = authority.server_context("127.0.0.1", days_left=60)
    with Talking(echo, context) as server:
        outcome = asking.ask("tcp", server.target, {"security": "tls", "send": "a", "expect": "you said a"})
    mail = SmtpPeer(starttls=context)
    mail.start()
    try:
        starttls = asking.ask(
            "tcp", mail.target, {"security": "smtp", "send": r"NOOP\r\n", "expect": "/^250 /"}
        )
    finally:
        mail.stop()

    assert outcome.ok
    assert outcome.tls_us
    assert facts(outcome)["certificate_days"] == 59
    assert starttls.ok
    assert notes(starttls)["tls"]["chain"][0]["subject"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"send": r"a\q"}, "known are"),
        ({"send": "a\\"}, "known are"),
        ({"expect": "/(/"}, "RE2 says"),
        ({"send": 5}, "as text"),
        ({"security": "quic"}, "Use none or tls"),
    ],
)
def test_wrong_setting_says_what_to_write(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SETTINGS.load(settings)


def test_settings_are_written_as_they_are_read() -> None:
    config = SETTINGS.load(
        {"send": r"\x00\xff\\ü\r\n", "expect": "/^a/", "assertions": ["[CONNECTED] == true"]}
    )

    assert config.send == b"\x00\xff\\\xc3\xbc\r\n"
    assert SETTINGS.load(SETTINGS.as_json(config)) == config


@pytest.mark.parametrize(("size", "is_cut"), [(LONGEST_ANSWER - 1, False), (LONGEST_ANSWER, True)])
def test_an_answer_of_as_many_bytes_as_are_read_may_go_on(size: int, is_cut: bool) -> None:
    assert isinstance(as_answer(b"x" * size), Beginning) is is_cut


@given(st.binary(max_size=60))
def test_received_bytes_are_shown_as_python_would_escape_them(data: bytes) -> None:
    assert as_text(data) == data.decode("utf-8", "backslashreplace")


@given(st.binary(max_size=60))
def test_any_bytes_survive_being_written_as_text(data: bytes) -> None:
    assert read_payload(write_payload(data)) == data

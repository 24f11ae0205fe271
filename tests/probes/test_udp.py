"""The UDP check against services that answer, answer wrongly, answer late or do not exist."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from monitors.probes.outcome import ErrorClass
from monitors.probes.udp import SETTINGS
from pulse.fields import ConfigError
from tests.probes.asking import Asking, facts
from tests.probes.running import loop_work_s

Answers = Callable[[bytes, int], list[bytes]]


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    with Asking() as engine:
        yield engine


@contextmanager
def service(answers: Answers, address: str = "127.0.0.1") -> Iterator[str]:
    """`answers` is given each datagram and its number, and returns what to send back."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((address, 0))
    port = sock.getsockname()[1]

    def serve() -> None:
        number = 0
        while True:
            data, peer = sock.recvfrom(4096)
            if data == b"end":
                return
            number += 1
            for answer in answers(data, number):
                sock.sendto(answer, peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    sock.sendto(b"end", (address, port))
    thread.join(5)
    sock.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_service_that_answers_is_up(asking: Asking, address: str) -> None:
    with service(lambda data, _: [b"pong " + data], address) as target:
        outcome = asking.ask("udp", target, {"send": r"ping\x00", "expect": "/^pong ping/"})

    assert (outcome.ok, outcome.detail, outcome.address) == (True, "answered as expected", address)
    assert facts(outcome)["answer"] == "pong ping\ufffd"  # NUL is no text for the database
    assert outcome.wait_us


def test_lost_datagram_is_sent_again(asking: Asking) -> None:
    with service(lambda _, number: [b"late"] if number > 1 else []) as target:
        outcome = asking.ask("udp", target, {"send": "x", "assertions": ["[ANSWER] == late"]}, timeout_s=1.5)

    assert outcome.ok


def test_wrong_answer_before_the_right_one_does_no_harm(asking: Asking) -> None:
    with service(lambda _, __: [b"noise", b"right"]) as target:
        assert asking.ask("udp", target, {"send": "x", "expect": "right"}).ok


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("right", "the answer does not contain the expected text"),
        ("/^right/", "the answer does not match the expected pattern"),
    ],
)
def test_service_that_answers_each_try_wrongly_is_not_silent(asking: Asking, expect: str, words: str) -> None:
    with service(lambda _, number: [b"wrong %d" % number]) as target:
        outcome = asking.ask("udp", target, {"send": "x", "expect": expect}, timeout_s=1)

    assert (outcome.error, outcome.detail) == (ErrorClass.UNEXPECTED_ANSWER, words)
    assert facts(outcome)["answer"] == "wrong 2"


def test_flood_of_wrong_answers_is_down_at_once(asking: Asking) -> None:
    began = monotonic()
    with service(lambda _, __: [b"no"] * 200) as target:
        outcome = asking.ask("udp", target, {"send": "x", "expect": "yes"})

    assert (outcome.ok, outcome.error) == (False, ErrorClass.UNEXPECTED_ANSWER)
    assert monotonic() - began < 3  # of 5


def test_a_costly_pattern_ends_the_check_with_a_sentence(asking: Asking) -> None:
    before = loop_work_s()
    with service(lambda _, __: [b"\xff" * 2000] * 50) as target:
        outcome = asking.ask("udp", target, {"send": "x", "expect": r"/(?:[\\-x]{1,990}y)/"})

    assert outcome.error is ErrorClass.UNEXPECTED_ANSWER
    assert outcome.detail.startswith("the expected pattern takes too long to look for")
    assert loop_work_s() - before < 0.15


def test_silence_is_a_timeout_and_a_closed_port_is_refused(asking: Asking) -> None:
    with service(lambda _, __: []) as target:
        silent = asking.ask("udp", target, {"send": "x"}, timeout_s=1)
    closed = asking.ask("udp", target, {"send": "x"})

    assert (silent.ok, silent.error, silent.detail) == (
        False, ErrorClass.TIMEOUT, "no answer to 2 datagrams within 1 s",
    )  # fmt: skip
    assert (closed.ok, closed.error) == (False, ErrorClass.CONNECT_REFUSED)


def test_nothing_to_send_is_refused_when_it_is_configured() -> None:
    with pytest.raises(ConfigError, match="/send: Write what to send"):
        SETTINGS.load({"expect": "x"})

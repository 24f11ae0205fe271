"""The DNS check against name servers that lie, cut off, hang or say too much."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from monitors.probes.outcome import ErrorClass
from tests.certificates import Authority
from tests.probes.asking import Asking, facts
from tests.talking import Talking, quiet
from tests.targets import HttpTarget


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


Liar = Callable[[dns.message.Message], list[bytes]]


@contextmanager
def lying(answers: Liar) -> Iterator[str]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, peer = sock.recvfrom(4096)
            if not data:
                return
            for answer in answers(dns.message.from_wire(data)):
                sock.sendto(answer, peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{sock.getsockname()[1]}"
    sock.sendto(b"", sock.getsockname())
    thread.join(5)
    sock.close()


def good(query: dns.message.Message, address: str = "192.0.2.1") -> dns.message.Message:
    reply = dns.message.make_response(query)
    reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address))
    return reply


def other_question(query: dns.message.Message) -> bytes:
    other = dns.message.make_query("other.test", "A")
    other.id = query.id
    return good(other, "192.0.2.66").to_wire()


def other_id(query: dns.message.Message) -> bytes:
    forged = good(query, "192.0.2.66")
    forged.id ^= 1
    return forged.to_wire()


@pytest.mark.parametrize("wanted", [True, False])
def test_recursion_is_asked_for_as_the_monitor_says(asking: Asking, wanted: bool) -> None:
    asked: list[bool] = []

    def answers(query: dns.message.Message) -> list[bytes]:
        asked.append(bool(query.flags & dns.flags.RD))
        return [good(query).to_wire()]

    with lying(answers) as resolver:
        assert asking.ask("dns", "a.test", {"resolver": resolver, "recursion": wanted}).ok

    assert asked == [wanted]


@pytest.mark.parametrize(
    ("wanted", "answered", "ok"),
    [
        ("SERVFAIL", "SERVFAIL", True),
        ("SERVFAIL", "NOERROR", False),
        ("REFUSED", "REFUSED", True),
        ("REFUSED", "SERVFAIL", False),
        ("NOERROR", "REFUSED", False),
        ("any", "NXDOMAIN", True),
        ("any", "SERVFAIL", True),
        ("any", "REFUSED", True),
        ("any", "NOERROR", True),
    ],
)
def test_response_code_is_the_one_that_is_wanted(
    asking: Asking, wanted: str, answered: str, ok: bool
) -> None:
    def answers(query: dns.message.Message) -> list[bytes]:
        reply = good(query) if answered == "NOERROR" else dns.message.make_response(query)
        reply.set_rcode(dns.rcode.from_text(answered))
        return [reply.to_wire()]

    with lying(answers) as resolver:
        outcome = asking.ask("dns", "a.test", {"resolver": resolver, "rcode": wanted})

    assert (outcome.ok, facts(outcome)["rcode"]) == (ok, answered)
    assert ok or outcome.detail == f"the name server answered {answered}, expected {wanted}"


def test_dns_over_https_is_asked_at_the_path_of_the_settings(asking: Asking, authority: Authority) -> None:
    query = dns.message.make_query("a.test", "A", id=0)
    with HttpTarget(tls=authority.server_context("127.0.0.1")) as server:
        server.body, server.headers = good(query).to_wire(), {"Content-Type": "application/dns-message"}
        settings = {"resolver": f"127.0.0.1:{server.port}", "transport": "https"}
        other = asking.ask("dns", "a.test", settings | {"doh_path": "/own/resolve?key=5"})
        usual = asking.ask("dns", "a.test", settings)

    assert (other.ok, usual.ok) == (True, True), other.detail
    assert [request.path for request in server.requests] == ["/own/resolve?key=5", "/dns-query"]


def test_forged_answers_are_passed_over(asking: Asking) -> None:
    def answers(query: dns.message.Message) -> list[bytes]:
        return [
            b"",
            b"\xff" * 40,
            query.to_wire(),
            other_question(query),
            other_id(query),
            good(query).to_wire(),
        ]

    with lying(answers) as resolver:
        outcome = asking.ask("dns", "a.test", {"resolver": resolver})

    assert (outcome.ok, facts(outcome)["records"]) == (True, ["192.0.2.1"])


def test_flood_of_forged_answers_is_a_bad_response(asking: Asking) -> None:
    with lying(lambda query: [other_id(query)] * 250) as resolver:
        outcome = asking.ask("dns", "a.test", {"resolver": resolver}, timeout_s=1)

    assert (outcome.ok, outcome.error) == (False, ErrorClass.BAD_RESPONSE)


def test_silent_name_server_is_a_timeout(asking: Asking) -> None:
    with lying(lambda _: []) as resolver:
        udp = asking.ask("dns", "a.test", {"resolver": resolver}, timeout_s=0.3)
    with Talking(quiet) as server:
        tcp = asking.ask("dns", "a.test", {"resolver": server.target, "transport": "tcp"}, timeout_s=0.3)

    assert (udp.error, udp.detail) == (ErrorClass.TIMEOUT, "the name server 127.0.0.1 does not answer")
    assert tcp.error is ErrorClass.TIMEOUT


def test_nonsense_over_tcp_is_a_bad_response(asking: Asking) -> None:
    def nonsense(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"\x00\x0c" + b"\xff" * 12)

    with Talking(nonsense) as server:
        outcome = asking.ask("dns", "a.test", {"resolver": server.target, "transport": "tcp"})

    assert (outcome.ok, outcome.error) == (False, ErrorClass.BAD_RESPONSE)


def long_names(query: dns.message.Message, count: int) -> bytes:
    """CNAMEs of sixteen bytes each, all of which stand for a name of 121 labels."""
    name = b"".join(b"\x01" + bytes([97 + place % 26]) for place in range(120)) + b"\x00"
    wire = query.to_wire()
    end = 12 + len(query.question[0].name.to_wire() or b"") + 4
    first = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, len(name)) + name
    others = b"\xc0\x0c" + struct.pack("!HHIHH", 5, 1, 60, 4, 0x0178) + struct.pack("!H", 0xC000 | end + 12)
    head = wire[:2] + struct.pack("!HHHHH", 0x8000, 1, count + 1, 0, 0)
    return head + wire[12:end] + first + others * count


def test_names_that_would_take_long_to_read_are_a_bad_response(asking: Asking) -> None:
    """Read as a whole, this took a second of the loop that all checks share."""

    def script(connection: socket.socket) -> None:
        data = long_names(dns.message.from_wire(connection.recv(4096)[2:]), 500)
        connection.sendall(len(data).to_bytes(2, "big") + data)

    settings = {"transport": "tcp", "record_type": "CNAME"}
    with Talking(script) as server:
        tcp = asking.ask("dns", "a.test", {"resolver": server.target, **settings})
    with lying(lambda query: [long_names(query, 60)]) as resolver:
        udp = asking.ask("dns", "a.test", {"resolver": resolver, "record_type": "CNAME"})

    for outcome in (tcp, udp):
        assert (outcome.ok, outcome.error) == (False, ErrorClass.BAD_RESPONSE)
        assert outcome.detail == "the names in the name server's answer are too long together"


def test_a_long_answer_is_read_in_full(asking: Asking) -> None:
    def script(connection: socket.socket) -> None:
        query = dns.message.from_wire(connection.recv(4096)[2:])
        reply = dns.message.make_response(query)
        addresses = [f"192.0.{number // 200}.{number % 200}" for number in range(600)]
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", *addresses))
        data = reply.to_wire(max_size=65_535)
        connection.sendall(len(data).to_bytes(2, "big") + data)

    with Talking(script) as server:
        settings = {"resolver": server.target, "transport": "tcp", "expected": ["192.0.0.7"]}
        outcome = asking.ask("dns", "a.test", settings)

    assert (outcome.ok, outcome.detail) == (True, "answered 200 A records"), outcome.detail

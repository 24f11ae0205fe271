"""Messages of look-ups, held against dnspython as an independent reader and writer."""

import socket
import struct
from time import thread_time

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.net.dns_wire import (
    AAAA,
    MOST_ADDRESSES,
    UNREADABLE,
    A,
    Reply,
    query_of,
    question_of,
    read_reply,
)

LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=63)
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(".".join).filter(lambda name: len(name) <= 253)
KINDS = st.sampled_from([A, AAAA])


def asked(name: str, kind: int = A) -> bytes:
    question = question_of(name, kind)
    assert question is not None
    return question


def response(
    name: str, *records: tuple[str, int, str, str], kind: int = A, flags: int = 0, rcode: int = 0
) -> bytes:
    """What a name server would send: (owner, TTL, type, data) each."""
    query = dns.message.from_wire(query_of(7, asked(name, kind), edns=True))
    message = dns.message.make_response(query, recursion_available=True)
    message.flags |= flags
    message.set_rcode(dns.rcode.Rcode(rcode))
    for owner, ttl, record, data in records:
        message.answer.append(dns.rrset.from_text(owner, ttl, "IN", record, data))
    return message.to_wire(max_size=65_535)


@given(NAMES, KINDS, st.integers(0, 0xFFFF), st.booleans())
def test_query_says_what_another_reader_understands(name: str, kind: int, number: int, edns: bool) -> None:
    message = dns.message.from_wire(query_of(number, asked(name, kind), edns=edns))

    [question] = message.question
    assert (message.id, question.name, question.rdtype) == (number, dns.name.from_text(name), kind)
    assert (message.opcode(), message.flags) == (dns.opcode.QUERY, dns.flags.RD)
    assert (message.edns, message.payload) == ((0, 1232) if edns else (-1, 0))


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a.", "x" * 64, "x" * 300, "mañana.test", ".".join(["x" * 63] * 4)]
)
def test_what_is_no_host_name_is_not_asked_about(name: str) -> None:
    assert question_of(name, A) is None


@given(
    NAMES,
    st.lists(NAMES, max_size=4, unique=True),
    st.lists(st.ip_addresses(v=4), max_size=5, unique=True),
    st.lists(st.integers(0, 100_000), min_size=10, max_size=10),
)
def test_addresses_are_found_at_the_end_of_the_aliases(
    name: str, aliases: list[str], addresses: list[object], ttls: list[int]
) -> None:
    chain = list(dict.fromkeys([name, *aliases]))
    records = [
        (f"{owner}.", ttl, "CNAME", f"{target}.")
        for owner, target, ttl in zip(chain, chain[1:], ttls, strict=False)
    ]
    records += [(f"{chain[-1]}.", ttls[9], "A", str(address)) for address in addresses]
    data = response(name, *records)

    reply = read_reply(data, asked(name))

    message = dns.message.from_wire(data)
    assert isinstance(message, dns.message.QueryMessage)
    model = message.resolve_chaining()
    found = [record.address for record in model.answer] if model.answer else []
    assert reply is not None
    assert sorted(reply.addresses) == sorted(found)
    assert not found or reply.ttl == model.minimum_ttl


def test_records_of_others_do_not_count() -> None:
    data = response(
        "a.test", ("other.test.", 5, "A", "192.0.2.9"), ("b.test.", 5, "CNAME", "other.test."),
        ("a.test.", 60, "TXT", '"hello"'), ("a.test.", 60, "A", "192.0.2.1"),
    )  # fmt: skip

    assert read_reply(data, asked("a.test")) == Reply(0, False, ("192.0.2.1",), 60)


def test_aliases_that_go_round_lead_nowhere() -> None:
    data = response("a.test", ("a.test.", 5, "CNAME", "b.test."), ("b.test.", 5, "CNAME", "a.test."))

    assert read_reply(data, asked("a.test")) == Reply(0)


def test_addresses_of_ipv6_are_read_in_the_same_way() -> None:
    data = response("a.test", ("a.test.", 7, "AAAA", "2001:4860::1"), kind=AAAA)

    assert read_reply(data, asked("a.test", AAAA)) == Reply(0, False, ("2001:4860::1",), 7)


def test_time_to_live_that_is_negative_is_none() -> None:
    data = bytearray(response("a.test", ("a.test.", 7, "A", "192.0.2.1")))
    at = data.index(b"\x00\x00\x00\x07\x00\x04")
    data[at : at + 4] = b"\xff\xff\xff\xff"

    reply = read_reply(bytes(data), asked("a.test"))

    assert reply is not None
    assert reply.ttl == 0


def pointing(owner: bytes, count: int) -> bytes:
    """An alias of 120 labels and then addresses, whose owners are `owner` and a pointer to that alias."""
    question = asked("a.test")
    name = b"".join(b"\x01" + bytes([97 + place % 26]) for place in range(120)) + b"\0"
    alias = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 0, len(name)) + name
    pointer = struct.pack("!H", 0xC000 | (12 + len(question) + 12))
    address = owner + pointer + struct.pack("!HHIH", 1, 1, 0, 4) + b"\x01\x02\x03\x04"
    return struct.pack("!HHHHHH", 7, 0x8180, 1, count + 1, 0, 0) + question + alias + address * count


def test_a_long_name_that_is_pointed_to_is_read_once() -> None:
    data = pointing(b"", 40_000)  # ten times what a message can hold
    began = thread_time()

    reply = read_reply(data, asked("a.test"))

    assert thread_time() - began < 0.3
    assert reply == Reply(0, False, ("1.2.3.4",) * MOST_ADDRESSES, 0)


def test_names_that_are_long_together_are_unreadable() -> None:
    assert read_reply(pointing(b"\x01x", 20), asked("a.test")) == Reply(0)  # of others
    assert read_reply(pointing(b"\x01x", 3000), asked("a.test")) == Reply(UNREADABLE)


def test_only_so_many_addresses_are_kept() -> None:
    records = [("a.test.", 7, "A", f"192.0.2.{number}") for number in range(200)]

    reply = read_reply(response("a.test", *records), asked("a.test"))

    assert reply is not None
    assert len(reply.addresses) == MOST_ADDRESSES


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (response("a.test", rcode=3), Reply(3)),
        (response("a.test", rcode=2), Reply(2)),
        (response("a.test"), Reply(0)),
        (response("a.test", flags=dns.flags.TC), Reply(0, True)),
        (response("A.TEST", ("A.test.", 7, "A", "192.0.2.1")), Reply(0, False, ("192.0.2.1",), 7)),
        (response("b.test"), None),
        (response("a.test", kind=AAAA), None),
        (query_of(7, asked("a.test"), edns=True), None),
        (response("a.test", flags=0x0800), None),  # another opcode
        (b"\x00\x07\x81\x81" + bytes(8), Reply(1)),  # a refusal that repeats nothing
        (b"\x00\x07\x81\x83" + bytes(8), None),  # NXDOMAIN of what?
        (b"\x00\x07\x81\x80" + bytes(8), None),
        (b"", None),
        (response("a.test", ("a.test.", 7, "A", "192.0.2.1"))[:35], Reply(UNREADABLE)),
    ],
)
def test_only_an_answer_to_the_very_question_counts(data: bytes, expected: Reply | None) -> None:
    assert read_reply(data, asked("a.test")) == expected


@pytest.mark.parametrize(
    "name",
    [
        b"\xc0\x18",  # to itself
        b"\xc0\xff",  # forward
        b"\x01a\xc0\x18",  # round and round through a label
        b"\x41" + b"a" * 65,  # a label of an unknown kind
        (b"\x3f" + b"a" * 63) * 5 + b"\x00",  # too long
        b"\x05ab",  # beyond the end
    ],
)
def test_names_that_cannot_be_read_end_the_reading(name: bytes) -> None:
    question = asked("a.test")
    head = b"\x00\x07\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + question
    assert len(head) == 0x18

    tail = b"\x00\x01\x00\x01\x00\x00\x00\x07\x00\x04\xc0\x00\x02\x01"

    assert read_reply(head + name + tail, question) == Reply(UNREADABLE)


@given(st.data(), KINDS)
def test_no_bytes_whatever_raise_or_invent_an_address(draw: st.DataObject, kind: int) -> None:
    data = bytearray(
        response(
            "www.a.test", ("www.a.test.", 9, "CNAME", "a.test."), ("a.test.", 7, "A", "192.0.2.1"), kind=A
        )
    )
    for _ in range(draw.draw(st.integers(1, 8))):
        data[draw.draw(st.integers(2, len(data) - 1))] = draw.draw(st.integers(0, 255))
    data = data[: draw.draw(st.integers(0, len(data)))]

    reply = read_reply(bytes(data), asked("www.a.test", kind))

    assert reply is None or len(reply.addresses) <= MOST_ADDRESSES
    for address in reply.addresses if reply else ():
        socket.inet_pton(socket.AF_INET if kind == A else socket.AF_INET6, address)


@given(st.binary(max_size=600))
def test_noise_is_no_answer(noise: bytes) -> None:
    question = asked("a.test")
    head = b"\x00\x07\x81\x80\x00\x01\x00\x05\x00\x00\x00\x00" + question

    read_reply(noise, question)
    reply = read_reply(head + noise, question)

    assert reply is not None

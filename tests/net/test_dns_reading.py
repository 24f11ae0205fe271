"""Answers to DNS checks are read within bounds: what was not asked for is skipped, and names are counted first."""

import struct

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from pulse.net.dns_reading import MOST_LABELS, MOST_RECORDS, Unreadable, answers, read

QUERY = dns.message.make_query("a.test", "CNAME", id=7, use_edns=0, payload=1232).to_wire()
END = 12 + len(b"\x01a\x04test\x00") + 4
LONG = b"".join(b"\x01" + bytes([97 + place % 26]) for place in range(120)) + b"\x00"


def reply(*texts: str, name: str = "a.test.", kind: str = "CNAME", asked: str = "a.test") -> bytes:
    message = dns.message.make_response(dns.message.make_query(asked, kind, id=7))
    for text in texts:
        message.answer.append(dns.rrset.from_text(name, 300, "IN", kind, text))
    return message.to_wire()


def raw(*records: bytes, answers: int | None = None, flags: int = 0x8000) -> bytes:
    count = len(records) if answers is None else answers
    head = QUERY[:2] + struct.pack("!HHHHH", flags, 1, count, len(records) - count, 0)
    return head + QUERY[12:END] + b"".join(records)


def record(kind: int, content: bytes, owner: bytes = b"\xc0\x0c", ttl: int = 60) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(content)) + content


def pointing(count: int) -> bytes:
    """An answer of some 16 bytes a record, each of which stands for a name of 121 labels."""
    place = END + 12
    return raw(
        record(1, LONG), *(record(5, b"\x01x" + struct.pack("!H", 0xC000 | place)) for _ in range(count))
    )


@pytest.mark.parametrize(
    ("data", "is_answer"),
    [
        (reply("b.test."), True),
        (reply("b.test.", asked="A.TEST"), True),
        (b"", False),
        (QUERY, False),
        (b"\xff" * 40, False),
        (bytes([QUERY[0] ^ 1]) + reply("b.test.")[1:], False),
        (reply("b.test.", asked="b.test"), False),
        (reply(asked="a.test", kind="A"), False),
        (raw(flags=0xA800), False),
        (QUERY[:2] + struct.pack("!HHHHH", 0x8002, 0, 0, 0, 0), False),
    ],
)
def test_only_an_answer_to_the_very_question_counts(data: bytes, is_answer: bool) -> None:
    assert answers(data, QUERY) is is_answer


def test_records_flags_and_the_smallest_ttl_are_read() -> None:
    found = read(raw(record(5, b"\x01B\xc0\x0e"), record(1, b"\x7f\0\0\1", ttl=7), flags=0x8420), QUERY)

    assert [rdata.to_text() for rdata in found.records] == ["B.test."]
    assert (found.ttl, found.rcode, found.cut_off) == (7, 0, False)
    assert dns.flags.to_text(found.flags).split() == ["QR", "AA", "AD"]


def test_response_code_is_put_together_with_that_of_edns() -> None:
    opt = b"\x00" + struct.pack("!HHIH", 41, 1232, 1 << 24, 0)

    assert read(raw(opt, answers=0), QUERY).rcode == 16


@pytest.mark.parametrize(
    ("section", "count"),
    [("answer", 3000), ("authority", 3000)],
)
def test_what_was_not_asked_for_is_skipped(section: str, count: int) -> None:
    others = [record(2, struct.pack("!H", 0xC000 | END)) for _ in range(count)]
    first = record(5, b"\x01b\xc0\x0e")
    data = raw(first, *others, answers=count + 1 if section == "answer" else 1)

    assert [rdata.to_text() for rdata in read(data, QUERY).records] == ["b.test."]


def test_names_may_be_long_but_not_all_of_them() -> None:
    most = MOST_LABELS // 122

    assert len(read(pointing(most), QUERY).records) == most
    with pytest.raises(Unreadable, match="too long together"):
        read(pointing(most + 1), QUERY)


def test_pointers_to_pointers_count_as_well() -> None:
    first = END + 12
    chain = b"\x01x\x00" + b"".join(
        struct.pack("!H", 0xC000 | first + max(0, 2 * n + 1)) for n in range(-1, 99)
    )
    last = struct.pack("!H", 0xC000 | first + len(chain) - 2)
    data = raw(record(1, chain), *(record(5, last) for _ in range(100)))

    with pytest.raises(Unreadable, match="too long together"):
        read(data, QUERY)


def test_more_records_than_anyone_compares_are_refused() -> None:
    def many(count: int) -> bytes:
        return raw(*(record(5, b"\xc0\x0c") for _ in range(count)))

    assert len(read(many(MOST_RECORDS), QUERY).records) == MOST_RECORDS
    with pytest.raises(Unreadable, match="more than 1,000"):
        read(many(MOST_RECORDS + 1), QUERY)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (raw(record(5, b"\xc0\x0c"))[:-1], "ends within a record"),
        (raw(answers=0)[:6] + b"\xff\xff" + raw(answers=0)[8:], "ends within a record"),
        (raw(record(5, b"\xc0\xff")), "no CNAME record"),
        (raw(record(5, b"\x40aaa")), "no CNAME record"),
        (raw(record(5, b"")), "ends within a record|no CNAME record"),
        (raw(record(5, b"\xc0\x0c", owner=b"\x41a\x00")), "ends within a record"),
    ],
)
def test_what_is_no_message_is_unreadable(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(data, QUERY)


def test_answer_that_says_it_was_cut_off_is_read_as_far_as_it_goes() -> None:
    second = record(5, b"\xc0\x0c")
    whole = raw(record(5, b"\xc0\x0c"), second, flags=0x8200)

    for lost in range(1, len(second) + 1):
        found = read(whole[:-lost], QUERY)
        assert (found.cut_off, len(found.records)) == (True, 1), lost


def test_nothing_is_held_against_an_answer_that_was_cut_off() -> None:
    odd = raw(record(5, b"\x05short"), flags=0x8200)

    found = read(odd, QUERY)

    assert (found.cut_off, found.records) == (True, ())


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("A", "192.0.2.1"), ("AAAA", "2001:db8::1"), ("MX", "10 mail.test."), ("NS", "ns.test."),
        ("TXT", '"a" "b"'), ("SRV", "1 2 53 host.test."), ("CAA", '0 issue "ca.test"'),
        ("SOA", "ns.test. admin.test. 1 2 3 4 5"), ("PTR", "a.test."),
    ],
)  # fmt: skip
def test_each_kind_is_read(kind: str, text: str) -> None:
    query = dns.message.make_query("a.test", kind)
    message = dns.message.make_response(query)
    message.answer.append(dns.rrset.from_text("a.test.", 300, "IN", kind, text))

    found = read(message.to_wire(), query.to_wire())

    assert [rdata.to_text() for rdata in found.records] == [text]
    assert found.records[0].rdtype is dns.rdatatype.from_text(kind)

"""Read the records of one kind out of an answer. What it costs is bounded by us, not by whoever wrote the answer.

A name is up to 127 labels and a pointer to it two bytes: 8 KB of an answer hold 60,000 labels, which a parser that
reads everything decodes for a second. So owners, other kinds and other sections are skipped, and labels counted before.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from struct import Struct, error

import dns.exception
import dns.flags
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

MOST_RECORDS = 1000
# 1 µs each: a thousand names of mail servers have four thousand.
MOST_LABELS = 5000

_HEADER, _RECORD = Struct("!HHHHHH"), Struct("!HHIH")
_FOREVER = 0x7FFFFFFF
_LONGEST_LABEL = 63
# Where the names of a record begin, and how many there are. The other kinds that people may ask for hold none.
_NAMES = {
    dns.rdatatype.NS: (0, 1), dns.rdatatype.CNAME: (0, 1), dns.rdatatype.PTR: (0, 1), dns.rdatatype.SOA: (0, 2),
    dns.rdatatype.MX: (2, 1), dns.rdatatype.SRV: (6, 1),
}  # fmt: skip


class Unreadable(ValueError):
    """The text says what is wrong with the answer."""


@dataclass(frozen=True, slots=True)
class Found:
    """`ttl` is the smallest of the whole answer, None for an empty one."""

    flags: int
    rcode: dns.rcode.Rcode
    ttl: int | None
    records: tuple[dns.rdata.Rdata, ...]

    @property
    def cut_off(self) -> bool:
        return bool(self.flags & dns.flags.TC)


def answers(data: bytes, query: bytes) -> bool:
    """Whether `data` is about the very question of `query`: same number, same name, same kind."""
    if len(data) < _HEADER.size or data[:2] != query[:2]:
        return False
    _, flags, questions, _, _, _ = _HEADER.unpack_from(data)
    if not flags & dns.flags.QR or flags & 0x7800 or questions != 1:
        return False
    asked = query[_HEADER.size : _question_end(query)]
    found = data[_HEADER.size : _HEADER.size + len(asked)]
    # Lengths and kinds are no letters, but may look like capitals: both sides are treated alike.
    return found == asked or found.lower() == asked.lower()


def read(data: bytes, query: bytes) -> Found:
    """What an answer to `query` holds of what was asked; raises Unreadable.

    One that was cut off is asked for again by another way, so that nothing in it is held against the name server.
    """
    try:
        return _read(data, query)
    except Unreadable:
        flags = _HEADER.unpack_from(data)[1]
        if not flags & dns.flags.TC:
            raise
        return Found(flags, dns.rcode.from_flags(flags, 0), None, ())


def _read(data: bytes, query: bytes) -> Found:
    end = _question_end(query)
    kind = dns.rdatatype.RdataType(int.from_bytes(query[end - 4 : end - 2], "big"))
    _, flags, _, count, names, more = _HEADER.unpack_from(data)
    ttls: list[int] = []
    wanted: list[tuple[int, int]] = []
    extended = 0
    try:
        for number in range(count + names + more):
            end = _past_name(data, end)
            record, group, ttl, size = _RECORD.unpack_from(data, end)
            begin, end = end + _RECORD.size, end + _RECORD.size + size
            if end > len(data):
                raise IndexError("a record that is longer than what came")
            if number >= count:
                extended = ttl if record == dns.rdatatype.OPT else extended
                continue
            ttls.append(ttl if ttl <= _FOREVER else 0)  # RFC 2181, 8
            if record == kind and group == dns.rdataclass.IN:
                wanted.append((begin, size))
    except (IndexError, error):
        if not flags & dns.flags.TC:
            raise Unreadable("the name server's answer ends within a record") from None
    _refuse_much(data, kind, [begin for begin, _ in wanted])
    rcode = dns.rcode.from_flags(flags, extended)
    return Found(flags, rcode, min(ttls, default=None), tuple(_rdata(data, kind, *one) for one in wanted))


def _rdata(data: bytes, kind: dns.rdatatype.RdataType, begin: int, size: int) -> dns.rdata.Rdata:
    try:
        return dns.rdata.from_wire(dns.rdataclass.IN, kind, data, begin, size)
    except (dns.exception.DNSException, ValueError, IndexError):
        words = f"the name server's answer has a record that is no {dns.rdatatype.to_text(kind)} record"
        raise Unreadable(words) from None


def _question_end(query: bytes) -> int:
    return _past_name(query, _HEADER.size) + 4


def _past_name(data: bytes, offset: int) -> int:
    """Where the name at `offset` ends, without following where it points to."""
    while length := data[offset]:
        if length >= 0xC0:
            return offset + 2
        if length > _LONGEST_LABEL:
            raise IndexError("a label of an unknown kind")
        offset += 1 + length
    return offset + 1


def _refuse_much(data: bytes, kind: dns.rdatatype.RdataType, begins: list[int]) -> None:
    if len(begins) > MOST_RECORDS:
        raise Unreadable(f"the name server's answer has more than {MOST_RECORDS:,} of the records")
    if kind not in _NAMES:
        return
    before, names = _NAMES[kind]
    left = MOST_LABELS
    for begin in begins:
        offset = begin + before
        for _ in range(names):
            left -= _labels(data, offset, left)
            if left < 0:
                raise Unreadable("the names in the name server's answer are too long together")
            with suppress(IndexError):  # decoding it will say so
                offset = _past_name(data, offset)


def _labels(data: bytes, offset: int, most: int) -> int:
    """How many labels and pointers decoding the name goes through, counted to just beyond `most`."""
    count, limit = 0, offset
    with suppress(IndexError):
        while (length := data[offset]) and count <= most:
            count += 1
            if length < 0xC0:
                offset += 1 + length
                continue
            offset = (length & 0x3F) << 8 | data[offset + 1]
            if offset >= limit:  # each leads further back; others are refused when it is decoded
                break
            limit = offset
    return count

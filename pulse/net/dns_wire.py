"""DNS messages (RFC 1035) for the one question that is asked of name servers: the addresses of a name."""

import socket
from struct import Struct, error
from typing import NamedTuple

A, AAAA = 1, 28
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
# Instead of a response code: an answer to our question that cannot be read, one that cannot be had as a whole, none.
UNREADABLE, CUT_OFF, UNREACHABLE = -1, -2, -3
# What fits into a datagram everywhere without being cut into pieces, which could be exchanged (RFC 6891, RFC 9715).
DATAGRAM = 1232
MOST_ADDRESSES = 64

_CNAME, _IN = 5, 1
_MOST_ALIASES = 16
_LONGEST_NAME = 255
_LONGEST_LABEL = 63
_LONGEST_NAMES = 8192
# The name in the question, which stands behind the header: most answers are about that.
_ASKED_NAME = b"\xc0\x0c"
_FOREVER = 0x7FFFFFFF
_HEADER, _RECORD = Struct("!HHHHHH"), Struct("!HHIH")
_ANSWER, _OPCODE, _TRUNCATED, _RCODE = 0x8000, 0x7800, 0x0200, 0x000F
_ASK = b"\x01\x00\x00\x01\x00\x00\x00\x00"  # recursion wanted, one question, no records
_EDNS = b"\x00" + _RECORD.pack(41, DATAGRAM, 0, 0)
_TAILS = {kind: b"\x00" + Struct("!HH").pack(kind, _IN) for kind in (A, AAAA)}
_FAMILIES = {A: (socket.AF_INET, 4), AAAA: (socket.AF_INET6, 16)}
# Servers that make nothing of a query may send their refusal without it.
_BARE = frozenset({FORMERR, SERVFAIL, NOTIMP, REFUSED})


class Reply(NamedTuple):
    """What a name server says of one name; `ttl` in seconds is the shortest on the way to the addresses."""

    rcode: int
    truncated: bool = False
    addresses: tuple[str, ...] = ()
    ttl: int = 0


def question_of(name: str, kind: int) -> bytes | None:
    """The question for records of `kind`; None for what no name server can be asked about."""
    try:
        labels = name.lower().encode("ascii").split(b".")
        packed = b"".join([bytes((len(label),)) + label for label in labels])
    except ValueError:  # not ASCII, or a label of more than 255 bytes
        return None
    if len(packed) >= _LONGEST_NAME or b"" in labels or max(map(len, labels)) > _LONGEST_LABEL:
        return None
    return packed + _TAILS[kind]


def query_of(number: int, question: bytes, *, edns: bool) -> bytes:
    head = number.to_bytes(2, "big") + _ASK
    return head + b"\x00\x01" + question + _EDNS if edns else head + b"\x00\x00" + question


def read_reply(data: bytes, question: bytes) -> Reply | None:
    """None for what is no answer to this question; the caller has compared the number in front."""
    if len(data) < _HEADER.size:
        return None
    _, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    if not flags & _ANSWER or flags & _OPCODE:
        return None
    rcode = flags & _RCODE
    begin = _HEADER.size + len(question)
    if questions != 1 or not _same(data[_HEADER.size : begin], question):
        return Reply(rcode) if rcode in _BARE and not questions and not answers else None
    if flags & _TRUNCATED or rcode != NOERROR:
        return Reply(rcode, bool(flags & _TRUNCATED))
    try:
        return _addresses(data, begin, answers, question)
    except (IndexError, ValueError, error):
        return Reply(UNREADABLE)


def _same(found: bytes, question: bytes) -> bool:
    # Lengths and types are no letters, but may look like capitals: both sides are treated alike.
    return found == question or found.lower() == question.lower()


def _addresses(data: bytes, offset: int, answers: int, question: bytes) -> Reply:
    kind = int.from_bytes(question[-4:-2], "big")
    family, size = _FAMILIES[kind]
    aliases: dict[bytes, tuple[bytes, int]] = {}
    found: list[tuple[bytes, int, bytes]] = []
    asked = question[:-4]
    names = _Names(data)
    for _ in range(answers):
        if data[offset : offset + 2] == _ASKED_NAME:
            owner, offset = asked, offset + 2
        else:
            owner, offset = names.at(offset)
        record, group, ttl, length = _RECORD.unpack_from(data, offset)
        offset += _RECORD.size
        end = offset + length
        if end > len(data):
            raise ValueError("a record is longer than its message")
        if group == _IN and record == kind:
            if length != size:
                raise ValueError("an address of a wrong length")
            if len(found) < MOST_ADDRESSES:
                found.append((owner, _seconds(ttl), data[offset:end]))
        elif group == _IN and record == _CNAME:
            aliases.setdefault(owner, (names.at(offset)[0], _seconds(ttl)))
        offset = end
    wanted, lasts = asked, [_FOREVER]
    while wanted in aliases and len(lasts) <= _MOST_ALIASES:
        wanted, ttl = aliases[wanted]
        lasts.append(ttl)
    kept = [(ttl, address) for owner, ttl, address in found if owner == wanted]
    if not kept:
        return Reply(NOERROR)
    addresses = tuple(socket.inet_ntop(family, address) for _, address in kept)
    return Reply(NOERROR, False, addresses, min(*lasts, *[ttl for ttl, _ in kept]))


class _Names:
    """The names of one message. Each that is pointed to is read once, and all together are not much longer than it:
    a pointer to a name of 120 labels is two bytes, and thousands of them would take a fifth of a second.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = len(data) + _LONGEST_NAMES
        self._known: dict[bytes, bytes] = {}

    def at(self, offset: int) -> tuple[bytes, int]:
        begin = self._data[offset : offset + 2]
        if known := self._known.get(begin):
            return known, offset + 2
        name, end = _name(self._data, offset)
        self._left -= len(name)
        if self._left < 0:
            raise ValueError("the names are too long together")
        if begin >= b"\xc0":
            self._known[begin] = name
        return name, end


def _seconds(ttl: int) -> int:
    return ttl if ttl <= _FOREVER else 0  # RFC 2181, 8


def _name(data: bytes, offset: int) -> tuple[bytes, int]:
    """The name at `offset` as it looks in a question, and where it ends."""
    labels: list[bytes] = []
    size, after, limit = 1, 0, offset
    while length := data[offset]:
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | data[offset + 1]
            after = after or offset + 2
            if target >= limit:  # each leads further back, so that they cannot go round
                raise ValueError("a compressed name leads forward")
            offset = limit = target
            continue
        if length > _LONGEST_LABEL:
            raise ValueError("a label of an unknown kind")
        label = data[offset : offset + 1 + length]
        offset += 1 + length
        size += 1 + length
        if size > _LONGEST_NAME:
            raise ValueError("a name is too long")
        labels.append(label)
    return b"".join(labels).lower() + b"\x00", after or offset + 1

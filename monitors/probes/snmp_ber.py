"""What SNMP needs of BER (X.690): elements of a tag, a length and a content; no nesting is followed by itself."""

from __future__ import annotations

from monitors.probes.packets import Packet, garbled

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
_NAME = "SNMP"


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def sequence(*parts: bytes) -> bytes:
    return element(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    """A number that is not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    return element(OCTETS, value)


def oid(dotted: str) -> bytes:
    """ "1.3.6.1.2.1" as an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    return element(OID, b"".join(_base128(arc) for arc in (first * 40 + second, *rest)))


def _base128(value: int) -> bytes:
    out = bytes([value & 0x7F])
    while value := value >> 7:
        out = bytes([value & 0x7F | 0x80]) + out
    return out


def read(packet: Packet) -> tuple[int, bytes]:
    """The next element: its tag and its content; raises CheckFailed."""
    tag = packet.big(1)
    size = packet.big(1)
    if size > 0x80:
        if size > 0x84:
            raise garbled(_NAME)
        size = packet.big(size - 0x80)
    elif size == 0x80:
        raise garbled(_NAME)
    return tag, packet.take(size)


def read_as(packet: Packet, tag: int) -> bytes:
    found, content = read(packet)
    if found != tag:
        raise garbled(_NAME)
    return content


def inside(packet: Packet, tag: int = SEQUENCE) -> Packet:
    return Packet(read_as(packet, tag), _NAME)


def read_integer(packet: Packet) -> int:
    return signed(read_as(packet, INTEGER))


def signed(content: bytes) -> int:
    if not 1 <= len(content) <= 9:
        raise garbled(_NAME)
    return int.from_bytes(content, "big", signed=True)


def dotted(content: bytes) -> str:
    """An OBJECT IDENTIFIER as people write it."""
    if not content or len(content) > 200 or content[-1] & 0x80:
        raise garbled(_NAME)
    arcs: list[int] = []
    value = 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - first * 40, *arcs[1:])))

"""The envelopes of SNMP: a community around a request (RFC 3417), or a user and an engine (RFC 3412, 3414)."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Protocol

from monitors.probes import snmp_ber as ber
from monitors.probes.conversation import CheckFailed
from monitors.probes.packets import Packet, garbled
from monitors.probes.snmp_users import AUTHENTICATION, decrypted, encrypted, localised, signature

if TYPE_CHECKING:
    from monitors.probes.snmp import SnmpConfig

GET, RESPONSE, REPORT = 0xA0, 0xA2, 0xA8
_NAME = "SNMP"
_AUTHENTICATED, _PRIVATE, _REPORTABLE = 1, 2, 4
_LARGEST = 65_507
_USER_MODEL = 3
# usmStats of RFC 3414: what a report counts is what was wrong.
_STATS = "1.3.6.1.6.3.15.1.1."
_COMPLAINTS = {
    "1": "it does not offer this kind of signature and encryption to this user",
    "2": "the clocks differ",
    "3": "it does not know the user",
    "4": "it does not know the engine",
    "5": "the password of the signature is wrong",
    "6": "the password of the encryption is wrong",
}


class Dialect(Protocol):
    """How a request is put into a message, and an answer taken out of one."""

    def wrapped(self, pdu: bytes) -> bytes: ...
    def unwrapped(self, message: bytes) -> tuple[int, Packet] | None:
        """Kind and content of the answer, None for a message that answers nothing of ours."""


class Community:
    def __init__(self, community: str) -> None:
        self._community = community.encode()

    def wrapped(self, pdu: bytes) -> bytes:
        return ber.sequence(ber.integer(1), ber.octets(self._community), pdu)

    def unwrapped(self, message: bytes) -> tuple[int, Packet] | None:
        whole = ber.inside(Packet(message, _NAME))
        if ber.read_integer(whole) != 1:
            raise garbled(_NAME)
        ber.read_as(whole, ber.OCTETS)
        return _pdu(whole)


class Users:
    """One user at one engine, whose id and clock the agent tells in answer to `question`."""

    def __init__(self, config: SnmpConfig) -> None:
        self._config = config
        self._engine = b""
        self._boots = self._time = 0
        self._number = 0

    def question(self) -> bytes:
        pdu = ber.element(GET, ber.integer(0) * 3 + ber.sequence())
        return self._message(_REPORTABLE, b"", self._scoped(pdu), b"", b"")

    def wrapped(self, pdu: bytes) -> bytes:
        flags, scoped, salt = _REPORTABLE, self._scoped(pdu), b""
        method = self._config.authentication
        if self._config.privacy != "none":
            key = localised(method, self._config.priv_password, self._engine)
            hidden, salt = encrypted(key, self._boots, self._time, scoped)
            flags, scoped = flags | _PRIVATE, ber.octets(hidden)
        user = self._config.username.encode()
        if method == "none":
            return self._message(flags, user, scoped, b"", salt)
        flags |= _AUTHENTICATED
        self._number = 0
        blank = self._message(flags, user, scoped, bytes(AUTHENTICATION[method][1]), salt)
        signed = signature(method, localised(method, self._config.auth_password, self._engine), blank)
        return self._message(flags, user, scoped, signed, salt, same=True)

    def _scoped(self, pdu: bytes) -> bytes:
        return ber.sequence(ber.octets(self._engine), ber.octets(b""), pdu)

    def _message(
        self, flags: int, user: bytes, scoped: bytes, signed: bytes, salt: bytes, *, same: bool = False
    ) -> bytes:
        """`same`: with the number of the message before, of which this is the signed form."""
        if not same:
            self._number = 1 + secrets.randbelow((1 << 31) - 2)
        head = ber.sequence(
            ber.integer(self._number),
            ber.integer(_LARGEST),
            ber.octets(bytes([flags])),
            ber.integer(_USER_MODEL),
        )
        security = ber.sequence(
            ber.octets(self._engine), ber.integer(self._boots), ber.integer(self._time), ber.octets(user),
            ber.octets(signed), ber.octets(salt),
        )  # fmt: skip
        return ber.sequence(ber.integer(3), head, ber.octets(security), scoped)

    def unwrapped(self, message: bytes) -> tuple[int, Packet] | None:
        whole = ber.inside(Packet(message, _NAME))
        if ber.read_integer(whole) != 3:
            raise garbled(_NAME)
        head = ber.inside(whole)
        if ber.read_integer(head) != self._number:
            return None
        ber.read_integer(head)
        flags = (ber.read_as(head, ber.OCTETS) or b"\0")[0]
        security = Packet(ber.read_as(whole, ber.OCTETS), _NAME)
        parts = ber.inside(security)
        engine, boots, time = ber.read_as(parts, ber.OCTETS), ber.read_integer(parts), ber.read_integer(parts)
        ber.read_as(parts, ber.OCTETS)
        signed, salt = ber.read_as(parts, ber.OCTETS), ber.read_as(parts, ber.OCTETS)
        if flags & _AUTHENTICATED and not self._is_genuine(message, signed):
            return None
        if flags & _PRIVATE:
            if self._config.privacy == "none" or not flags & _AUTHENTICATED:
                return None  # nobody who shares a key with us encrypts like that (RFC 3411, 3.4.3)
            key = localised(self._config.authentication, self._config.priv_password, self._engine)
            hidden = ber.read_as(whole, ber.OCTETS)
            whole = Packet(decrypted(key, boots, time, salt[:8].ljust(8, b"\0"), hidden), _NAME)
        scoped = ber.inside(whole)
        ber.read_as(scoped, ber.OCTETS)
        ber.read_as(scoped, ber.OCTETS)
        kind, content = _pdu(scoped)
        if kind != REPORT and not self._is_as_safe(flags):
            return None  # an answer that someone on the way stripped of its signature
        if kind == REPORT:
            self._engine, self._boots, self._time = engine[:32], boots, time
        return kind, content

    def _is_genuine(self, message: bytes, signed: bytes) -> bool:
        method = self._config.authentication
        if method == "none" or len(signed) != AUTHENTICATION[method][1]:
            return False
        blank = message.replace(signed, bytes(len(signed)), 1)
        key = localised(method, self._config.auth_password, self._engine)
        return hmac.compare_digest(signature(method, key, blank), signed)

    def _is_as_safe(self, flags: int) -> bool:
        wanted = (_AUTHENTICATED if self._config.authentication != "none" else 0) | (
            _PRIVATE if self._config.privacy != "none" else 0
        )
        return flags & wanted == wanted

    def corrected(self, report: Packet) -> bool:
        """Whether the report was about our idea of the agent's clock, which it has told anew."""
        return _reported(report) == "2"

    @staticmethod
    def complaint(report: Packet) -> str:
        number = _reported(report)
        return _COMPLAINTS.get(number, f"report {number}")


def _reported(report: Packet) -> str:
    """Which of usmStats a report counts: "5"."""
    body = Packet(report.rest_ahead(), _NAME)
    try:
        for _ in range(3):
            ber.read_integer(body)
        name = ber.dotted(ber.read_as(ber.inside(ber.inside(body)), ber.OID))
    except CheckFailed:
        return "unknown"
    return name.removeprefix(_STATS).removesuffix(".0")[:40]


def _pdu(packet: Packet) -> tuple[int, Packet]:
    kind, content = ber.read(packet)
    if kind not in (RESPONSE, REPORT):
        raise garbled(_NAME)
    return kind, Packet(content, _NAME)

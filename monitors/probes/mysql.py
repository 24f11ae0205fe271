"""MySQL and MariaDB: sign in, run one query in a read-only transaction, count its rows (client/server protocol).

Spoken here and not by a driver: those block a thread for as long as a hostile server drips, and hold what it sends.
"""

from __future__ import annotations

from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.mysql_sign_in import PASSWORD_IN_THE_OPEN, proof
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled, readable
from monitors.probes.probe import Probe
from monitors.probes.queries import MOST_ROWS, SOURCES, Allowance, SqlConfig, found, sql_settings
from monitors.probes.securing import opened, secure
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import Stream

PORT = 3306
_NAME = "MySQL protocol"
# Capabilities. Left out on purpose: files of the client (0x80) and several statements at once (0x10000).
_BASE = 0x1 | 0x4 | 0x200 | 0x2000 | 0x8000 | 0x80000  # long password and flags, 4.1, transactions, plug-ins
_WITH_DATABASE, _TLS, _LONG_ANSWERS = 0x8, 0x800, 0x200000
_UTF8MB4, _MOST_PACKET = 45, 1 << 20
_QUERY, _QUIT = b"\x03", b"\x01"
_UNKNOWN_VARIABLE, _READ_ONLY, _TOO_LONG = 1193, 1792, (1969, 3024)
_ACCESS_DENIED = (1044, 1045, 1251, 1698)


async def check(talk: Talk) -> str:
    config: SqlConfig = talk.config
    async with opened(talk, PORT, at_once=False) as stream:
        session = _Session(talk, stream)
        await session.sign_in(config)
        first, rows = await session.read(config.query)
        await session.say(_QUIT, new=True)
    return found(talk, first, rows)


class _Session:
    """Packets of three bytes of length, a number that counts up, and a body."""

    def __init__(self, talk: Talk, stream: Stream) -> None:
        self._talk = talk
        self._stream = stream
        self._number = 0
        self._allowance = Allowance()
        self._is_mariadb = False

    async def say(self, body: bytes, *, new: bool = False) -> None:
        """Sends a packet; `new` begins a command, which counts from 0."""
        self._number = 0 if new else self._number + 1
        await self._stream.send(len(body).to_bytes(3, "little") + bytes([self._number & 0xFF]) + body)

    async def hear(self) -> Packet:
        head = await self._stream.exactly(4)
        size = int.from_bytes(head[:3], "little")
        self._number = head[3]
        self._allowance.spend(size)
        body = await self._stream.exactly(size)
        if not body:
            raise garbled(_NAME)
        if body[0] == 0xFF:
            raise _refused(Packet(body[1:], _NAME))
        return Packet(body, _NAME)

    async def sign_in(self, config: SqlConfig) -> None:
        """Until the server has said OK; raises CheckFailed."""
        capabilities, plugin, salt = self._greeting(await self.hear())
        wanted = _BASE | (_WITH_DATABASE if config.database else 0) | (_TLS if config.encrypted else 0)
        wanted |= capabilities & _LONG_ANSWERS
        head = (
            wanted.to_bytes(4, "little") + _MOST_PACKET.to_bytes(4, "little") + bytes([_UTF8MB4]) + bytes(23)
        )
        if config.encrypted:
            if not capabilities & _TLS:
                raise CheckFailed(
                    ErrorClass.TLS_FAILED,
                    f"{self._stream.host} does not offer TLS; set the encryption to none",
                )
            await self.say(head)
            await secure(self._talk, self._stream)
        answer = proof(plugin, config.password, salt, encrypted=config.encrypted)
        if answer is None:  # the server will ask for another way, or refuse
            plugin = b"mysql_native_password"
            answer = proof(plugin, config.password, salt, encrypted=config.encrypted) or b""
        body = head + config.username.encode() + b"\0" + _length(len(answer)) + answer
        if config.database:
            body += config.database.encode() + b"\0"
        await self.say(body + plugin + b"\0")
        await self._until_ok(config)

    def _greeting(self, packet: Packet) -> tuple[int, bytes, bytes]:
        """Capabilities, the way to sign in and its salt."""
        if packet.take(1) != b"\x0a":
            raise garbled(_NAME)
        version = packet.until_zero()
        self._is_mariadb = b"MariaDB" in version
        self._talk.notes["version"] = readable(version, 80)
        packet.take(4)
        salt = packet.take(8)
        packet.take(1)
        low = packet.little(2)
        packet.take(3)
        capabilities = low | packet.little(2) << 16
        length = packet.little(1)
        packet.take(10)
        salt += packet.take(min(packet.left, max(13, length - 8)))[:12]
        plugin = packet.until_zero() if capabilities & 0x80000 else b"mysql_native_password"
        return capabilities, plugin, salt

    async def _until_ok(self, config: SqlConfig) -> None:
        for _ in range(4):  # a change of the way, and two steps of the longest one
            packet = await self.hear()
            kind = packet.take(1)
            if kind == b"\0":
                return
            if kind == b"\xfe":
                await self.say(self._other_way(config, packet))
            elif kind == b"\x01" and packet.rest() == b"\x04":  # caching_sha2 does not know us yet
                if not config.encrypted:
                    raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, PASSWORD_IN_THE_OPEN)
                await self.say(config.password.encode() + b"\0")
        raise garbled(_NAME)

    def _other_way(self, config: SqlConfig, packet: Packet) -> bytes:
        plugin = packet.until_zero()
        answer = proof(plugin, config.password, packet.rest()[:20], encrypted=config.encrypted)
        if answer is None:
            words = f"the server wants to sign in by {readable(plugin, 40)}, which Pulse does not know"
            raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, words)
        return answer

    async def read(self, query: str) -> tuple[bytes | None, int]:
        """The first value and the number of rows of `query`, in a transaction that cannot write."""
        left = max(0.001, self._talk.left_s)
        limit = (
            f"max_statement_time = {left:.3f}"
            if self._is_mariadb
            else f"max_execution_time = {int(left * 1000)}"
        )
        try:
            await self._run(f"SET SESSION {limit}")
        except CheckFailed as failed:
            if f"error {_UNKNOWN_VARIABLE}" not in str(failed):  # older than 5.7: then our own deadline alone
                raise
        await self._run(f"SET SESSION sql_select_limit = {MOST_ROWS + 1}")
        await self._run("SET SESSION TRANSACTION READ ONLY")
        await self._run("START TRANSACTION READ ONLY")
        return await self._run(query)

    async def _run(self, statement: str) -> tuple[bytes | None, int]:
        await self.say(_QUERY + statement.encode(), new=True)
        head = await self.hear()
        kind = head.take(1)
        if kind == b"\0":
            return None, 0
        if kind == b"\xfb":
            raise CheckFailed(ErrorClass.BAD_RESPONSE, "the server asked for a file of ours")
        for _ in range(kind[0]):  # columns, up to 250: their descriptions
            await self.hear()
        if not _is_end(await self.hear()):
            raise garbled(_NAME)
        first: bytes | None = None
        rows = 0
        while not _is_end(packet := await self.hear()):
            if rows == 0:
                first = _value(packet)
            rows += 1
            if rows > MOST_ROWS:
                break
        return first, rows


def _length(size: int) -> bytes:
    """Before an answer of the sign-in: one byte, three for a password that is longer."""
    return bytes([size]) if size < 0xFB else b"\xfc" + size.to_bytes(2, "little")


def _is_end(packet: Packet) -> bool:
    return packet.left < 9 and packet.starts(b"\xfe")


def _value(packet: Packet) -> bytes | None:
    """A text with its length before it (length-encoded integer), None for NULL."""
    size = packet.little(1)
    if size == 0xFB:
        return None
    if size > 0xFB:
        size = packet.little({0xFC: 2, 0xFD: 3, 0xFE: 8}.get(size, 0))
    return packet.take(size)


def _refused(packet: Packet) -> CheckFailed:
    code = packet.little(2)
    words = packet.rest()
    text = readable(words[6:] if words[:1] == b"#" else words, 140)
    if code in _ACCESS_DENIED:
        return CheckFailed(ErrorClass.SIGN_IN_REFUSED, f"sign-in refused: {text}")
    if code == _READ_ONLY:
        return CheckFailed(ErrorClass.UNEXPECTED_ANSWER, "the query would change data, and checks only read")
    if code in _TOO_LONG:
        return CheckFailed(ErrorClass.TIMEOUT, f"the query was cancelled: {text}")
    return CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"the server answered error {code}: {text}")


SETTINGS = sql_settings("May be left empty.")
PROBE = Probe(
    title="MySQL / MariaDB",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset(SOURCES),
    placeholder="db.example.com:3306",
    target_help="Without a port, 3306.",
)

"""PostgreSQL: sign in, run one query in a read-only transaction, count its rows (protocol 3.0).

Spoken here and not by libpq, which would hold whatever a hostile server sends and compute as many rounds of a
password hash as it asks for, on the loop of all checks.
"""

from __future__ import annotations

from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled, readable
from monitors.probes.postgresql_sign_in import md5_password, scram
from monitors.probes.probe import Probe
from monitors.probes.queries import MOST_ROWS, SOURCES, Allowance, SqlConfig, found, sql_settings
from monitors.probes.securing import opened, secure
from pulse.net.endpoints import parse_endpoint
from pulse.net.streams import Stream

PORT = 5432
_NAME = "PostgreSQL protocol"
_PROTOCOL, _TLS_PLEASE = 3 << 16, 80_877_103
_READ_ONLY, _CANCELLED = "25006", "57014"


async def check(talk: Talk) -> str:
    config: SqlConfig = talk.config
    async with opened(talk, PORT, at_once=False) as stream:
        if config.encrypted:
            await _encrypt(talk, stream)
        session = _Session(talk, stream)
        await session.sign_in(config)
        first, rows = await session.read(config.query)
        await stream.send(_message(b"X"))
    return found(talk, first, rows)


async def _encrypt(talk: Talk, stream: Stream) -> None:
    await stream.send(_message(b"", _TLS_PLEASE.to_bytes(4, "big")))
    answer = await stream.exactly(1)
    if answer == b"N":
        raise CheckFailed(
            ErrorClass.TLS_FAILED, f"{stream.host} does not offer TLS; set the encryption to none"
        )
    if answer != b"S":
        raise garbled(_NAME)
    await secure(talk, stream)


class _Session:
    """The conversation after TLS; each message is a kind of one byte, a length and a body."""

    def __init__(self, talk: Talk, stream: Stream) -> None:
        self._talk = talk
        self._stream = stream
        self._allowance = Allowance()

    async def sign_in(self, config: SqlConfig) -> None:
        """Until the server is ready for a query; raises CheckFailed."""
        words = {
            "user": config.username,
            "database": config.database or config.username,
            "application_name": "Pulse",
            "client_encoding": "UTF8",
        }
        body = b"".join(part.encode() + b"\0" for pair in words.items() for part in pair) + b"\0"
        await self._stream.send(_message(b"", _PROTOCOL.to_bytes(4, "big") + body))
        while True:
            kind, packet = await self._next()
            if kind == b"R":
                await self._authenticate(config, packet)
            elif kind == b"Z":
                return
            elif kind not in (b"S", b"K", b"v"):  # parameters, the key to cancel, protocol negotiation
                raise garbled(_NAME)

    async def _authenticate(self, config: SqlConfig, packet: Packet) -> None:
        method = packet.big(4)
        if method == 0:
            return
        if not config.password:
            raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, "sign-in refused: the server asks for a password")
        if method == 3:
            if not config.encrypted:
                raise CheckFailed(
                    ErrorClass.SIGN_IN_REFUSED,
                    "the server wants the password unencrypted; set the encryption to TLS",
                )
            await self._stream.send(_message(b"p", config.password.encode() + b"\0"))
        elif method == 5:
            answer = md5_password(config.username, config.password, packet.take(4))
            await self._stream.send(_message(b"p", answer + b"\0"))
        elif method == 10:
            await scram(self._talk, config.password, packet, self._say, self._hear)
        else:
            raise CheckFailed(
                ErrorClass.SIGN_IN_REFUSED,
                "the server asks for a way to sign in other than SCRAM, MD5 or a password",
            )

    async def _say(self, body: bytes) -> None:
        await self._stream.send(_message(b"p", body))

    async def _hear(self) -> Packet:
        kind, packet = await self._next()
        if kind != b"R":
            raise garbled(_NAME)
        return packet

    async def read(self, query: str) -> tuple[bytes | None, int]:
        """The first value and the number of rows of `query`, which is one statement (the extended protocol
        takes no more) in a transaction that cannot write and is rolled back."""
        limit_ms = max(1, int(self._talk.left_s * 1000))
        await self._send_query(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {limit_ms}")
        await self._rows()
        parse = _message(b"P", b"\0" + query.encode() + b"\0" + bytes(2))
        bind = _message(b"B", bytes(2) + bytes(6))  # no parameters, all results as text
        execute = _message(b"E", b"\0" + (MOST_ROWS + 1).to_bytes(4, "big"))
        await self._stream.send(parse + bind + execute + _message(b"S"))
        answer = await self._rows()
        await self._send_query("ROLLBACK")
        await self._rows()
        return answer

    async def _send_query(self, text: str) -> None:
        await self._stream.send(_message(b"Q", text.encode() + b"\0"))

    async def _rows(self) -> tuple[bytes | None, int]:
        first: bytes | None = None
        rows = 0
        while True:
            kind, packet = await self._next()
            if kind == b"Z":
                return first, rows
            if kind == b"D":
                if rows == 0 and packet.big(2):
                    size = packet.big(4)
                    first = None if size == 0xFFFFFFFF else packet.take(size)
                rows += 1
            elif kind in (b"G", b"H", b"W"):
                raise CheckFailed(
                    ErrorClass.UNEXPECTED_ANSWER, "the query copies data; write one that selects"
                )
        return first, rows

    async def _next(self) -> tuple[bytes, Packet]:
        """The next message; notices are skipped, an error is raised as CheckFailed."""
        while True:
            head = Packet(await self._stream.exactly(5), _NAME)
            kind, size = head.take(1), head.big(4) - 4
            if size < 0:
                raise garbled(_NAME)
            self._allowance.spend(size)
            packet = Packet(await self._stream.exactly(size), _NAME)
            if kind == b"E":
                raise _refused(packet)
            if kind not in (b"N", b"A"):
                return kind, packet


def _message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def _refused(packet: Packet) -> CheckFailed:
    """The failure that an ErrorResponse tells of: fields of one letter and a text each."""
    fields: dict[bytes, bytes] = {}
    while (letter := packet.take(1)) != b"\0":
        fields[letter] = packet.until_zero()
    code, words = readable(fields.get(b"C", b""), 5), readable(fields.get(b"M", b""), 140)
    if code.startswith("28"):
        return CheckFailed(ErrorClass.SIGN_IN_REFUSED, f"sign-in refused: {words}")
    if code == _READ_ONLY:
        return CheckFailed(ErrorClass.UNEXPECTED_ANSWER, "the query would change data, and checks only read")
    if code == _CANCELLED:
        return CheckFailed(ErrorClass.TIMEOUT, f"the query was cancelled: {words}")
    return CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"the server answered error {code}: {words}")


SETTINGS = sql_settings("Empty for the one that is named like the user.")
PROBE = Probe(
    title="PostgreSQL",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset(SOURCES),
    placeholder="db.example.com:5432",
    target_help="Without a port, 5432.",
)

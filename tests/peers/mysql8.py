"""MySQL's own way to sign in, which MariaDB cannot speak: caching_sha2_password, told well and by liars."""

from __future__ import annotations

import hashlib
import socket
import ssl
from dataclasses import dataclass, field

PASSWORD = "correct hörse"
SALT = bytes(range(1, 21))
_PLUGIN = b"caching_sha2_password"
# long password, 4.1, TLS, secure connection, plug-ins, long answers of plug-ins
_CAPABILITIES, _TLS = 0x1 | 0x200 | 0x8000 | 0x80000 | 0x200000, 0x800
_OK, _EOF, _DENIED = b"\0\0\0\2\0\0\0", b"\xfe\0\0\2\0", b"\xff\x15\x04#28000Access denied"
# One column named 1 of type BIGINT, as SELECT 1 brings it.
_COLUMN = b"\x03def\0\0\0\x011\0\x0c\x3f\0\x01\0\0\0\x08\x81\0\0\0\0"


@dataclass
class Mysql8:
    """The script of a `Talking`. `is_known`: the proof is enough, as once somebody has signed in fully.

    `asks` are packets that a liar sends in place of that; `heard` is every byte of the client, decrypted.
    """

    tls: ssl.SSLContext | None = None
    is_known: bool = True
    asks: tuple[bytes, ...] = ()
    plugin: bytes = _PLUGIN
    password: str = PASSWORD
    heard: bytes = b""
    proofs: list[bytes] = field(default_factory=list)

    def __call__(self, connection: socket.socket) -> None:
        self._number = 0
        capabilities = (_CAPABILITIES | (_TLS if self.tls else 0)).to_bytes(4, "little")
        self._say(
            connection,
            b"\x0a8.4.0\0" + bytes(4) + SALT[:8] + b"\0" + capabilities[:2] + b"\x2d\2\0" + capabilities[2:]
            + b"\x15" + bytes(10) + SALT[8:] + b"\0" + self.plugin + b"\0",
        )  # fmt: skip
        answer = self._hear(connection)
        if int.from_bytes(answer[:4], "little") & _TLS:
            assert self.tls
            connection = self.tls.wrap_socket(connection, server_side=True)
            answer = self._hear(connection)
        if self._sign_in(connection, answer):
            self._serve(connection)

    def _sign_in(self, connection: socket.socket, answer: bytes) -> bool:
        proof = _proof(answer[32:])
        self.proofs.append(proof)
        for packet in self.asks:
            self._say(connection, packet)
            if packet[:2] not in (
                b"\1\2",
                b"\1\3",
            ):  # a key that nobody asked for, and "your proof is enough"
                self._hear(connection)
        if self.plugin != _PLUGIN:
            good = proof == self.password.encode() + b"\0"
        elif self.is_known:
            good = _proves(proof, self.password)
            self._say(connection, b"\1\3" if good else _DENIED)
        else:
            self._say(connection, b"\1\4")
            good = self._hear(connection) == self.password.encode() + b"\0"
        self._say(connection, _OK if good else _DENIED)
        return good

    def _serve(self, connection: socket.socket) -> None:
        while (asked := self._hear(connection))[:1] == b"\3":
            packets = (b"\1", _COLUMN, _EOF, b"\x011", _EOF) if asked.startswith(b"\3SELECT") else (_OK,)
            for packet in packets:
                self._say(connection, packet)

    def _say(self, connection: socket.socket, body: bytes) -> None:
        connection.sendall(len(body).to_bytes(3, "little") + bytes([self._number & 0xFF]) + body)
        self._number += 1

    def _hear(self, connection: socket.socket) -> bytes:
        head = self._exactly(connection, 4)
        self._number = head[3] + 1
        return self._exactly(connection, int.from_bytes(head[:3], "little"))

    def _exactly(self, connection: socket.socket, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = connection.recv(count - len(data))
            if not piece:
                raise ConnectionResetError
            data += piece
            self.heard += piece
        return data


def _proof(rest: bytes) -> bytes:
    """What follows the user name, with its length before it (an integer of one or three bytes)."""
    rest = rest[rest.index(b"\0") + 1 :]
    if rest[0] == 0xFC:
        return rest[3 : 3 + int.from_bytes(rest[1:3], "little")]
    return rest[1 : 1 + rest[0]]


def _proves(proof: bytes, password: str) -> bool:
    """As MySQL checks it: it keeps SHA256(SHA256(password)), which turns the proof into SHA256(password)."""
    twice = hashlib.sha256(hashlib.sha256(password.encode()).digest()).digest()
    mask = hashlib.sha256(twice + SALT).digest()
    once = bytes(a ^ b for a, b in zip(proof, mask, strict=False))
    return hashlib.sha256(once).digest() == twice

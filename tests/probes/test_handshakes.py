"""What a TLS handshake may cost the loop: nothing is offered that lets a server choose how much it is."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.probes.asking import Asking
from tests.talking import Talking

# IANA's numbers of the suites whose key exchange is finite-field Diffie-Hellman, with RSA or nothing to sign it.
DHE = {
    0x0033, 0x0039, 0x0045, 0x0067, 0x006B, 0x0088, 0x009A, 0x009E, 0x009F, 0x00BE, 0x00C4, 0xC052, 0xC053, 0xC07C,
    0xC07D, 0xC09E, 0xC09F, 0xC0A2, 0xC0A3, 0xCCAA,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "target", "settings"),
    [
        ("http", "https://{}/", {}),
        ("tls", "{}", {}),
        ("tcp", "{}", {"security": "tls"}),
        ("websocket", "wss://{}/", {}),
        ("redis", "{}", {"security": "tls"}),
        ("grpc_health", "{}", {}),
    ],
)
def test_no_server_is_offered_a_modulus_of_its_own_choice(
    kind: str, target: str, settings: dict[str, Any]
) -> None:
    hellos: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        hellos.append(connection.recv(65536))

    with Talking(listen) as server, Asking() as asking:
        asking.ask(kind, target.format(server.target), settings)

    offered = suites(hellos[0])
    assert 0x1301 in offered  # of TLS 1.3: it is a list of suites indeed
    assert not offered & DHE


def suites(hello: bytes) -> set[int]:
    """The cipher suites of a ClientHello in one record (RFC 5246, 7.4.1.2)."""
    at = 5 + 4 + 2 + 32  # headers of record and message, version, random
    at += 1 + hello[at]  # session id
    length = int.from_bytes(hello[at : at + 2])
    return {int.from_bytes(hello[i : i + 2]) for i in range(at + 2, at + 2 + length, 2)}

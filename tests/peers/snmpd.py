"""An SNMP agent with a community and users of each kind."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from tests.peers.running import START_S, peer_folder, program, running
from tests.ports import free_port

COMMUNITY = "sesame"
PASSWORD = "correct horse"
HIDDEN = "battery staple"
METHODS = {
    "sha1": "SHA",
    "sha224": "SHA-224",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "md5": "MD5",
}


@dataclass(frozen=True)
class SnmpdPeer:
    target: str


@contextmanager
def snmpd() -> Iterator[SnmpdPeer]:
    with peer_folder() as folder:
        port = free_port(socket.SOCK_DGRAM)
        lines = [
            f"rocommunity {COMMUNITY} 127.0.0.1",
            "sysLocation Böblingen",
            "sysContact nobody",
            *(f'createUser {name} {method} "{PASSWORD}" AES "{HIDDEN}"' for name, method in METHODS.items()),
            "createUser open",
            *(f"rouser {name} auth" for name in METHODS),
            "rouser open noauth",
        ]
        (folder / "snmpd.conf").write_text("\n".join([f"[snmp] persistentDir {folder}", *lines, ""]))
        argv: list[str | Path] = [
            program("snmpd"),
            "-f",
            "-Lo",
            "-C",
            "-c",
            folder / "snmpd.conf",
            f"udp:127.0.0.1:{port}",
        ]
        with running(argv, folder, port=None):
            _wait(port)
            yield SnmpdPeer(f"127.0.0.1:{port}")


def _wait(port: int) -> None:
    """Until it answers how long it has been up."""
    head, request = (
        bytes.fromhex("3026020101"),
        bytes.fromhex("a019020101020100020100300e300c06082b060102010103000500"),
    )
    ask = head + bytes([4, len(COMMUNITY)]) + COMMUNITY.encode() + request
    until = monotonic() + START_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.1)
        sock.connect(("127.0.0.1", port))
        while monotonic() < until:
            try:
                sock.send(ask)
                sock.recv(2000)
            except OSError:
                sleep(0.02)
            else:
                return
    raise TimeoutError("snmpd does not answer")

"""A Valkey that takes TCP connections, with a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulse.embedded.binaries import valkey_server
from tests.peers.running import running
from tests.ports import free_port

PASSWORD = "open sesame"


@dataclass(frozen=True)
class ValkeyPeer:
    port: int

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def valkey(folder: Path) -> Iterator[ValkeyPeer]:
    port = free_port()
    configuration = folder / "valkey.conf"
    configuration.write_text(
        f'bind 127.0.0.1\nport {port}\nsave ""\ndir {folder}\nrequirepass "{PASSWORD}"\n'
        'user reader on >"read only" ~* +@read +ping +select +auth\n'
    )
    with running([valkey_server(), configuration], folder, port=port):
        yield ValkeyPeer(port)

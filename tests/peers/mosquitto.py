"""A Mosquitto with a person who may read and write below test/ only, and a listener for everyone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

from tests.certificates import Authority
from tests.peers.running import peer_folder, program, running
from tests.ports import free_port

PASSWORD = "correct hörse"


@dataclass(frozen=True)
class MosquittoPeer:
    plain: str
    tls: str
    open: str


@contextmanager
def mosquitto(authority: Authority) -> Iterator[MosquittoPeer]:
    with peer_folder() as folder:
        authority.server_context("127.0.0.1")  # writes key and certificate into one file
        pem = Path(shutil.copy(authority.ca_file.parent / "127.0.0.110.pem", folder / "server.pem"))
        people, rights = folder / "people", folder / "rights"
        subprocess.run([program("mosquitto_passwd"), "-b", "-c", people, "reader", PASSWORD], check=True)
        rights.write_text("topic readwrite test/#\nuser reader\ntopic readwrite test/#\n")
        plain, tls, everyone = free_port(), free_port(), free_port()
        configuration = folder / "mosquitto.conf"
        configuration.write_text(
            f"per_listener_settings true\nuser {getuser()}\npersistence false\n"
            f"listener {plain} 127.0.0.1\npassword_file {people}\nacl_file {rights}\nallow_anonymous false\n"
            f"listener {tls} 127.0.0.1\npassword_file {people}\nacl_file {rights}\nallow_anonymous false\n"
            f"certfile {pem}\nkeyfile {pem}\n"
            f"listener {everyone} 127.0.0.1\nallow_anonymous true\n"
        )
        with running([program("mosquitto"), "-c", configuration], folder, port=everyone):
            yield MosquittoPeer(*(f"127.0.0.1:{port}" for port in (plain, tls, everyone)))

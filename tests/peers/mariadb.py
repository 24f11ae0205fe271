"""A MariaDB with roles for each way to sign in, with TLS."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

from tests.certificates import Authority
from tests.peers.running import program, running
from tests.ports import free_port

PASSWORD = "correct hörse"
_SCRIPT = f"""
CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;
CREATE TABLE shop.stock (n INT PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB;
INSERT INTO shop.stock SELECT seq, CONCAT('item ', seq) FROM seq_1_to_5000;
CREATE USER reader@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('{PASSWORD}');
CREATE USER nobody@localhost IDENTIFIED BY '';
CREATE USER careful@localhost IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;
GRANT ALL ON shop.* TO reader@localhost;
GRANT ALL ON shop.* TO careful@localhost;
GRANT FILE ON *.* TO reader@localhost;
"""


@dataclass(frozen=True)
class MariadbPeer:
    port: int
    socket: Path

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def sql(self, text: str) -> str:
        """What root gets for `text`, through the Unix socket."""
        client: list[str | Path] = [
            program("mariadb"), "--no-defaults", "-N", "-B", "--default-character-set=utf8mb4", "-u", "root",
            f"--socket={self.socket}",
        ]  # fmt: skip
        answer = subprocess.run(client, input=text, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()


@contextmanager
def mariadb(folder: Path, authority: Authority) -> Iterator[MariadbPeer]:
    """Some 2 s to make, most of it the tables of the server itself."""
    authority.server_context("127.0.0.1")  # writes key and certificate into one file
    pem = folder / "server.pem"
    shutil.copy(authority.ca_file.parent / "127.0.0.110.pem", pem)
    data, port, socket = folder / "data", free_port(), folder / "s"
    data.mkdir()
    common: list[str | Path] = [
        "--no-defaults", f"--datadir={data}", f"--user={getuser()}", "--innodb-log-file-size=4M",
        "--innodb-buffer-pool-size=8M", "--innodb-flush-method=nosync",
    ]  # fmt: skip
    install = [
        program("mariadb-install-db"),
        *common,
        "--skip-test-db",
        "--auth-root-authentication-method=normal",
    ]
    made = subprocess.run(install, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    argv = [
        program("mariadbd"), *common, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={socket}",
        f"--ssl-cert={pem}", f"--ssl-key={pem}", "--skip-log-bin", "--performance-schema=OFF",
        f"--pid-file={folder / 'pid'}", f"--secure-file-priv={data}",
    ]  # fmt: skip
    with running(argv, folder, port=port):
        peer = MariadbPeer(port, socket)
        peer.sql(_SCRIPT)
        yield peer

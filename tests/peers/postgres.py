"""A PostgreSQL that takes TCP connections, with roles for each way to sign in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulse.embedded.postgres import EmbeddedPostgres
from tests.ports import free_port

PASSWORD = "correct hörse"
ROLES = {"reader": "scram-sha-256", "older": "md5", "oldest": "password", "open": "trust"}


@dataclass(frozen=True)
class PostgresPeer:
    port: int
    server: EmbeddedPostgres

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def sql(self, text: str) -> str:
        return self.server.run_sql(text)


class _OverTcp(EmbeddedPostgres):
    port = 0

    def prepare(self) -> None:
        super().prepare()
        with (self.cluster / "pulse.conf").open("a") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nshared_buffers = 16MB\n")
        rules = [f"host all {role} 127.0.0.1/32 {method}" for role, method in ROLES.items()]
        (self.cluster / "pg_hba.conf").write_text("\n".join([*rules, "local all all scram-sha-256", ""]))

    def client_env(self, role: str = "pulse") -> dict[str, str]:
        return super().client_env(role) | {"PGPORT": str(self.port)}


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresPeer]:
    folder.chmod(0o755)  # the database runs as a user of its own when the suite runs as root
    server = _OverTcp(folder, durable=False, temporary=True)
    server.port = free_port()
    with server:
        for role, method in ROLES.items():
            scheme = "md5" if method == "md5" else "scram-sha-256"
            server.run_sql(
                f"SET password_encryption = '{scheme}'; CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"
            )
        server.run_sql("CREATE TABLE stock AS SELECT n, 'item ' || n AS name FROM generate_series(1, 5000) n")
        server.run_sql("GRANT ALL ON stock TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC")
        yield PostgresPeer(server.port, server)

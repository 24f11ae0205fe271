"""A Pulse of its own for a test: a database made from nothing, by the roles and commands of production."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "only for the suite"


@dataclass(frozen=True)
class Installation:
    """`owner_url` migrates; `url` is what the application connects with, which owns nothing."""

    name: str
    owner_url: str
    url: str

    def manage(
        self, *arguments: str, as_web: bool = False, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return self.start(*arguments, as_web=as_web).communicate_all(stdin)

    def start(self, *arguments: str, as_web: bool = False) -> Started:
        """`as_web` leaves out the owner's address, as the web role has it."""
        environment = {**os.environ, "DATABASE_URL": self.url, "DATABASE_ADMIN_URL": self.owner_url}
        if as_web:
            del environment["DATABASE_ADMIN_URL"]
        return Started(
            subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )

    def run(self, program: str) -> subprocess.CompletedProcess[str]:
        """A few lines of Python in the web role, with Django set up."""
        return self.manage("shell", "--no-imports", "-c", program, as_web=True)

    def query(self, statement: str, as_owner: bool = False) -> list[tuple[Any, ...]]:
        """The rows of the last of the statements."""
        with psycopg.connect(self.owner_url if as_owner else self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []


@dataclass
class Started:
    process: subprocess.Popen[str]

    def communicate_all(self, stdin: str = "") -> subprocess.CompletedProcess[str]:
        out, error = self.process.communicate(stdin, timeout=100)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, error)


@contextmanager
def installation() -> Iterator[Installation]:
    """Two fresh roles and an empty database; all of it is gone afterwards."""
    superuser_url = os.environ["PULSE_TEST_SUPERUSER_URL"]
    name = f"split_{secrets.token_hex(4)}"
    owner, application = f"{name}_owner", f"{name}_app"
    with psycopg.connect(superuser_url, autocommit=True) as superuser:
        for role in (owner, application):
            superuser.execute(
                sql.SQL(
                    "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}"
                ).format(sql.Identifier(role), sql.Literal(PASSWORD))
            )
        superuser.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(name), sql.Identifier(owner)
            )
        )
        try:
            yield Installation(
                name, address(superuser_url, owner, name), address(superuser_url, application, name)
            )
        finally:
            superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            for role in (application, owner):
                superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def address(like: str, role: str, database: str) -> str:
    """The same server, as another role and to another database."""
    parts = urlsplit(like)
    where = parts.netloc.rpartition("@")[2]
    user = f"{role}:{PASSWORD.replace(' ', '%20')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{where}", path=f"/{database}"))

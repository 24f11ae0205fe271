"""Production's two roles: an owner that migrates, and an application role that may only read and write rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from tests.tenants.installation import Installation, installation


def as_tenant(number: int) -> str:
    return f"SET app.tenant = '{number}'; SET app.pipeline = '';"


@pytest.fixture(scope="module")
def split() -> Iterator[Installation]:
    """Prepared, with one organisation and a key of it."""
    with installation() as made:
        prepared = made.manage("prepare_database")
        assert prepared.returncode == 0, prepared.stderr
        created = made.manage(
            "create_org", "acme", "--name", "Acme", "--owner-email", "alice@acme.example", "--password-stdin",
            stdin="correct horse battery\n",
        )  # fmt: skip
        assert created.returncode == 0, created.stderr
        yield made


def test_the_application_role_serves_the_api(split: Installation) -> None:
    key = split.manage("create_api_key", "acme", "--name", "k", "--scope", "*", as_web=True).stdout.strip()
    assert re.fullmatch(r"ppk_live_[0-9A-Za-z]{36}", key)
    program = f"""
from django.test import Client
script = Client(headers={{"Authorization": "Bearer {key}"}})
def post(path, body): return script.post("/v1/" + path, body, content_type="application/json")
monitor = post("monitors", {{"name": "shop", "target": "https://shop.example.com/"}})
channel = post("channels", {{"name": "ops", "kind": "webhook", "config": {{"url": "https://h.example.com/"}}}})
rule = post("rules", {{"name": "all", "channels": [channel.json()["id"]]}})
check = post("monitors/" + monitor.json()["id"] + "/check", None)
patch = script.patch("/v1/monitors/" + monitor.json()["id"], {{"name": "new"}}, content_type="application/json")
listed = script.get("/v1/monitors")
gone = script.delete("/v1/monitors/" + monitor.json()["id"])
print([answer.status_code for answer in (monitor, channel, rule, check, patch, listed, gone)])
"""

    done = split.run(program)

    assert "[201, 201, 201, 202, 200, 200, 204]" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.mine (no int)",
        "CREATE TABLE o_acme.mine (no int)",
        "CREATE SCHEMA mine",
        "DROP TABLE telemetry_gap",
        "ALTER TABLE telemetry_livestate DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE telemetry_livestate NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON telemetry_livestate",
        "CREATE POLICY mine ON telemetry_livestate USING (true)",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "CREATE ROLE mine SUPERUSER",
        "TRUNCATE telemetry_livestate",
        "UPDATE tenants_audit SET verb = 'nothing'",
        "DELETE FROM tenants_audit",
        "TRUNCATE tenants_audit",
    ],
)
def test_the_application_role_changes_no_wall_and_no_audit_entry(split: Installation, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        split.query(f"{as_tenant(1)} {statement}")


def test_the_application_role_owns_nothing(split: Installation) -> None:
    assert split.query("SELECT relname FROM pg_class WHERE relowner = current_user::regrole") == []


def test_the_walls_bind_both_roles(split: Installation) -> None:
    split.manage("create_api_key", "acme", "--name", "k", "--scope", "*")
    for as_owner in (False, True):
        assert split.query(f"{as_tenant(99)} SELECT count(*) FROM tenants_audit", as_owner) == [(0,)]
        with pytest.raises(psycopg.errors.UndefinedObject):
            split.query("SELECT count(*) FROM tenants_audit", as_owner)


def test_no_partition_can_be_reached_around_its_table(split: Installation) -> None:
    partition = split.query(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tenants_audit'::regclass LIMIT 1"
    )[0][0]

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        split.query(f"{as_tenant(1)} SELECT * FROM {partition}")


def test_preparing_again_serves_on(split: Installation) -> None:
    again = split.manage("prepare_database")

    assert again.returncode == 0, again.stderr
    assert "0 new partitions" in again.stdout
    assert split.query("SELECT count(*) FROM o_acme.monitors_monitor") == [(0,)]


def test_the_application_role_alone_cannot_prepare(split: Installation) -> None:
    refused = split.manage("prepare_database", as_web=True)

    assert refused.returncode == 1
    assert "DATABASE_ADMIN_URL" in refused.stderr
    assert "Traceback" not in refused.stderr

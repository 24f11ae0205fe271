"""An organisation's schema is a clone that no later migration can tell from a migrated one."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection

from monitors.models import Monitor
from pulse.scoping import in_tenant
from tenants import preparation, provisioning
from tenants.actors import COMMAND_LINE
from tenants.models import Organisation

CATALOG = {
    "columns": """
        SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
            a.attgenerated, a.attstorage, a.attcompression, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r' AND a.attnum > 0
        ORDER BY 1, 2""",
    "tables": """
        SELECT relname, relkind, reloptions, relrowsecurity, relforcerowsecurity, relpersistence, relreplident
        FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind NOT IN ('i', 'S', 't') ORDER BY 1""",
    "constraints": """
        SELECT r.relname, c.conname, c.contype, c.condeferrable, c.condeferred, c.convalidated,
            pg_get_constraintdef(c.oid)
        FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
        WHERE c.connamespace = %(schema)s::regnamespace ORDER BY 1, 2""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s ORDER BY 1, 2""",
    "sequences": """
        SELECT s.relname, q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmax, q.seqcycle,
            d.refobjid::regclass::text, d.refobjsubid, d.deptype
        FROM pg_sequence q JOIN pg_class s ON s.oid = q.seqrelid
        LEFT JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass
        WHERE s.relnamespace = %(schema)s::regnamespace ORDER BY 1""",
    "functions": "SELECT proname FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace ORDER BY 1",
    "triggers": """
        SELECT r.relname, count(*) FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid
        WHERE r.relnamespace = %(schema)s::regnamespace GROUP BY 1 ORDER BY 1""",
    "history": None,
}


def catalog(schema: str) -> dict[str, list[Any]]:
    """Everything about a schema, its own name taken out."""
    found: dict[str, list[Any]] = {}
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as superuser:
        for what, query in CATALOG.items():
            statement = query or f"SELECT app, name FROM {schema}.django_migrations ORDER BY id"
            rows = superuser.execute(statement.encode(), {"schema": schema}).fetchall()
            found[what] = [re.sub(rf'"?{schema}"?\.', "<schema>.", repr(row)) for row in rows]
    return found


@pytest.fixture
def migrated(world: None) -> Iterator[str]:
    """A schema that every migration made, one by one."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA o_migrated")
    preparation._run("o_migrated")
    yield "o_migrated"
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA o_migrated CASCADE")


@pytest.fixture
def initech(alice: Any) -> Organisation:
    """Asked for, not made yet."""
    return provisioning.request_organisation("initech", "Initech", alice, COMMAND_LINE)


def test_a_clone_equals_what_the_migrations_make(migrated: str, acme: Any) -> None:
    cloned, made = catalog("o_acme"), catalog(migrated)

    for what in CATALOG:
        assert cloned[what] == made[what], what
    assert len(made["columns"]) > 50
    assert len(made["constraints"]) > 15


def test_an_organisation_is_made_within_five_seconds(initech: Organisation) -> None:
    assert initech.state == "provisioning"
    started = time.monotonic()

    assert provisioning.provision_waiting() == 1

    assert time.monotonic() - started < 5
    initech.refresh_from_db()
    assert initech.state == "ready"
    with in_tenant(initech):
        assert Monitor.objects.count() == 0


def test_provisioning_twice_changes_nothing(initech: Organisation) -> None:
    provisioning.provision(initech)
    with in_tenant(initech):
        Monitor.objects.create(name="kept", target="https://shop.example.com/")

    provisioning.provision(initech)

    assert provisioning.provision_waiting() == 0
    with in_tenant(initech), connection.cursor() as cursor:
        assert Monitor.objects.count() == 1
        cursor.execute("SELECT verb FROM tenants_audit ORDER BY no")
        assert cursor.fetchall() == [("created",), ("provisioned",)]


def test_provisioning_by_several_at_once_is_harmless(initech: Organisation) -> None:
    def provision(_: int) -> None:
        try:
            provisioning.provision(Organisation.objects.get(pk=initech.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(provision, range(4)))

    assert catalog("o_initech") == catalog("o_acme")
    with in_tenant(initech), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_audit WHERE verb = 'provisioned'")
        assert cursor.fetchone() == (1,)


def test_a_clone_that_fails_leaves_nothing_and_is_made_at_the_next_try(initech: Organisation) -> None:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute("ALTER TABLE tenant_template.django_migrations RENAME TO hidden")
        try:
            with pytest.raises(Exception, match="django_migrations"):
                provisioning.provision(initech)
            assert superuser.execute("SELECT to_regnamespace('o_initech')").fetchone() == (None,)
        finally:
            superuser.execute("ALTER TABLE tenant_template.hidden RENAME TO django_migrations")

    assert provisioning.provision_waiting() == 1


def test_a_schema_name_used_before_gets_a_number(alice: Any, initech: Organisation) -> None:
    provisioning.provision(initech)
    Organisation.objects.filter(pk=initech.pk).update(slug="renamed")

    again = provisioning.request_organisation("initech", "Initech", alice, COMMAND_LINE)

    assert again.schema_name == "o_initech_1"

"""Make an organisation: its row, its owner, and a schema cloned from the migrated template."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone
from psycopg import sql

from pulse import bells
from pulse.scoping import in_tenant
from tenants.abilities import Role
from tenants.actors import PULSE, Actor
from tenants.audit import record
from tenants.models import Membership, Organisation, User

TEMPLATE = "tenant_template"

# LIKE gives columns, defaults and identities; names of constraints and indexes must be those of the
# template (LIKE would invent its own), since later migrations drop and rename them by name.
TABLES = """
SELECT format('CREATE TABLE %%I.%%I (LIKE %%I.%%I INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED
    INCLUDING STORAGE INCLUDING COMMENTS)', %(new)s::text, relname, %(old)s::text, relname)
FROM pg_class WHERE relnamespace = %(old)s::regnamespace AND relkind = 'r' ORDER BY relname
"""
CONSTRAINTS = """
SELECT format('ALTER TABLE %%I.%%I ADD CONSTRAINT %%I %%s', %(new)s::text, r.relname, c.conname,
    replace(pg_get_constraintdef(c.oid), %(old)s || '.', quote_ident(%(new)s) || '.'))
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
WHERE c.connamespace = %(old)s::regnamespace AND c.contype IN ('p', 'u', 'c', 'x', 'f')
ORDER BY c.contype = 'f', r.relname, c.conname
"""
INDEXES = """
SELECT replace(pg_get_indexdef(i.indexrelid), %(old)s || '.', quote_ident(%(new)s) || '.')
FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid
WHERE r.relnamespace = %(old)s::regnamespace AND r.relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
ORDER BY 1
"""
GRANTS = """
SELECT format('GRANT USAGE ON SCHEMA %%I TO %%I', %(schema)s::text, %(role)s::text)
UNION ALL SELECT format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %%I TO %%I', %(schema)s::text, %(role)s::text)
UNION ALL SELECT format('GRANT %%s ON %%I.%%I TO %%I', CASE relname
    WHEN 'tenants_audit' THEN 'SELECT, INSERT' WHEN 'django_migrations' THEN 'SELECT'
    ELSE 'SELECT, INSERT, UPDATE, DELETE' END, %(schema)s::text, relname, %(role)s::text)
FROM pg_class
WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""


def owner_alias() -> str:
    """The connection whose role owns the tables: its own in production, the only one elsewhere."""
    return "admin" if "admin" in settings.DATABASES else "default"


def request_organisation(slug: str, name: str, owner: User, by: Actor | None = None) -> Organisation:
    """Write the organisation and its owner down; the work worker makes the schema within seconds."""
    with transaction.atomic():
        organisation: Organisation = Organisation.objects.create(
            slug=slug, name=name, schema_name=_free_schema_name(slug), state=Organisation.State.PROVISIONING
        )
        Membership.objects.create(organisation=organisation, user=owner, role=Role.OWNER)
        record(organisation, by or Actor.person(owner), "created", "organisation", organisation.id, name)
        transaction.on_commit(lambda: bells.ring("default"))
    return organisation


def provision(organisation: Organisation) -> None:
    """Clone the template into the organisation's schema and open it. Doing it again changes nothing."""
    with transaction.atomic(using=owner_alias()):
        clone_schema(TEMPLATE, organisation.schema_name)
    with transaction.atomic():
        opened = Organisation.objects.filter(
            pk=organisation.pk, state=Organisation.State.PROVISIONING
        ).update(state=Organisation.State.READY)
        if opened:
            organisation.state = Organisation.State.READY
            with in_tenant(organisation):
                record(organisation, PULSE, "provisioned", "organisation", organisation.id, organisation.name)


def provision_waiting() -> int:
    """Provision every organisation that waits for its schema; return how many. Safe to run twice at once."""
    done = 0
    for organisation in Organisation.objects.filter(state=Organisation.State.PROVISIONING).order_by("no"):
        provision(organisation)
        done += 1
    return done


def clone_schema(old: str, new: str) -> None:
    """Copy every table of a schema with its constraints, indexes and migration history, but no other row."""
    with connections[owner_alias()].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"schema {new}"])
        cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace(%s)", [f'"{new}"'])
        if cursor.fetchone()[0]:
            return
        name = sql.Identifier(new)
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
        for query in (TABLES, CONSTRAINTS, INDEXES):
            cursor.execute(query, {"old": old, "new": new})
            statements = [row[0] for row in cursor.fetchall()]
            if statements:
                cursor.execute(";\n".join(statements))
        cursor.execute(
            sql.SQL(
                "INSERT INTO {new}.django_migrations (app, name, applied)"
                " SELECT app, name, {now} FROM {old}.django_migrations ORDER BY id"
            ).format(new=name, old=sql.Identifier(old), now=sql.Literal(timezone.now()))
        )
        grant(cursor, new)


def grant(cursor: Any, schema: str) -> None:
    """Let the application's own role read and write the rows that the owner's tables hold, and no more.

    Partitions get no grant: rows go through their table. The audit trail only grows.
    """
    if owner_alias() == "default":
        return
    role = settings.DATABASES["default"]["USER"]
    cursor.execute(GRANTS, {"schema": schema, "role": role})
    cursor.execute(";\n".join(row[0] for row in cursor.fetchall()))


def _free_schema_name(slug: str) -> str:
    """Readable for whoever looks into the database; a slug used before gets a number."""
    base = "o_" + slug.replace("-", "_")
    taken = set(
        Organisation.objects.filter(schema_name__startswith=base).values_list("schema_name", flat=True)
    )
    return next(name for n in range(len(taken) + 1) if (name := f"{base}_{n}" if n else base) not in taken)

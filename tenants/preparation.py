"""Migrate every schema, one at a time and resumable, and make the partitions that inserts will need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from psycopg import sql

from pulse.rowsecurity import Partitioned, drop_old_partitions, ensure_partitions
from tenants.models import Organisation
from tenants.provisioning import TEMPLATE, grant, owner_alias

LOCK = 0x70756C7365  # "pulse": one process migrates, its siblings wait for it


def become_owner() -> None:
    """Migrations run as the tables' owner, whose connection takes the place of the application's."""
    if owner_alias() != "default":
        # Not in settings.DATABASES, where `grant` reads the application's role.
        connections.settings = {**connections.settings, "default": connections.settings["admin"]}
        del connections["default"]


def may_prepare() -> bool:
    """Whether the role may make schemas and tables; production's application role may not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_database_privilege(current_database(), 'CREATE')")
        return bool(cursor.fetchone()[0])


@contextmanager
def alone(of: Any) -> Iterator[None]:
    """Hold an advisory lock on a connection of its own: migrating closes the usual one."""
    own = of.copy("default")
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield
    finally:
        own.close()


def migrate() -> dict[str, str]:
    """Migrate public, the template and every organisation that is behind; return {schema: error}."""
    _run("public")
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(TEMPLATE)))
        grant(cursor, "public")
    _run(TEMPLATE)
    failed = {}
    for schema in behind():
        try:
            _run(schema)
            with connection.cursor() as cursor:
                grant(cursor, schema)
        except Exception as error:  # one organisation's trouble must not keep the others back
            failed[schema] = str(error).strip().splitlines()[0]
            connection.close()
    return failed


def behind() -> list[str]:
    """Schemas of organisations whose migration history lacks something that this version has."""
    labels = {apps.get_app_config(name).label for name in settings.TENANT_APPS}
    wanted = {key for key in _disk_migrations() if key[0] in labels}
    waiting = []
    schemas = Organisation.objects.exclude(state=Organisation.State.PROVISIONING).order_by("no")
    for schema in schemas.values_list("schema_name", flat=True):
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("SELECT app, name FROM {}.django_migrations").format(sql.Identifier(schema))
            )
            if not wanted <= set(cursor.fetchall()):
                waiting.append(schema)
    return waiting


def make_partitions() -> int:
    """Make all partitions that are missing, in every shared table; return how many."""
    return len(ensure_partitions(partitioned_tables(), timezone.now().date(), owner_alias()))


def drop_partitions() -> int:
    """Drop what is older than its table keeps; return how many partitions went."""
    return len(drop_old_partitions(partitioned_tables(), timezone.now().date(), owner_alias()))


def partitioned_tables() -> list[Partitioned]:
    """Each app that has some names them in its AppConfig."""
    return [table for config in apps.get_app_configs() for table in getattr(config, "partitioned", ())]


def _run(schema: str) -> None:
    call_command("migrate_schemas", schema_name=schema, interactive=False, verbosity=0)


def is_current() -> bool:
    """Whether public has every migration of this version; organisations that lag are told by name elsewhere."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    tenant_labels = {apps.get_app_config(name).label for name in settings.TENANT_APPS}
    wanted = {key for key in _disk_migrations() if key[0] not in tenant_labels}
    return wanted <= applied


def connected(application_name: str) -> int:
    """How many connections carry this name: each role of Pulse signs its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s",
            [application_name],
        )
        return int(cursor.fetchone()[0])


@cache
def _disk_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)

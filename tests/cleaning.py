"""What tests wrote is gone after each, and the cast is as it was made."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

# What a test may have written: emptied after each test that commits, by a role that no wall stops.
SHARED_TABLES = (
    "ledger_attempt", "ledger_delivery", "ledger_escalation", "ledger_localmail", "outbox_fact",
    "telemetry_checkresult",
    "telemetry_gap", "telemetry_statechange", "telemetry_probespec", "telemetry_livestate",
    "telemetry_evidence", "telemetry_blindness", "telemetry_heartbeat", "telemetry_ping", "telemetry_pingbody",
    "telemetry_reception", "telemetry_series", "telemetry_sample", "telemetry_samplestored", "telemetry_issuer",
    "telemetry_ingestbatch", "telemetry_maintenance", "telemetry_heldoutage", "telemetry_rollupfive",
    "telemetry_rolluphour", "telemetry_packed", "telemetry_packedhour",
    "telemetry_resulthour", "telemetry_resultday", "telemetry_resultdaydue", "telemetry_statemonth",
    "telemetry_statedaydue", "telemetry_rolledday", "tenants_audit",
    "contacts_contactmethod", "contacts_quiet", "tenants_apikey", "tenants_handle", "tenants_signinlink",
    "django_session", "django_admin_log",
)  # fmt: skip
TENANT_TABLES = (
    "incidents_timelineentry", "incidents_postmortem", "incidents_incident_about", "incidents_incident",
    "notifications_rule_channels", "notifications_rule_monitors", "notifications_rule_groups", "notifications_rule",
    "notifications_escalationpolicy", "notifications_notificationchannel", "notifications_override",
    "notifications_schedule",
    "monitors_maintenancewindow_monitors", "monitors_maintenancewindow",
    "monitors_monitor_depends_on", "monitors_monitor_members", "monitors_monitor",
)  # fmt: skip
CAST_TABLES = ("tenants_user", "tenants_organisation", "tenants_membership")  # in an order that keys allow
WRITTEN_TABLES = (
    *(f"{schema}.{table}" for schema in ("o_acme", "o_globex") for table in TENANT_TABLES),
    *SHARED_TABLES, "account_emailaddress", "tenants_membership",
)  # fmt: skip
# Planning to empty fifty partitions takes longer than most tests: each table that has pages is emptied by itself.
# All of it is one question, after each of some thousand tests; its constant statements keep their plans.
CLEAN = """
CREATE OR REPLACE FUNCTION suite.clean() RETURNS void LANGUAGE plpgsql AS $$
DECLARE written regclass; made text;
BEGIN
    FOR written IN
        SELECT leaf FROM unnest('{%(tables)s}'::text[]) WITH ORDINALITY AS t(name, place)
        LEFT JOIN LATERAL pg_partition_tree(name) tree ON true
        CROSS JOIN LATERAL (SELECT coalesce(relid, name::regclass) AS leaf) l
        WHERE pg_relation_size(leaf) > 0 ORDER BY place
    LOOP
        EXECUTE format('DELETE FROM %%s', written);
    END LOOP;
    FOR made IN SELECT schema_name FROM tenants_organisation WHERE slug NOT IN ('acme', 'globex') LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %%I CASCADE', made);
    END LOOP;
    %(restored)s
END $$
"""
# A role, a name, a password or a membership that a test changed is back; what it left alone is not written.
RESTORE = """
    DELETE FROM %(table)s t WHERE NOT EXISTS (SELECT FROM suite.%(table)s s WHERE s.id = t.id);
    INSERT INTO %(table)s AS t (%(columns)s) OVERRIDING SYSTEM VALUE SELECT %(columns)s FROM suite.%(table)s
    ON CONFLICT (id) DO UPDATE SET %(changed)s WHERE t IS DISTINCT FROM excluded;
"""


def remember_cast() -> None:
    cleaner = _cleaner()
    cleaner.execute("CREATE SCHEMA IF NOT EXISTS suite")
    for table in CAST_TABLES:
        cleaner.execute(f"CREATE TABLE IF NOT EXISTS suite.{table} AS TABLE public.{table}")
    restored = "".join(_restore(cleaner, table) for table in CAST_TABLES)
    cleaner.execute(CLEAN % {"tables": ",".join(WRITTEN_TABLES), "restored": restored})


def _restore(cleaner: psycopg.Connection, table: str) -> str:
    found = cleaner.execute(f"SELECT * FROM suite.{table} LIMIT 0").description or ()
    columns = [column.name for column in found]
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in {"id", "no"})
    return RESTORE % {"table": table, "columns": ", ".join(columns), "changed": changed}


def superuser() -> psycopg.Connection:
    """A connection of a role that no wall stops."""
    import psycopg

    return psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True)


@cache
def _cleaner() -> psycopg.Connection:
    """One for all of the process: what it knows of some thousand tables takes as long to learn as to use."""
    return superuser()


def clean() -> None:
    from django.db import connection

    connection.set_schema_to_public()  # type: ignore[attr-defined]
    _cleaner().execute("SELECT suite.clean()")


def renew() -> None:
    """The next test has the connection as if it were new: a new one would have to learn the tables anew."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        if connection.alias != "default" or connection.in_atomic_block or not connection.is_usable():
            connection.close()
            continue
        with connection.cursor() as cursor:
            cursor.execute("DISCARD ALL")
        connection.search_path_set_schemas = None  # type: ignore[attr-defined]

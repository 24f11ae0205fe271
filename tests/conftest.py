"""The suite's servers and its cast: acme with alice (owner) and bob (viewer), globex with charlie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import psycopg


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """One database per process, made the way an installation makes its own."""
    from django.core.management import call_command
    from django.db import connection

    with django_db_blocker.unblock():
        call_command("prepare_database", quiet=True)
        _make_cast()
        _remember_cast()
        connection.set_schema_to_public()  # type: ignore[attr-defined]
    yield
    with django_db_blocker.unblock():
        connection.close()


def _make_cast() -> None:
    from tenants import membership, provisioning
    from tenants.abilities import Role
    from tenants.actors import COMMAND_LINE
    from tenants.models import Organisation

    if Organisation.objects.exists():
        return
    for slug, owner in (("acme", "alice@acme.example"), ("globex", "charlie@globex.example")):
        user, _ = membership.find_or_create_user(owner, "correct horse battery")
        organisation = provisioning.request_organisation(slug, slug.capitalize(), user, COMMAND_LINE)
        provisioning.provision(organisation)
    acme = Organisation.objects.get(slug="acme")
    bob, _ = membership.find_or_create_user("bob@acme.example", "correct horse battery")
    membership.add(acme, bob, Role.VIEWER, COMMAND_LINE)


# What a test may have written: emptied after each test that commits, by a role that no wall stops.
SHARED_TABLES = (
    "ledger_attempt", "ledger_delivery", "ledger_escalation", "ledger_localmail", "outbox_fact",
    "telemetry_checkresult",
    "telemetry_gap", "telemetry_statechange", "telemetry_probespec", "telemetry_livestate",
    "telemetry_evidence", "telemetry_blindness", "telemetry_heartbeat", "telemetry_ping", "telemetry_pingbody",
    "telemetry_reception", "telemetry_series", "telemetry_sample", "telemetry_samplestored",
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
EMPTY = """
CREATE OR REPLACE FUNCTION suite.empty(tables text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE written regclass;
BEGIN
    FOR written IN
        SELECT leaf FROM unnest(tables) WITH ORDINALITY AS t(name, place)
        LEFT JOIN LATERAL pg_partition_tree(name) tree ON true
        CROSS JOIN LATERAL (SELECT coalesce(relid, name::regclass) AS leaf) l
        WHERE pg_relation_size(leaf) > 0 ORDER BY place
    LOOP
        EXECUTE format('DELETE FROM %s', written);
    END LOOP;
END $$
"""


def _remember_cast() -> None:
    cleaner = _cleaner()
    cleaner.execute("CREATE SCHEMA IF NOT EXISTS suite")
    cleaner.execute(EMPTY)
    for table in CAST_TABLES:
        cleaner.execute(f"CREATE TABLE IF NOT EXISTS suite.{table} AS TABLE public.{table}")


def superuser() -> psycopg.Connection:
    """A connection of a role that no wall stops."""
    import psycopg

    return psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True)


@cache
def _cleaner() -> psycopg.Connection:
    """One for all of the process: what it knows of some thousand tables takes as long to learn as to use."""
    return superuser()


@pytest.fixture
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits, seen by every thread and process; the rows are gone after the test, the cast stays."""
    from django.core.cache import cache

    with django_db_blocker.unblock():
        yield
        _clean()
        cache.clear()
        _renew()


def _clean() -> None:
    from django.db import connection

    connection.set_schema_to_public()  # type: ignore[attr-defined]
    cleaner = _cleaner()
    cleaner.execute("SELECT suite.empty(%s)", [list(WRITTEN_TABLES)])
    extra = cleaner.execute(
        "SELECT schema_name FROM tenants_organisation WHERE slug NOT IN ('acme', 'globex')"
    ).fetchall()
    for (schema,) in extra:
        cleaner.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    for table in CAST_TABLES:
        _restore(cleaner, table)


def _renew() -> None:
    """The next test has the connection as if it were new: a new one would have to learn the tables anew."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        if connection.alias != "default" or connection.in_atomic_block or not connection.is_usable():
            connection.close()
            continue
        with connection.cursor() as cursor:
            cursor.execute("DISCARD ALL")
        connection.search_path_set_schemas = None  # type: ignore[attr-defined]


def _restore(cleaner: psycopg.Connection, table: str) -> None:
    """The rows as they were made: a role, a name, a password or a membership that a test changed is back."""
    columns = [
        column.name for column in cleaner.execute(f"SELECT * FROM suite.{table} LIMIT 0").description or ()
    ]
    cleaner.execute(f"DELETE FROM {table} t WHERE NOT EXISTS (SELECT FROM suite.{table} s WHERE s.id = t.id)")
    cleaner.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE SELECT {', '.join(columns)}"
        f" FROM suite.{table} ON CONFLICT (id) DO UPDATE SET"
        f" {', '.join(f'{column} = excluded.{column}' for column in columns if column not in ('id', 'no'))}"
    )


def _organisation(slug: str) -> Any:
    from tenants.models import Organisation

    return Organisation.objects.get(slug=slug)


def _person(email: str) -> Any:
    from tenants.models import User

    return User.objects.get(email=email)


@pytest.fixture
def acme(world: None) -> Any:
    return _organisation("acme")


@pytest.fixture
def globex(world: None) -> Any:
    return _organisation("globex")


@pytest.fixture
def alice(world: None) -> Any:
    """Owner of acme."""
    return _person("alice@acme.example")


@pytest.fixture
def bob(world: None) -> Any:
    """Viewer of acme."""
    return _person("bob@acme.example")


@pytest.fixture
def charlie(world: None) -> Any:
    """Owner of globex; a stranger to acme."""
    return _person("charlie@globex.example")


@pytest.fixture
def as_alice(alice: Any) -> Any:
    return _signed_in(alice)


@pytest.fixture
def as_bob(bob: Any) -> Any:
    return _signed_in(bob)


@pytest.fixture
def as_charlie(charlie: Any) -> Any:
    return _signed_in(charlie)


def _signed_in(user: Any) -> Any:
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


class Api:
    """A script with a key of one organisation."""

    def __init__(self, organisation: Any, scopes: list[str]) -> None:
        from django.test import Client

        from tenants import keys
        from tenants.actors import COMMAND_LINE

        self.row, self.key = keys.create(organisation, "suite", scopes, COMMAND_LINE)
        self.client = Client(headers={"Authorization": f"Bearer {self.key}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/v1/{path}", query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/v1/{path}", body, content_type="application/json")

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(f"/v1/{path}", body, content_type="application/json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"/v1/{path}", body, content_type="application/json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/v1/{path}")


@pytest.fixture
def api(acme: Any) -> Api:
    return Api(acme, ["*"])


@pytest.fixture
def globex_api(globex: Any) -> Api:
    return Api(globex, ["*"])


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A webhook receiver with a ledger."""
    from tests.receivers import WebhookReceiver

    server = WebhookReceiver().start()
    yield server
    server.stop()


@pytest.fixture
def smtp(settings: Any) -> Iterator[Any]:
    """A mail server, and Pulse set to use it."""
    from tests.receivers import SmtpReceiver

    server = SmtpReceiver().start()
    settings.EMAIL_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def courier(world: None) -> Iterator[Any]:
    """Relay and deliveries, running."""
    from notifications.courier import Courier

    courier = Courier()
    courier.start()
    yield courier
    courier.stop()


@pytest.fixture
def checker(world: None) -> Iterator[Any]:
    """Claim, engine and record, running."""
    from monitors.checking import Checker

    checker = Checker(max_in_flight=200)
    checker.start()
    yield checker
    checker.stop()


@pytest.fixture
def target() -> Iterator[Any]:
    """An HTTP target with a settable status."""
    from tests.targets import HttpTarget

    with HttpTarget() as server:
        yield server


@pytest.fixture(scope="session")
def pings(django_db_setup: None) -> Iterator[str]:
    """The address of `/ping` on a server of this process."""
    from tests.monitors.heartbeats.serving import served

    with served() as address:
        yield f"{address}/ping"

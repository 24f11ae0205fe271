"""The organisation is set on the connection before anything else, and never silently not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, DataError, OperationalError, connection, connections, transaction

from monitors.models import Monitor
from pulse.backend.base import DatabaseWrapper
from pulse.scoping import in_tenant
from pulse.settings import env
from tenants.models import Organisation
from tests.api.making import make_monitor


class Oops(Exception):
    pass


def scope() -> tuple[str, str]:
    """As the server has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path'), current_setting('app.tenant')")
        path, tenant = cursor.fetchone()
        return path.replace('"', ""), tenant


def roll_back_after_seeing(expected: tuple[str, str]) -> None:
    """A transaction, or a savepoint inside one, whose first statement sets the scope."""
    with suppress(Oops), transaction.atomic():
        assert scope() == expected
        raise Oops


@pytest.fixture
def of_acme(acme: Any) -> tuple[str, str]:
    return "o_acme,public", str(acme.no)


PUBLIC = ("public", "")


def test_a_rolled_back_transaction_takes_the_scope_with_it_and_it_is_set_anew(
    acme: Any, of_acme: tuple[str, str]
) -> None:
    with in_tenant(acme):
        roll_back_after_seeing(of_acme)
        assert scope() == of_acme
    assert scope() == PUBLIC


def test_a_rolled_back_savepoint_takes_the_scope_with_it_and_it_is_set_anew(
    acme: Any, of_acme: tuple[str, str]
) -> None:
    with transaction.atomic():
        assert scope() == PUBLIC
        with in_tenant(acme):
            roll_back_after_seeing(of_acme)
            assert scope() == of_acme
        assert scope() == PUBLIC


def test_leaving_inside_a_transaction_that_is_rolled_back_does_not_lead_back_in(
    acme: Any, of_acme: tuple[str, str]
) -> None:
    with in_tenant(acme):
        assert scope() == of_acme
    roll_back_after_seeing(PUBLIC)
    assert scope() == PUBLIC


def test_savepoints_go_on_working_after_an_error_inside_them(acme: Any, of_acme: tuple[str, str]) -> None:
    with transaction.atomic():
        with pytest.raises(DataError), transaction.atomic(), in_tenant(acme), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        assert Organisation.objects.count() == 2
        with in_tenant(acme):
            with pytest.raises(DataError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
            assert Monitor.objects.count() == 0
            assert scope() == of_acme


def test_a_statement_that_cannot_set_its_scope_never_runs(acme: Any, api: Any) -> None:
    make_monitor(api)
    with in_tenant(acme):
        assert Monitor.objects.count() == 1
    broken = SimpleNamespace(schema_name="o_globex", no="1\0")

    connection.set_tenant(broken)  # type: ignore[attr-defined]
    with pytest.raises(DatabaseError):
        Monitor.objects.count()

    assert connection.connection is None
    connection.set_schema_to_public()  # type: ignore[attr-defined]
    assert scope() == PUBLIC


def test_a_connection_that_the_server_ended_is_not_used_again(acme: Any, of_acme: tuple[str, str]) -> None:
    with in_tenant(acme):
        scope()
        kill(connection.connection.info.backend_pid)
        with pytest.raises(OperationalError):
            Monitor.objects.count()
        connection.close_if_unusable_or_obsolete()
        assert scope() == of_acme
    assert scope() == PUBLIC


def test_a_statement_cancelled_while_it_waits_leaves_the_scope_right(
    acme: Any, globex: Any, of_acme: tuple[str, str]
) -> None:
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '20ms'")
        with pytest.raises(OperationalError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(5)")
        cursor.execute("RESET statement_timeout")
        assert scope() == of_acme
    with in_tenant(globex):
        assert scope()[1] == str(globex.no)


def test_a_fresh_connection_starts_in_its_scope(acme: Any, of_acme: tuple[str, str]) -> None:
    with in_tenant(acme):
        connection.close()
        assert scope() == of_acme


def kill(process: int) -> None:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [process])


@pytest.fixture
def bypassing() -> Iterator[str]:
    """The address of a role that row security does not bind."""
    url = os.environ["PULSE_TEST_SUPERUSER_URL"]
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE passes_by LOGIN NOSUPERUSER BYPASSRLS PASSWORD 'x'")
        parts = urlsplit(url)
        yield urlunsplit(parts._replace(netloc="passes_by:x@" + parts.netloc.rpartition("@")[2]))
        superuser.execute("DROP ROLE passes_by")


def refusal(url: str) -> str:
    settings = connections.configure_settings({"default": env.database(url)})["default"]
    wrapper = DatabaseWrapper(settings)
    with pytest.raises(ImproperlyConfigured) as refused:
        wrapper.ensure_connection()
    assert wrapper.connection is None
    return str(refused.value)


def test_a_superuser_is_refused(world: None) -> None:
    assert "'postgres' is a superuser" in refusal(os.environ["PULSE_TEST_SUPERUSER_URL"])


def test_a_role_that_bypasses_row_security_is_refused(world: None, bypassing: str) -> None:
    words = refusal(bypassing)

    assert "'passes_by' is a role with BYPASSRLS" in words
    assert "NOBYPASSRLS" in words

"""Two walls stand around an organisation, and there is one way in."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, DataError, ProgrammingError, connection, transaction

from monitors.models import Monitor
from monitors.telemetry.models import LiveState
from pulse import scoping
from pulse.scoping import ScopeError, as_pipeline, in_tenant
from tenants.models import Organisation
from tests.api.making import make_monitor

NEW_FACT = """
INSERT INTO outbox_fact (tenant_no, kind, subject, sequence, payload)
VALUES (%s, 'k', gen_random_uuid(), 1, '{}')
"""


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]


@pytest.fixture
def two(api: Any, globex_api: Any) -> None:
    """Each organisation watches one thing."""
    make_monitor(api, name="of acme")
    make_monitor(globex_api, name="of globex")


def test_each_organisation_sees_its_own_tables(two: None, acme: Any, globex: Any) -> None:
    for organisation, name in ((acme, "of acme"), (globex, "of globex")):
        with in_tenant(organisation):
            assert [monitor.name for monitor in Monitor.objects.all()] == [name]
            assert [monitor.name for monitor in Monitor.objects.iterator()] == [name]


def test_outside_there_are_no_organisations_tables(two: None) -> None:
    with pytest.raises(ProgrammingError, match="monitors_monitor"):
        Monitor.objects.count()


def test_shared_rows_of_another_organisation_cannot_be_read(two: None, acme: Any, globex: Any) -> None:
    for organisation in (acme, globex):
        with in_tenant(organisation):
            assert sql("SELECT DISTINCT tenant_no FROM telemetry_livestate") == [(organisation.no,)]
            assert LiveState.objects.count() == 1


def test_shared_rows_of_another_organisation_cannot_be_written(two: None, acme: Any, globex: Any) -> None:
    with in_tenant(globex):
        assert sql("UPDATE telemetry_livestate SET failures = 9 WHERE tenant_no = %s", acme.no) == [(0,)]
        assert sql("DELETE FROM telemetry_livestate WHERE tenant_no = %s", acme.no) == [(0,)]
        for statement in (
            "UPDATE telemetry_livestate SET tenant_no = %s",
            NEW_FACT,
        ):
            with pytest.raises(ProgrammingError, match="row-level security"):
                sql(statement, acme.no)

    with in_tenant(acme):
        assert LiveState.objects.get().failures == 0


def test_without_an_organisation_shared_rows_raise(two: None) -> None:
    for statement in (
        "SELECT * FROM telemetry_livestate",
        "UPDATE telemetry_livestate SET failures = 9",
        "DELETE FROM telemetry_livestate",
        NEW_FACT % 1,
    ):
        with pytest.raises(DataError, match="invalid input syntax for type integer"):
            sql(statement)


def test_the_pipeline_sees_the_rows_of_all(two: None, acme: Any, globex: Any) -> None:
    with as_pipeline():
        assert set(sql("SELECT tenant_no FROM telemetry_livestate")) == {(acme.no,), (globex.no,)}
        with pytest.raises(ProgrammingError, match="monitors_monitor"):
            Monitor.objects.count()


def test_entering_an_organisation_turns_the_pipeline_off(two: None, acme: Any) -> None:
    with as_pipeline():
        with in_tenant(acme):
            assert sql("SELECT tenant_no FROM telemetry_livestate") == [(acme.no,)]
        assert len(sql("SELECT tenant_no FROM telemetry_livestate")) == 2
    with pytest.raises(DataError):
        sql("SELECT tenant_no FROM telemetry_livestate")


def test_two_organisations_never_meet_in_one_block(two: None, acme: Any, globex: Any) -> None:
    with in_tenant(acme):
        with pytest.raises(ScopeError), in_tenant(globex):
            raise AssertionError("inside two organisations")
        assert Monitor.objects.get().name == "of acme"


def test_entering_the_same_organisation_again_costs_nothing(
    two: None, acme: Any, django_assert_num_queries: Any
) -> None:
    with in_tenant(acme):
        Monitor.objects.get()
        with django_assert_num_queries(1), in_tenant(acme):
            Monitor.objects.get()
        assert scoping.current() == acme


def test_the_pipeline_cannot_be_entered_from_inside(acme: Any) -> None:
    with in_tenant(acme), pytest.raises(ScopeError), as_pipeline():
        raise AssertionError("in both")


def test_public_is_no_organisation(world: None) -> None:
    for nowhere in (Organisation(no=7, schema_name="public"), Organisation(schema_name="o_acme")):
        with pytest.raises(ScopeError), in_tenant(nowhere):
            raise AssertionError("inside")


@pytest.mark.parametrize(
    "statement", ["SELECT 1/0", "SELECT * FROM nowhere", "SELECT pg_terminate_backend(pg_backend_pid())"]
)
def test_the_scope_before_is_restored_whatever_goes_wrong(two: None, acme: Any, statement: str) -> None:
    with suppress(DatabaseError), in_tenant(acme):
        sql(statement)
    connection.close_if_unusable_or_obsolete()
    with suppress(DatabaseError), in_tenant(acme), transaction.atomic():
        sql(statement)
    connection.close_if_unusable_or_obsolete()
    with suppress(DatabaseError), as_pipeline():
        sql(statement)
    connection.close_if_unusable_or_obsolete()

    assert scoping.current() is None
    settings = [f"current_setting('{name}')" for name in ("search_path", "app.tenant", "app.pipeline")]
    assert sql(f"SELECT {', '.join(settings)}") == [('"public"', "", "")]


def test_a_new_thread_starts_outside(two: None, acme: Any) -> None:
    seen: list[object] = []

    def look() -> None:
        try:
            seen.append(scoping.current())
            LiveState.objects.count()
        except DataError as error:
            seen.append(type(error))
        finally:
            connection.close()

    with in_tenant(acme):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    assert seen == [None, DataError]

"""Every table that holds rows of several organisations is walled, each partition of it too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from pulse.rowsecurity import (
    DAYS_AHEAD,
    Partitioned,
    drop_old_partitions,
    ensure_partitions,
    partitions,
)
from tenants import preparation


def rows(statement: str) -> list[tuple[Any, ...]]:
    """By a role that no wall stops."""
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as superuser:
        return superuser.execute(statement.encode()).fetchall()


WITH_TENANT = """
SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
    (SELECT array_agg(p.polname::text ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid),
    (SELECT array_agg(pg_get_expr(p.polqual, p.polrelid) ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid),
    (SELECT bool_and(p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}')
        FROM pg_policy p WHERE p.polrelid = c.oid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_no' AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') ORDER BY c.relname
"""


def test_every_table_with_rows_of_organisations_is_walled(world: None) -> None:
    tables = rows(WITH_TENANT)

    assert len([row for row in tables if not row[4]]) >= 9
    assert len([row for row in tables if row[4]]) >= 3 * 14
    for _, name, enabled, forced, _, policies, conditions, plain in tables:
        assert enabled, f"{name} has no row security"
        assert forced, f"{name} does not bind its owner"
        assert policies == ["pipeline", "tenant"], name
        assert conditions == [
            "(current_setting('app.pipeline'::text) = 'on'::text)",
            "(tenant_no = (current_setting('app.tenant'::text))::integer)",
        ], name
        assert plain, f"a policy of {name} is not for every command and role"


def test_no_shared_table_of_organisations_is_without_a_number() -> None:
    """What is public without a wall is listed here, by name."""
    open_to_all = {
        "account_",
        "auth_",
        "contacts_",  # people's own, who may belong to several organisations
        "django_",
        "tenants_",
        "telemetry_location",
        "telemetry_packedhour",
        "telemetry_rolledday",
        "telemetry_worker",
        "telemetry_reception",
        "telemetry_blindness",
        "ledger_localmail",
    }
    names = rows(
        "SELECT relname FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_no')"
    )

    assert [name for (name,) in names if not name.startswith(tuple(open_to_all))] == []


def test_no_view_or_function_leads_around_the_walls(world: None) -> None:
    assert (
        rows(
            "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
        )
        == []
    )
    assert rows("SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace") == []


def test_no_table_name_is_in_two_places(world: None) -> None:
    tables = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = '{}'::regnamespace"
    public = set(rows(tables.format("public")))

    for schema in ("tenant_template", "o_acme", "o_globex"):
        inside = set(rows(tables.format(schema)))
        assert public & inside == {("django_migrations",)}
        assert len(inside) <= 25


def test_no_foreign_key_leaves_its_schema(world: None) -> None:
    crossing = rows(
        "SELECT c.conrelid::regclass, c.confrelid::regclass FROM pg_constraint c"
        " JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid"
        " WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace"
    )

    assert crossing == []


@pytest.fixture
def scratch(world: None) -> Iterator[None]:
    """Two tables cut by time, made as migrations make theirs."""
    with connection.cursor() as cursor:
        for name in ("scratch_days", "scratch_months"):
            cursor.execute(
                f"CREATE TABLE {name} (no int, at timestamptz NOT NULL, tenant_no int NOT NULL)"
                " PARTITION BY RANGE (at)"
            )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE scratch_days, scratch_months")


DAYS, MONTHS = Partitioned("scratch_days", "day", 30), Partitioned("scratch_months", "month", None)


def where_it_lands(table: str, at: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', '1', true), set_config('app.pipeline', '', true)")
        cursor.execute(
            f"INSERT INTO {table} (no, at, tenant_no) VALUES (1, %s, 1) RETURNING tableoid::regclass::text",
            [at],
        )
        name: str = cursor.fetchone()[0]
        return name


def test_partitions_reach_from_the_oldest_day_kept_to_two_weeks_ahead(scratch: None) -> None:
    today = date(2026, 3, 10)

    made = ensure_partitions([DAYS], today)

    assert made[0] == "scratch_days_20260208"
    assert made[-1] == "scratch_days_20260324"
    assert len(made) == 30 + 1 + DAYS_AHEAD
    assert ensure_partitions([DAYS], today) == []
    assert ensure_partitions([DAYS], today + timedelta(days=1)) == ["scratch_days_20260325"]


def test_months_go_on_over_the_end_of_a_year(scratch: None) -> None:
    made = ensure_partitions([MONTHS], date(2026, 12, 20))

    assert made == ["scratch_months_202611", "scratch_months_202612", "scratch_months_202701"]
    for at, name in (
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "scratch_months_202612"),
        (datetime(2027, 1, 1, tzinfo=UTC), "scratch_months_202701"),
    ):
        assert where_it_lands("scratch_months", at) == name


@pytest.mark.parametrize(
    "today", [date(2028, 2, 29), date(2026, 10, 25), date(2027, 1, 1), date(2026, 12, 31)]
)
def test_every_moment_of_the_coming_days_has_its_partition(scratch: None, today: date) -> None:
    ensure_partitions([DAYS, MONTHS], today)

    for days in range(DAYS_AHEAD + 1):
        noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC) + timedelta(days=days)
        assert where_it_lands("scratch_days", noon) == f"scratch_days_{noon:%Y%m%d}"
        assert where_it_lands("scratch_months", noon) == f"scratch_months_{noon:%Y%m}"


def test_what_is_older_than_its_table_keeps_is_dropped(scratch: None) -> None:
    today = date(2026, 3, 10)
    ensure_partitions([DAYS, MONTHS], today)

    assert drop_old_partitions([DAYS, MONTHS], today) == []
    dropped = drop_old_partitions([DAYS, MONTHS], today + timedelta(days=3))

    assert dropped == ["scratch_days_20260208", "scratch_days_20260209", "scratch_days_20260210"]
    with connection.cursor() as cursor:
        assert partitions(cursor, "scratch_days")[0][0] == "scratch_days_20260211"


def test_new_partitions_are_walled(scratch: None) -> None:
    ensure_partitions([DAYS, MONTHS], date(2026, 3, 10))

    walled = {row[1]: (row[2], row[3], row[5]) for row in rows(WITH_TENANT)}

    made = {name: wall for name, wall in walled.items() if name.startswith("scratch_") and name[-1].isdigit()}
    assert len(made) == 45 + 2
    assert set(map(str, made.values())) == {"(True, True, ['pipeline', 'tenant'])"}


def test_upkeep_gives_way_to_a_reader_and_comes_again(scratch: None) -> None:
    today = date(2026, 3, 10)
    ensure_partitions([DAYS], today)
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as reader:
        reader.execute("SELECT count(*) FROM scratch_days")

        assert drop_old_partitions([DAYS], today + timedelta(days=1)) == []

    assert drop_old_partitions([DAYS], today + timedelta(days=1)) == ["scratch_days_20260208"]


def test_raw_results_are_kept_thirty_days(world: None) -> None:
    kept = {table.table: table.keep_days for table in preparation.partitioned_tables()}

    assert kept["telemetry_packedusual"] == 30
    assert kept["tenants_audit"] is None

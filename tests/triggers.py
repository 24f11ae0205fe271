"""Make the database misbehave at one table, so that real code meets a real failure there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

CUT = "PERFORM pg_terminate_backend(pg_backend_pid())"
REFUSE = "RAISE EXCEPTION 'refused by the test'"


@contextmanager
def trouble(table: str, action: str, event: str = "INSERT", when: str = "true") -> Iterator[None]:
    """CUT the connection of whoever writes a row, or REFUSE it; `when` looks at NEW."""
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute(
            "CREATE FUNCTION public.trouble() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {action}; RETURN NEW; END $$"
        )
        try:
            superuser.execute(
                f"CREATE TRIGGER trouble BEFORE {event} ON {table} FOR EACH ROW WHEN ({when})"
                " EXECUTE FUNCTION public.trouble()"
            )
            yield
        finally:
            superuser.execute("DROP FUNCTION public.trouble() CASCADE")

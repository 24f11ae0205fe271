"""An outage as results bring it: which incident it becomes, and how few statements that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitors.judging import Result
from monitors.probes.outcome import Outcome
from monitors.recording import record
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline
from tests.incidents.making import groups
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, claimed, step

# Scope, patience, results and their decisions; what is used, twice; the lock, incidents, monitors; what fails, what was
# looked at, and once more what is used; incidents, timeline, their decisions, the fact.
STATEMENTS = 17


def failing(organisation: Any, outcomes: Sequence[Outcome]) -> list[Result]:
    """One monitor on a host of its own for each of these outcomes, which confirms its outage."""
    monitors = [
        make(organisation, f"shop {number}", target=f"http://{number}.example/")
        for number in range(len(outcomes))
    ]
    for monitor, outcome in zip(monitors, outcomes, strict=True):
        for one in (GOOD, outcome, outcome):
            step(monitor, one)
    return [claimed(monitor, outcome) for monitor, outcome in zip(monitors, outcomes, strict=True)]


def statements_of(batch: list[Result]) -> list[str]:
    """What recording these sends that is about transitions: evidence and the steady part come before it."""
    with as_pipeline():
        here = location_no()
    with CaptureQueriesContext(connection) as queries:
        record(batch, here)
    sent = [query["sql"] for query in queries.captured_queries]
    begin = max(number for number, sql in enumerate(sent) if "set_config" in sql)
    return [sql for sql in sent[begin:] if sql not in ("BEGIN", "COMMIT")]


def test_an_outage_of_many_takes_as_many_statements_as_one_of_few(acme: Any, globex: Any) -> None:
    somewhere = replace(BAD, address="203.0.113.7")

    few = statements_of(failing(acme, [somewhere] * 3))
    many = statements_of(failing(globex, [somewhere] * 9))

    assert len(few) == len(many) <= STATEMENTS, "\n".join(many)


def test_an_address_that_a_result_says_and_one_that_is_remembered_are_the_same(acme: Any) -> None:
    """The last one got nowhere: where it was when it worked is looked up."""
    said, silent = replace(BAD, address="203.0.113.7"), replace(BAD, address=None)
    batch = failing(acme, [said, said, silent])
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_checkresult SET address = '203.0.113.7' WHERE ok")

    statements_of(batch)

    assert [group.cause for group in groups(acme)] == ["all 3 resolve to 203.0.113.7"]

"""The issuer that a first good check saw is kept, place by place, until a person or an edit forgets it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from monitors import editing
from monitors.judging import judge
from monitors.models import Monitor
from monitors.probes.outcome import ErrorClass
from monitors.telemetry import issuers
from monitors.telemetry.models import Status
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.issuing import OURS, THEIRS, WANTED, accepted, edited, seen
from tests.monitors.making import make
from tests.monitors.stepping import claimed, finish, head, states, status, step


@pytest.fixture
def watched(acme: Any) -> Monitor:
    return make(acme, kind="tls", target="127.0.0.1:9", config=WANTED)


def test_the_change_does_not_accept_itself(watched: Monitor) -> None:
    for issuer in (OURS, THEIRS, THEIRS, THEIRS):
        step(watched, seen(issuer))

    assert status(watched) is Status.DEGRADED
    assert accepted(watched) == [(1, OURS)]
    step(watched, seen(OURS))
    step(watched, seen(OURS))
    assert status(watched) is Status.UP


def test_two_workers_agree_on_what_was_first(watched: Monitor) -> None:
    one, other = (claimed(watched, seen(issuer)) for issuer in (OURS, THEIRS))

    finish(one)
    finish(other)

    assert (one.spec.accepted_issuer, other.spec.accepted_issuer) == (OURS, OURS)
    assert judge(other).result.outcome.soft


def test_a_check_that_an_edit_overtook_accepts_nothing(acme: Any, watched: Monitor) -> None:
    late = claimed(watched, seen(THEIRS))
    edited(acme, watched, target="127.0.0.1:10")

    finish(late)

    assert accepted(watched) == []
    step(watched, seen(OURS))
    assert accepted(watched) == [(1, OURS)]
    assert not judge(late).result.outcome.soft


def test_while_somebody_writes_the_spec_the_next_check_accepts(acme: Any, watched: Monitor) -> None:
    from tests.cleaning import superuser

    with superuser() as other, other.transaction():
        other.execute("SELECT FROM telemetry_probespec WHERE monitor_no = %s FOR UPDATE", [watched.no])
        step(watched, seen(OURS))

    assert accepted(watched) == []
    step(watched, seen(OURS))
    assert accepted(watched) == [(1, OURS)]


def test_a_name_that_cannot_be_stored_costs_no_result(acme: Any, watched: Monitor) -> None:
    step(watched, seen("CN=\0"))

    assert status(watched) is Status.UP
    assert accepted(watched) == []


def test_each_place_has_its_own(acme: Any) -> None:
    with as_pipeline():
        fra, nyc = location_no("fra"), location_no("nyc")
    monitor = make(acme, kind="tls", target="127.0.0.1:9", locations=["fra", "nyc"], config=WANTED)
    for place, issuer in (("fra", OURS), ("nyc", THEIRS)) * 3:
        step(monitor, seen(issuer), place)

    assert accepted(monitor) == [(fra, OURS), (nyc, THEIRS)]
    assert {row.last_error for row in states(monitor)} == {0}
    edited(acme, monitor, locations=["nyc"])
    assert accepted(monitor) == [(nyc, THEIRS)]


def test_upside_down_nothing_is_accepted_or_compared(acme: Any) -> None:
    monitor = make(acme, kind="tls", target="127.0.0.1:9", config=WANTED, upside_down=True)

    step(monitor, seen(OURS))

    assert accepted(monitor) == []


def test_what_was_accepted_says_nothing_once_it_is_upside_down(acme: Any, watched: Monitor) -> None:
    step(watched, seen(OURS))
    edited(acme, watched, upside_down=True)

    step(watched, seen(THEIRS, ok=False, error=ErrorClass.UNEXPECTED_ANSWER))

    assert (head(watched).last_ok, head(watched).last_error) == (True, 0)


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({"name": "other"}, True),
        ({"config": {"issuer_change": "down"}}, True),
        ({"target": "127.0.0.1:10"}, False),
        ({"config": {"issuer_change": "ignore"}}, False),
        ({"config": {}}, False),
        ({"kind": "http", "target": "https://127.0.0.1:9/", "config": {}}, False),
    ],
)
def test_an_edit_forgets_what_it_makes_void(
    acme: Any, watched: Monitor, changes: dict[str, Any], is_kept: bool
) -> None:
    step(watched, seen(OURS))

    edited(acme, watched, **changes)

    assert accepted(watched) == ([(1, OURS)] if is_kept else [])


def test_it_is_forgotten_with_its_monitor(acme: Any, watched: Monitor) -> None:
    step(watched, seen(OURS))

    with in_tenant(acme):
        editing.delete(acme, watched, COMMAND_LINE)

    assert accepted(watched) == []


def test_another_organisation_neither_reads_nor_forgets_it(acme: Any, globex: Any, watched: Monitor) -> None:
    step(watched, seen(OURS))

    with in_tenant(globex), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM telemetry_issuer")
        assert cursor.fetchone() == (0,)
        assert issuers.forget(watched.no, acme.no) == []
        assert issuers.forget(watched.no, globex.no) == []
    assert accepted(watched) == [(1, OURS)]

"""What a result leads to besides a status: a quick second look, evidence, and turning over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident
from monitors import keeping
from monitors.judging import judge
from monitors.models import Monitor
from monitors.probes.outcome import ErrorClass, Outcome, internal_error
from monitors.telemetry.claiming import Claimed
from monitors.telemetry.models import CheckResult, Evidence, Status
from monitors.telemetry.scheduling import phase_ms
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, SOFT, claimed, head, status, step


def due_after(monitor: Monitor, check: Claimed) -> float:
    """Seconds from this check's slot to the next."""
    due = head(monitor).next_due_at
    assert due is not None
    return (due - check.slot).total_seconds()


def test_a_failure_is_looked_at_again_after_the_retry_interval(acme: Any) -> None:
    monitor = make(acme, interval_seconds=3600, retry_seconds=20)
    grid = due_after(monitor, step(monitor, GOOD))

    assert due_after(monitor, step(monitor, BAD)) == min(20, grid)
    step(monitor, GOOD)
    assert head(monitor).failures == 0


def test_once_down_it_is_looked_at_in_its_own_interval_until_it_seems_to_recover(acme: Any) -> None:
    monitor = make(acme, interval_seconds=86_400, retry_seconds=20, policy={"down_after": 1, "up_after": 2})
    step(monitor, GOOD)

    for _ in range(2):
        step(monitor, BAD)
        due = head(monitor).next_due_at
        assert due is not None
        assert int(due.timestamp() * 1000) % 86_400_000 == phase_ms(monitor.no, 86_400)
    assert status(monitor) is Status.DOWN
    assert due_after(monitor, step(monitor, GOOD)) <= 20


def test_without_a_retry_interval_the_grid_stays(acme: Any) -> None:
    monitor = make(acme, interval_seconds=3600)
    step(monitor, GOOD)
    due = head(monitor).next_due_at

    check = step(monitor, BAD)

    assert head(monitor).next_due_at != check.slot + timedelta(seconds=20)
    assert (head(monitor).next_due_at - due) % timedelta(hours=1) == timedelta()  # type: ignore[operator]


def evidence(monitor: Monitor) -> list[Any]:
    with as_pipeline():
        return list(
            Evidence.objects.filter(monitor_no=monitor.no).order_by("slot").values_list("slot", "document")
        )


def test_failures_and_changes_keep_what_they_were_judged_by(acme: Any) -> None:
    monitor = make(acme)

    first = step(monitor, GOOD)
    step(monitor, GOOD)
    failed = step(monitor, BAD)

    assert evidence(monitor) == [(first.slot, {"facts": {"status": 200}}), (failed.slot, {"facts": {}})]


def test_an_outage_that_goes_on_keeps_a_sample(acme: Any) -> None:
    monitor = make(acme, interval_seconds=5, timeout_seconds=2)

    for _ in range(12):
        step(monitor, BAD)

    assert 3 <= len(evidence(monitor)) <= 4  # a tenth minute may pass meanwhile


def test_evidence_that_cannot_be_kept_costs_no_result(acme: Any) -> None:
    monitor = make(acme)

    def broken() -> dict[str, Any]:
        raise RecursionError

    step(monitor, replace(BAD, evidence=broken))
    step(monitor, replace(BAD, evidence=lambda: {"body": "nul \x00 and half a pair \ud800"}))
    step(monitor, replace(BAD, evidence=lambda: {"value": [float("inf"), float("nan"), 1.5], "nul": Odd()}))

    with as_pipeline():
        assert CheckResult.objects.filter(monitor_no=monitor.no).count() == 3
    assert [document for _, document in evidence(monitor)] == [
        {"body": "nul \ufffd and half a pair ?"},
        {"value": ["inf", "nan", 1.5], "nul": "\ufffd"},
    ]


class Odd:
    def __str__(self) -> str:
        return "\0"


@pytest.mark.parametrize("at_fault", [(0,), (3,), (2, 7), (8,)])
def test_a_row_that_the_database_refuses_is_lost_alone(
    acme: Any, globex: Any, at_fault: tuple[int, ...]
) -> None:
    monitors = [make(acme if number % 2 else globex) for number in range(9)]
    items = [judge(claimed(monitor, BAD)) for monitor in monitors]
    for place in at_fault:  # of that day there is no partition
        check = items[place].result.check._replace(slot=datetime(2000, 1, 1, tzinfo=UTC))
        items[place] = items[place]._replace(result=items[place].result._replace(check=check))

    keeping.keep(items, 0)

    assert [len(evidence(monitor)) for monitor in monitors] == [int(n not in at_fault) for n in range(9)]


def test_where_every_row_is_refused_the_worker_goes_on(acme: Any) -> None:
    item = judge(claimed(make(acme), BAD))
    check = item.result.check._replace(slot=datetime(2000, 1, 1, tzinfo=UTC))
    item = item._replace(result=item.result._replace(check=check))

    with CaptureQueriesContext(connection) as queries:
        keeping.keep([item] * 1000, 0)

    inserts = [query for query in queries if "telemetry_evidence" in query["sql"]]
    assert len(inserts) <= keeping.MOST_STATEMENTS


def test_the_page_shows_the_evidence_of_the_result_that_was_chosen(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    kept = {
        "facts": {"status": 503},
        "assertions": [
            {"assertion": "[STATUS] == 200", "ok": False, "soft": False, "value": 503, "problem": ""}
        ],
        "notes": {"body": "<script>alert(1)</script>"},
    }
    check = step(monitor, replace(BAD, evidence=lambda: kept))

    at = f"{check.slot:%Y-%m-%dT%H:%M:%S.%fZ}"
    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/?at={at}").content.decode()

    assert "[STATUS] == 200" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "No result" not in page


def test_the_api_tells_the_evidence_with_the_result(acme: Any, api: Any) -> None:
    monitor = make(acme)
    step(monitor, BAD)
    (listed,) = api.get(f"monitors/{monitor.pk}/results").json()["results"]

    result = api.get(f"monitors/{monitor.pk}/results/{listed['id']}").json()

    assert result == {**listed, "evidence": {"facts": {}}}


def test_upside_down_good_is_bad(acme: Any) -> None:
    monitor = make(acme, upside_down=True, policy={"down_after": 1, "up_after": 1})

    step(monitor, BAD)
    assert status(monitor) is Status.UP
    step(monitor, GOOD)
    assert status(monitor) is Status.DOWN
    with in_tenant(acme):
        assert Incident.objects.get().cause == "it works, and should not: answered 200"


@pytest.mark.parametrize(
    "outcome",
    [
        internal_error(ValueError()),
        Outcome(False, ErrorClass.REFUSED_ADDRESS, "10.0.0.1 is not allowed"),
        Outcome(False, ErrorClass.INVALID_TARGET, "Write a host."),
    ],
)
def test_what_was_not_tried_or_is_our_fault_is_not_turned_over(acme: Any, outcome: Outcome) -> None:
    monitor = make(acme, upside_down=True, policy={"down_after": 1, "up_after": 1})

    step(monitor, outcome)

    assert status(monitor) is Status.DOWN


def test_soft_failures_degrade_without_an_incident_and_end_an_outage(acme: Any, api: Any) -> None:
    monitor = make(acme, policy={"down_after": 1, "up_after": 1, "degraded_after": 1})

    step(monitor, SOFT)
    assert status(monitor) is Status.DEGRADED
    with in_tenant(acme):
        assert Incident.objects.count() == 0
    step(monitor, BAD)
    step(monitor, SOFT)

    assert status(monitor) is Status.DEGRADED
    with in_tenant(acme):
        assert Incident.objects.get().resolution == "recovered"
    results = api.get(f"monitors/{monitor.pk}/results").json()["results"]
    assert [(one["ok"], one["soft"], one["error"]) for one in results] == [
        (True, True, "assertion_failed"), (False, False, "connect_refused"), (True, True, "assertion_failed"),
    ]  # fmt: skip

"""Polled metrics from a saved monitor to its page: values are series of the monitor, stored with the result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from monitors import definition
from monitors.models import Monitor
from monitors.probes.outcome import ErrorClass, Outcome
from monitors.series.model import Points
from monitors.telemetry.models import Status
from pulse.fields import ConfigError
from pulse.scoping import in_tenant
from tests.monitors.making import make
from tests.monitors.stepping import claimed, finish, status, step

CONFIG = {
    "queries": ["cpu [%] = avg(cpu)", "requests = sum(requests)"],
    "thresholds": ["avg(cpu, 5m) > 80 warn, > 95 crit"],
    "api_key": "very-secret-token",
}


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    return make(acme, "load", kind="metrics", target="http://127.0.0.1:9/", config=CONFIG)


def outcome(*values: float, labels: tuple[tuple[str, str], ...] = (), **more: Any) -> Outcome:
    end = timezone.now().replace(microsecond=0)
    points = [(end - timedelta(seconds=60 * place), value) for place, value in enumerate(values)]
    samples = (Points("cpu", points, labels, "%"),)
    return Outcome(
        **{"ok": True, "error": ErrorClass.NONE, "detail": "", "total_us": 900, **more}, samples=samples
    )


def samples(organisation: Any) -> list[tuple[str, float]]:
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.name, t.value FROM telemetry_sample t JOIN telemetry_series s ON s.no = t.series_no"
            " WHERE t.tenant_no = %s ORDER BY t.at DESC", [organisation.no],
        )  # fmt: skip
        return list(cursor.fetchall())


def monitor_of(organisation: Any, monitor: Monitor) -> Monitor:
    with in_tenant(organisation):
        return Monitor.objects.get(pk=monitor.pk)


def test_values_are_stored_with_the_result_and_once(acme: Any, monitor: Monitor) -> None:
    first = outcome(1, 2, 3)
    step(monitor, first)
    step(monitor, first)

    assert samples(acme) == [("cpu", 1), ("cpu", 2), ("cpu", 3)]


def test_values_of_a_result_that_came_too_late_are_not_stored(acme: Any, monitor: Monitor) -> None:
    late = claimed(monitor, outcome(5))
    step(monitor, outcome(7))
    finish(late)

    assert samples(acme) == [("cpu", 7)]


def test_values_are_stored_with_a_change_too(acme: Any, monitor: Monitor) -> None:
    for _ in range(3):
        step(monitor, outcome(99, ok=False, error=ErrorClass.ASSERTION_FAILED, detail="cpu is 99"))

    assert status(monitor) is Status.DOWN
    assert samples(acme)[0] == ("cpu", 99)


def test_the_key_is_sealed_and_masked(acme: Any, monitor: Monitor) -> None:
    with in_tenant(acme):
        shown = definition.as_json(Monitor.objects.get(pk=monitor.pk))

    assert shown["config"]["api_key"] == "********"
    assert shown["config"]["thresholds"] == ["avg(cpu, 5m) > 80 warn, > 95 crit"]
    assert "very-secret" not in str(monitor.__dict__)


def test_a_key_does_not_move_to_another_address(acme: Any, monitor: Monitor) -> None:
    row = monitor_of(acme, monitor)
    with in_tenant(acme), pytest.raises(ConfigError) as refused:
        definition.read({"target": "http://127.0.0.2:9/", "config": {**CONFIG, "api_key": "********"}}, row)
    assert [pointer for pointer, _ in refused.value.errors] == ["/config/api_key"]


@pytest.mark.parametrize(
    ("config", "pointer", "words"),
    [
        ({"queries": []}, "queries", "at least one query"),
        ({"queries": ["cpu"]}, "queries", "Line 1: Write it as name [unit] = query"),
        ({"queries": ["a = 1", "a = 2"]}, "queries", "a name of its own"),
        ({"queries": ["max = 1"]}, "queries", "max is a function"),
        ({"derived": ["x = cpu / nothing"]}, "derived", "Line 1: nothing above is called nothing"),
        ({"derived": ["cpu = requests"]}, "derived", "cpu is taken"),
        ({"derived": ["x = 6 * 7"]}, "derived", "at least one number"),
        ({"derived": ["x = __import__('os')"]}, "derived", "Line 1:"),
        ({"thresholds": ["last(memory) > 1 crit"]}, "thresholds", "there is no memory; there are cpu, requests"),
        ({"thresholds": ["last(cpu, 60s) > 1 crit"]}, "thresholds", "two steps"),
        ({"thresholds": ["last(cpu, 1d) > 1 crit"], "step_seconds": 30}, "thresholds", "shorten the window"),
        ({"source": "datadog"}, "application_key", "Datadog needs this"),
        ({"source": "newrelic", "account": "twelve"}, "account", "the account's number"),
        ({"source": "newrelic", "account": "12", "queries": ["a = SELECT 1 SINCE 1 day ago"]}, "queries", "SINCE"),
        ({"source": "cloudwatch", "access_key_id": "A", "queries": ["a = CPU"]}, "queries", "namespace, metric"),
        ({"source": "pingdom", "queries": ["a = 85975"]}, "queries", "the check's id"),
        ({"source": "cloudwatch", "access_key_id": "A", "step_seconds": 90,
          "queries": ["cpu = AWS/EC2 CPUUtilization Average"]}, "step_seconds", "multiples of 60"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_with_what_to_change(
    acme: Any, config: dict[str, Any], pointer: str, words: str
) -> None:
    values = {"name": "x", "kind": "metrics", "target": "http://127.0.0.1/", "config": {**CONFIG, **config}}
    with in_tenant(acme), pytest.raises(ConfigError) as refused:
        definition.read(values)

    assert refused.value.errors[0][0] == f"/config/{pointer}"
    assert words in refused.value.errors[0][1]


def test_the_page_shows_settings_and_no_key(acme: Any, monitor: Monitor, as_alice: Any) -> None:
    step(monitor, outcome(42, 43))
    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()

    assert "avg(cpu, 5m) &gt; 80 warn, &gt; 95 crit" in page
    assert "very-secret" not in page
    form = as_alice.get(f"/o/acme/monitors/{monitor.pk}/edit/").content.decode()
    assert "cpu [%] = avg(cpu)" in form
    assert "very-secret" not in form


def test_the_page_says_why_values_were_not_stored(
    acme: Any, monitor: Monitor, as_alice: Any, settings: Any
) -> None:
    step(monitor, outcome(1))
    step(
        monitor,
        Outcome(
            True,
            ErrorClass.NONE,
            "",
            total_us=900,
            samples=(Points("cpu", [(timezone.now(), 2.0)], (), "s"),),
        ),
    )

    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/series/").content.decode()
    assert "Not all values of the last hour are stored. cpu is measured in %, not in s" in page
    other = make(acme, "other", kind="metrics", target="http://127.0.0.1:9/", config=CONFIG)
    assert "Not all values" not in as_alice.get(f"/o/acme/monitors/{other.pk}/series/").content.decode()


def test_a_stranger_sees_nothing_of_it(acme: Any, monitor: Monitor, as_charlie: Any) -> None:
    assert as_charlie.get(f"/o/acme/monitors/{monitor.pk}/").status_code == 404

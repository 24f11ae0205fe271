"""A silent host is down since its deadline; thresholds make one degraded or down; old samples page nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from monitors import definition, editing
from monitors.hosts import settling
from monitors.hosts.model import Report
from monitors.hosts.receiving import receive
from monitors.models import Monitor
from monitors.telemetry.models import LiveState, StateChange, Status
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.hosts.reporting import CPU, due_in, incidents, pass_by, report, settle, watched
from tests.monitors.making import make
from tests.monitors.stepping import head, status


@pytest.fixture
def web(acme: Any) -> Monitor:
    return make(acme, "web-1", kind="host", target="", config={"silence_seconds": 60})


def test_a_new_host_waits_for_its_first_report(web: Monitor) -> None:
    assert (status(web), due_in(web)) == (Status.PENDING, None)


def test_a_host_that_reports_is_up_until_its_silence_lasts_too_long(acme: Any, web: Monitor) -> None:
    report(acme, 1.0)

    assert status(web) is Status.UP
    assert due_in(web) == pytest.approx(60, abs=5)


def test_a_silent_host_is_down_since_its_deadline(acme: Any, web: Monitor) -> None:
    report(acme, 1.0)

    pass_by(acme, web, 65)

    heard = head(web).last_slot
    assert heard is not None
    assert status(web) is Status.DOWN
    assert due_in(web) is None
    (incident,) = incidents(acme)
    assert incident.started_at == heard + timedelta(seconds=60)
    assert "nothing came for 1 min" in incident.cause
    with as_pipeline():
        change = StateChange.objects.filter(monitor_no=web.no).latest("no")
        assert (change.status, change.at) == (Status.DOWN, heard + timedelta(seconds=60))


def test_a_host_whose_deadline_passed_while_pulse_was_away_has_its_time_anew(acme: Any, web: Monitor) -> None:
    report(acme, 1.0)
    pass_by(acme, web, 600)
    assert status(web) is Status.UP
    assert due_in(web) == pytest.approx(60, abs=5)

    pass_by(acme, web, 61)

    heard = head(web).last_slot
    assert heard is not None
    assert status(web) is Status.DOWN
    assert incidents(acme)[0].started_at == heard + timedelta(seconds=60)


def test_every_report_moves_the_deadline_on(acme: Any, web: Monitor) -> None:
    report(acme, 1.0)
    pass_by(acme, web, 50)
    report(acme, 1.0)

    pass_by(acme, web, 50)

    assert status(web) is Status.UP


def test_a_host_that_reports_again_is_up(acme: Any, web: Monitor) -> None:
    report(acme, 1.0)
    pass_by(acme, web, 65)

    report(acme, 1.0)

    assert status(web) is Status.UP
    assert [one.state for one in incidents(acme)] == ["resolved"]


def test_a_host_that_catches_up_with_old_samples_is_heard(acme: Any, web: Monitor) -> None:
    report(acme, 1.0)
    pass_by(acme, web, 65)

    report(acme, 1.0, 2.0, at=timezone.now() - timedelta(hours=2))

    assert status(web) is Status.UP


def test_a_value_beyond_a_threshold_makes_it_down_with_its_sentence(acme: Any) -> None:
    monitor = watched(acme, CPU)

    report(acme, 97.0, 99.0)

    assert status(monitor) is Status.DOWN
    assert incidents(acme)[0].cause.startswith("cpu.percent is 98 on average over 5m; critical is > 95")


def test_a_warning_makes_it_degraded(acme: Any) -> None:
    monitor = watched(acme, CPU)

    report(acme, 85.0)

    assert status(monitor) is Status.DEGRADED


def test_it_recovers_when_its_values_do(acme: Any) -> None:
    monitor = watched(acme, "last(cpu.percent, 5m) > 95 crit")
    report(acme, 99.0)
    pass_by(acme, monitor, 20)

    report(acme, 5.0)

    assert status(monitor) is Status.UP


def test_old_samples_do_not_page_for_the_past(acme: Any) -> None:
    monitor = watched(acme, "max(cpu.percent, 5m) > 95 crit")
    report(acme, 5.0)
    pass_by(acme, monitor, 20)

    report(acme, 99.0, 99.0, at=timezone.now() - timedelta(minutes=30))

    assert status(monitor) is Status.UP
    assert incidents(acme) == []


def test_reports_are_judged_every_15_seconds_at_most(acme: Any) -> None:
    monitor = watched(acme, CPU)
    report(acme, 5.0)

    report(acme, 99.0, 99.0, at=timezone.now() + timedelta(seconds=3))

    assert status(monitor) is Status.UP
    assert due_in(monitor) == pytest.approx(15, abs=3)


def test_thresholds_are_judged_without_a_report_too(acme: Any) -> None:
    monitor = watched(acme, CPU)

    report(acme, 5.0)

    assert due_in(monitor) == pytest.approx(60, abs=3)


def test_a_series_that_is_not_there_makes_it_unknown_and_pages_nobody(acme: Any) -> None:
    monitor = watched(acme, "last(gpu.percent, 5m) > 95 crit")

    report(acme, 5.0)

    assert status(monitor) is Status.UNKNOWN
    assert "there is no such series" in head(monitor).last_detail
    assert incidents(acme) == []


def test_several_bad_windows_are_asked_for_where_its_policy_says_so(acme: Any) -> None:
    config = {"thresholds": ["last(cpu.percent, 5m) > 95 crit"]}
    monitor = make(acme, "web-1", kind="host", target="", config=config, policy={"down_after": 2})
    report(acme, 5.0)
    pass_by(acme, monitor, 20)
    report(acme, 99.0)
    assert status(monitor) is Status.UP
    pass_by(acme, monitor, 20)

    report(acme, 99.0)

    assert status(monitor) is Status.DOWN


def test_silence_needs_no_confirmation(acme: Any) -> None:
    monitor = make(acme, "web-1", kind="host", target="", policy={"down_after": 5})
    report(acme, 1.0)

    pass_by(acme, monitor, 125)

    assert status(monitor) is Status.DOWN


def test_a_paused_host_is_never_due_and_has_its_time_anew_when_resumed(acme: Any, web: Monitor) -> None:
    report(acme, 1.0)
    with in_tenant(acme):
        paused = editing.pause(acme, web, COMMAND_LINE)
    assert due_in(web) is None

    pass_by(acme, web, 3600)
    with in_tenant(acme):
        editing.resume(acme, paused, COMMAND_LINE)
    settle(acme)

    assert status(web) is Status.PENDING
    assert due_in(web) == pytest.approx(60, abs=5)


def test_a_shorter_silence_counts_at_once(acme: Any) -> None:
    monitor = watched(acme)
    report(acme, 1.0)
    pass_by(acme, monitor, 90)
    assert status(monitor) is Status.UP
    values = {"name": "web-1", "kind": "host", "config": {"silence_seconds": 30}}
    with in_tenant(acme):
        editing.update(acme, monitor, definition.read(values, monitor), COMMAND_LINE)
    settle(acme)

    assert status(monitor) is Status.DOWN


def test_hosts_of_two_organisations_do_not_meet(acme: Any, globex: Any, web: Monitor) -> None:
    other = make(globex, "web-1", kind="host", target="")

    report(acme, 1.0)

    assert status(other) is Status.PENDING
    with as_pipeline():
        assert LiveState.objects.get(monitor_no=other.no).last_slot is None


def filled(organisation: Any, name: str, series: int, hours: int) -> Monitor:
    """A host with so many series, each with a value every 30 s, that has just reported."""
    monitor = make(
        organisation, name, kind="host", target="", config={"thresholds": ["max(load, 1d) > 5 warn"]}
    )
    said = Report("", name, "", lambda place: f"/samples/{place}")
    for number in range(series):
        said.add(("load", (("cpu", str(number)),), "", "gauge"), timezone.now(), 1.0, 0)
    with in_tenant(organisation), connection.cursor() as cursor:
        receive(organisation, [said], COMMAND_LINE, may_create=False)
        cursor.execute(
            "INSERT INTO telemetry_sample (series_no, at, value, tenant_no)"
            " SELECT no, now() - make_interval(secs => 30 * back), 1, tenant_no"
            " FROM telemetry_series, generate_series(1, %s) AS back WHERE monitor_no = %s",
            [hours * 120, monitor.no],
        )
    return monitor


def test_one_with_too_many_values_is_told_and_the_others_are_judged(
    acme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a million values took the thread that finds all deadlines 20 s and 600 MB."""
    monkeypatch.setattr(settling, "POINTS_AT_MOST", 1_000)
    greedy = filled(acme, "greedy", 10, 1)
    others = [filled(acme, f"web-{number}", 4, 2) for number in range(3)]

    waiting = []
    for _ in range(3):
        settle(acme)
        waiting.append([status(one) for one in (greedy, *others)].count(Status.PENDING))

    assert waiting == [3, 1, 0]  # each time as many as there is time for
    assert [status(one) for one in others] == [Status.UP] * 3
    assert status(greedy) is Status.UNKNOWN
    assert "values are in the windows of its thresholds" in head(greedy).last_detail

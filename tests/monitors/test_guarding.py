"""Our own outage is not the targets': while no control target answers nothing is told, and one row says so."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import Incident
from monitors.checking import Checker
from monitors.deciding import DecisionKind
from monitors.evaluation import State
from monitors.guarding import EVERY_S, PATIENCE_S, TIMEOUT_S, Guard, Sight, is_doubtful
from monitors.judging import Result
from monitors.policy import Policy
from monitors.probes.outcome import ErrorClass, Outcome
from monitors.telemetry.claiming import Claimed
from monitors.telemetry.models import Blindness, Decision, Gap, GapReason, Status
from monitors.telemetry.specs import Spec
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import make
from tests.monitors.stepping import status
from tests.ports import free_port
from tests.receivers import wait_until

ADDRESS, NAME = "192.0.2.1:443", "control.test:443"
TIMED_OUT = ErrorClass.CONNECT_TIMEOUT
ANSWERED = Outcome(True, ErrorClass.NONE, "", dns_us=900)
SILENT = Outcome(False, TIMED_OUT, "", dns_us=900)
UNRESOLVED = Outcome(False, ErrorClass.DNS_TIMEOUT, "", dns_us=900)
CUT_OFF = Outcome(False, ErrorClass.TIMEOUT, "no complete answer within 3 s")  # while its name was looked up


def looked(*, reached: bool, at: float = 100.0) -> Guard:
    guard = Guard([ADDRESS])
    guard.answered(guard.begin(at), ADDRESS, ANSWERED if reached else SILENT)
    return guard


def test_without_control_targets_everything_is_believed() -> None:
    guard = Guard([])

    assert guard.sight(TIMED_OUT, 5.0, 5.0) is Sight.SEES
    assert not guard.wants_round(5.0, True)


def test_only_a_round_that_began_after_the_failure_can_tell() -> None:
    assert looked(reached=True, at=100).sight(TIMED_OUT, 100.5, 101) is Sight.WAIT
    assert looked(reached=True, at=101).sight(TIMED_OUT, 100.5, 101.1) is Sight.SEES
    assert looked(reached=False, at=101).sight(TIMED_OUT, 100.5, 101.1) is Sight.BLIND


def test_one_control_target_that_answers_is_enough_and_at_once() -> None:
    guard = Guard(["192.0.2.1:443", "192.0.2.2:443", "192.0.2.3:443"])
    number = guard.begin(10)

    guard.answered(number, ADDRESS, SILENT)
    assert guard.sight(TIMED_OUT, 9, 11) is Sight.WAIT
    guard.answered(number, "192.0.2.2:443", ANSWERED)
    assert guard.sight(TIMED_OUT, 9, 11) is Sight.SEES
    guard.answered(number, "192.0.2.3:443", SILENT)
    assert guard.sight(TIMED_OUT, 9, 11) is Sight.SEES


@pytest.mark.parametrize(
    ("by_address", "by_name", "connecting", "naming", "blind"),
    [
        (ANSWERED, ANSWERED, Sight.SEES, Sight.SEES, False),
        (ANSWERED, UNRESOLVED, Sight.SEES, Sight.BLIND, True),
        (ANSWERED, CUT_OFF, Sight.SEES, Sight.BLIND, True),
        (SILENT, SILENT, Sight.BLIND, Sight.BLIND, True),
        (SILENT, UNRESOLVED, Sight.BLIND, Sight.BLIND, True),
        (SILENT, CUT_OFF, Sight.BLIND, Sight.BLIND, True),
        (SILENT, ANSWERED, Sight.SEES, Sight.SEES, False),
        (ANSWERED, SILENT, Sight.SEES, Sight.SEES, False),
    ],
)
def test_where_a_control_target_is_a_name_a_dead_name_server_is_our_own_fault(
    by_address: Outcome, by_name: Outcome, connecting: Sight, naming: Sight, blind: bool
) -> None:
    guard = Guard([ADDRESS, NAME])
    number = guard.begin(10)

    guard.answered(number, ADDRESS, by_address)
    guard.answered(number, NAME, by_name)

    assert guard.sight(TIMED_OUT, 9, 11) is connecting
    assert guard.sight(ErrorClass.DNS_TIMEOUT, 9, 11) is naming
    assert guard.is_blind is blind


def test_an_address_that_answers_does_not_end_a_round_that_waits_for_a_name() -> None:
    guard = Guard([ADDRESS, NAME])
    guard.answered(guard.begin(10), ADDRESS, ANSWERED)

    assert guard.sight(ErrorClass.DNS_TIMEOUT, 9, 11) is Sight.WAIT
    assert not guard.is_blind


def test_a_late_answer_to_an_older_round_counts_for_nothing() -> None:
    guard = looked(reached=False, at=1)
    old = guard.begin(5)
    new = guard.begin(10)

    guard.answered(old, ADDRESS, ANSWERED)
    assert guard.is_blind
    guard.answered(new, ADDRESS, ANSWERED)
    assert not guard.is_blind


def test_who_waits_too_long_is_told_after_all() -> None:
    guard = Guard(["192.0.2.1:443"])
    guard.begin(10)

    assert guard.sight(TIMED_OUT, 10, 10 + PATIENCE_S) is Sight.WAIT
    assert guard.sight(TIMED_OUT, 10, 10.1 + PATIENCE_S) is Sight.SEES


@pytest.mark.parametrize(
    ("later", "doubt", "wanted"),
    [(5, False, False), (EVERY_S, False, True), (0.5, True, True), (0.4, True, False)],
)
def test_rounds_come_at_intervals_and_soon_in_doubt(later: float, doubt: bool, wanted: bool) -> None:
    assert looked(reached=True, at=100).wants_round(100 + later, doubt) is wanted


def test_while_blind_rounds_follow_each_other() -> None:
    assert looked(reached=False, at=100).wants_round(101, False)


def test_a_round_whose_answers_were_lost_does_not_end_all() -> None:
    guard = looked(reached=True, at=100)
    guard.begin(110)

    assert not guard.wants_round(111, True)
    assert guard.wants_round(111.1 + TIMEOUT_S, False)


@pytest.mark.parametrize(
    ("error", "failures", "before", "blind", "doubtful"),
    [
        (ErrorClass.CONNECT_TIMEOUT, 2, Status.UP, False, True),
        (ErrorClass.DNS_TIMEOUT, 2, Status.PENDING, False, True),
        (ErrorClass.CONNECT_TIMEOUT, 1, Status.UP, False, False),
        (ErrorClass.CONNECT_TIMEOUT, 0, Status.DOWN, False, False),
        (ErrorClass.CONNECT_TIMEOUT, 0, Status.UP, True, True),
        (ErrorClass.BAD_STATUS, 2, Status.UP, True, False),
        (ErrorClass.TLS_CERTIFICATE_EXPIRED, 2, Status.UP, False, False),
        (ErrorClass.NONE, 0, Status.UP, True, False),
    ],
)
def test_only_what_a_dead_uplink_could_make_is_doubted(
    error: ErrorClass, failures: int, before: Status, blind: bool, doubtful: bool
) -> None:
    check = Claimed(1, 1, timezone.now(), 1, 1, State(before, failures))
    outcome = Outcome(error is ErrorClass.NONE, error, "")

    assert is_doubtful(Result(check, Spec(1, "http", "", None, 5, Policy()), outcome, 0), blind) is doubtful


@pytest.mark.parametrize(("before", "doubtful"), [(Status.DOWN, True), (Status.UP, False)])
def test_upside_down_the_failure_that_would_end_an_outage_is_doubted(before: Status, doubtful: bool) -> None:
    policy = Policy(up_after=1)
    spec = Spec(1, "http", "", None, 5, policy, upside_down=True)
    result = Result(Claimed(1, 1, timezone.now(), 1, 1, State(before, 0)), spec, SILENT, 0)

    assert is_doubtful(result, blind=False) is doubtful


@contextmanager
def running(settings: Any, *controls: str) -> Iterator[Checker]:
    settings.PULSE_CONTROL_TARGETS = controls
    checker = Checker()
    checker.start()
    try:
        yield checker
    finally:
        checker.stop()


def blindness() -> list[Blindness]:
    with as_pipeline():
        return list(Blindness.objects.order_by("no"))


def test_blind_nothing_is_told_and_seeing_again_everything_is(acme: Any, settings: Any) -> None:
    port = free_port()
    monitor = make(acme, interval_seconds=5, timeout_seconds=2, policy={"down_after": 1, "up_after": 1})

    with running(settings, f"127.0.0.1:{port}") as checker:
        wait_until(lambda: [row.ended for row in blindness()] == [None], 10, "the blindness")
        wait_until(lambda: gap_reasons(monitor.no) == {GapReason.BLIND}, 12, "the gap")
        assert status(monitor) is Status.PENDING
        with in_tenant(acme):
            assert Incident.objects.count() == 0
        with as_pipeline():
            (decision,) = Decision.objects.filter(monitor_no=monitor.no)
        assert decision.kind == DecisionKind.NOT_BELIEVED

        with socket.create_server(("127.0.0.1", port), backlog=50):
            wait_until(lambda: all(row.ended for row in blindness()), 12, "sight")
            wait_until(lambda: status(monitor) is Status.DOWN, 12, "the outage")
            assert not checker.intake.guard.is_blind
    assert len(blindness()) == 1
    with in_tenant(acme):
        assert Incident.objects.count() == 1


def gap_reasons(number: int) -> set[int]:
    with as_pipeline():
        return set(Gap.objects.filter(monitor_no=number).values_list("reason", flat=True))


def test_an_outage_is_told_at_once_where_a_control_target_answers(acme: Any, settings: Any) -> None:
    monitor = make(acme, interval_seconds=60, policy={"down_after": 1, "up_after": 1})

    with (
        socket.create_server(("127.0.0.1", 0), backlog=50) as alive,
        running(settings, f"127.0.0.1:{free_port()}", f"127.0.0.1:{alive.getsockname()[1]}"),
    ):
        wait_until(lambda: status(monitor) is Status.DOWN, 10, "the outage")

    assert blindness() == []


@pytest.mark.parametrize("manner", ["closed", "silent"])
def test_no_outage_is_told_of_names_that_a_dead_name_server_does_not_know(
    acme: Any, settings: Any, manner: str
) -> None:
    policy = {"down_after": 1, "up_after": 1}
    monitor = make(acme, target="http://shop.test/", interval_seconds=5, timeout_seconds=2, policy=policy)
    port = free_port()
    settings.PULSE_NAMESERVERS = [f"127.0.0.1:{port}"]

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute,
        socket.create_server(("127.0.0.1", 0), backlog=50) as alive,
        running(settings, f"127.0.0.1:{alive.getsockname()[1]}", "control.test:443"),
    ):
        if manner == "silent":
            mute.bind(("127.0.0.1", port))
        wait_until(lambda: gap_reasons(monitor.no) == {GapReason.BLIND}, 20, "the gap")

    assert status(monitor) is Status.PENDING
    with in_tenant(acme):
        assert Incident.objects.count() == 0


def test_the_page_says_that_pulse_cannot_see(acme: Any, as_alice: Any) -> None:
    make(acme)
    with as_pipeline():
        Blindness.objects.create(location=1, began=timezone.now())

    page = as_alice.get("/o/acme/monitors/summary/").content.decode()

    assert "Pulse cannot see from default" in page

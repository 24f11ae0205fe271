"""Who is told, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from notifications.hours import Hours
from notifications.routing import (
    Known,
    Opening,
    Plan,
    Quiet,
    RuleView,
    Subject,
    Traits,
    quiet,
    route_opened,
    route_resolved,
)

A, B, C = (UUID(int=number) for number in (1, 2, 3))
NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # a Sunday, in the hour that Berlin's clocks jump over
LATER = NOW + timedelta(hours=1)
BOTH = frozenset({"down", "up"})
SEVEN = Traits(7, frozenset({"shop", "eu"}), frozenset({70}))


def rule(
    *channels: UUID, on: frozenset[str] = BOTH, monitors: frozenset[int] | None = None, **more: Any
) -> RuleView:
    return RuleView("rule", on, frozenset(channels), monitors, **more)


def routed(
    *rules: RuleView,
    is_over: bool = False,
    severity: str = "major",
    events: frozenset[str] = frozenset({"down"}),
    **known: Any,
) -> Plan:
    subject = Subject([SEVEN], severity, events, is_over)
    return route_opened(subject, rules, Known(NOW, frozenset({A, B}), **known))


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], []),
        ([rule(A)], [(A, True)]),
        ([rule(A), rule(A, B)], [(A, True), (B, True)]),
        ([rule(A, on=frozenset({"down"}))], [(A, False)]),
        ([rule(A, on=frozenset({"down"})), rule(A)], [(A, True)]),
        ([rule(A, monitors=frozenset({7}))], [(A, True)]),
        ([rule(A, monitors=frozenset({8}))], []),
        ([rule(C)], []),
        ([rule(A, monitors=frozenset(), tags=frozenset({"eu", "us"}))], [(A, True)]),
        ([rule(A, monitors=frozenset(), tags=frozenset({"us"}))], []),
        ([rule(A, monitors=frozenset(), groups=frozenset({70}))], [(A, True)]),
        ([rule(A, monitors=frozenset(), groups=frozenset({71}))], []),
        ([rule(A, severities=frozenset({"major"}))], [(A, True)]),
        ([rule(A, severities=frozenset({"critical"}))], []),
        ([rule(A, on=frozenset({"degraded"}))], []),
        ([rule(A, on=frozenset({"drill"}))], []),
    ],
)
def test_every_covering_rule_tells_each_of_its_working_channels_once(
    rules: list[RuleView], told: list[tuple[UUID, bool]]
) -> None:
    plan = routed(*rules)

    assert [(planned.channel_id, planned.wants_recovery) for planned in plan.deliveries] == told
    assert bool(plan.because) == (not told)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([rule(C)], [(B, "rule rule, instead of a channel that is switched off")]),
        ([rule(B, C)], [(B, "rule rule")]),
        (
            [rule(C), rule(B, delay=timedelta(minutes=1))],
            [(B, "rule rule, instead of a channel that is switched off")],
        ),
    ],
)
def test_a_fallback_stands_in_for_a_channel_that_is_switched_off(
    rules: list[RuleView], told: list[tuple[UUID, str]]
) -> None:
    plan = routed(*rules, instead={C: B})

    assert [(planned.channel_id, planned.reason) for planned in plan.deliveries] == told


def test_a_drill_goes_where_an_outage_would_and_to_who_asked_for_drills() -> None:
    plan = routed(rule(A), rule(B, on=frozenset({"drill"})), events=frozenset({"down", "drill"}))

    assert [planned.channel_id for planned in plan.deliveries] == [A, B]


def test_of_several_rules_for_a_channel_the_one_that_speaks_first_counts() -> None:
    patient = rule(A, delay=timedelta(minutes=10), digest=timedelta(minutes=1))
    plan = routed(patient, rule(A, delay=timedelta(minutes=2), on=frozenset({"down"})))

    (planned,) = plan.deliveries
    assert (planned.wait, planned.digest, planned.wants_recovery) == (
        timedelta(minutes=2),
        timedelta(0),
        True,
    )


def test_a_rule_with_hours_speaks_when_they_begin_by_the_clocks_of_its_zone() -> None:
    office = Hours("Europe/Berlin", frozenset(range(5)), time(9), time(17))
    (planned,) = routed(rule(A, hours=office)).deliveries

    assert NOW + planned.wait == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
    assert planned.reason == "rule rule, when its hours begin"


@pytest.mark.parametrize(
    ("ago", "told"), [(timedelta(minutes=59), False), (timedelta(minutes=60), True), (None, True)]
)
def test_a_rule_in_its_cooldown_is_silent_and_says_so(ago: timedelta | None, told: bool) -> None:
    cool = rule(A, id=C, cooldown=timedelta(hours=1))
    plan = routed(cool, recent={C: NOW - ago} if ago else {})

    assert bool(plan.deliveries) == told
    assert ("is silent until" in plan.because) == (not told)


def test_each_policy_is_set_to_work_once_by_the_rule_that_speaks_first() -> None:
    slow = rule(A, id=A, policy=C, delay=timedelta(minutes=5))
    plan = routed(slow, rule(B, id=B, policy=C), rule(id=C, policy=A))

    assert [(one.policy_id, one.rule_id, one.wait) for one in plan.policies] == [
        (C, B, timedelta(0)),
        (A, C, timedelta(0)),
    ]


def test_a_mute_holds_the_message_and_says_until_when_and_why() -> None:
    plan = routed(rule(A, policy=C), silence=Quiet(LATER, "muted by alice"))

    assert (plan.deliveries, plan.policies, plan.hold_until, plan.because) == (
        (),
        (),
        LATER,
        "muted by alice",
    )


def test_an_outage_that_ended_while_held_back_is_told_to_nobody() -> None:
    assert routed(rule(A), is_over=True).deliveries == ()


def test_who_was_told_is_not_told_again() -> None:
    assert [one.channel_id for one in routed(rule(A, B), told={A}).deliveries] == [B]


@pytest.mark.parametrize(
    ("state", "due", "wants", "told"),
    [
        ("sent", NOW, True, "after it"),
        ("sending", NOW, True, "after it"),
        ("pending", NOW - timedelta(seconds=5), True, "after it"),
        ("pending", NOW - timedelta(minutes=5), True, "instead"),
        ("pending", LATER, True, "never"),
        ("retrying", LATER, True, "instead"),
        ("retrying", LATER, False, "instead"),
        ("held", LATER, True, "instead"),
        ("dead", NOW, True, "never"),
        ("unknown", NOW, True, "after it"),
        ("cancelled", NOW, True, "never"),
        ("sent", NOW, False, "never"),
    ],
)
def test_a_recovery_is_told_to_those_who_were_told_and_with_the_opening_where_that_is_late(
    state: str, due: datetime, wants: bool, told: str
) -> None:
    plan = route_resolved(None, [Opening(5, A, state, wants, due)], NOW)

    found = [(one.follows, one.instead_of) for one in plan.deliveries]
    assert found == {"after it": [(5, None)], "instead": [(None, 5)], "never": []}[told]


def test_a_recovery_waits_for_the_end_of_a_mute() -> None:
    assert route_resolved(Quiet(LATER, "muted"), [Opening(5, A, "sent", True)], NOW).hold_until == LATER


@pytest.mark.parametrize(
    ("muted", "snoozed", "until"),
    [
        (None, None, None),
        (NOW, None, None),
        (LATER, None, LATER),
        (None, LATER, LATER),
        (NOW + timedelta(minutes=1), LATER, LATER),
    ],
)
def test_the_longest_of_mute_and_snooze_counts(
    muted: datetime | None, snoozed: datetime | None, until: datetime | None
) -> None:
    silence = quiet(NOW, muted, "alice", snoozed, "bob")

    assert (silence.until if silence else None) == until

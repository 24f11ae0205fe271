"""Who is told, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from notifications.routing import (
    Opening,
    Planned,
    Quiet,
    RuleView,
    quiet,
    route_opened,
    route_resolved,
)

A, B, C = (UUID(int=number) for number in (1, 2, 3))
NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BOTH = frozenset({"down", "up"})


def rule(*channels: UUID, on: frozenset[str] = BOTH, monitors: frozenset[int] | None = None) -> RuleView:
    return RuleView("rule", on, frozenset(channels), monitors)


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
    ],
)
def test_every_covering_rule_tells_each_of_its_working_channels_once(
    rules: list[RuleView], told: list[tuple[UUID, bool]]
) -> None:
    plan = route_opened({7}, False, None, rules, frozenset({A, B}))

    assert [(planned.channel_id, planned.wants_recovery) for planned in plan.deliveries] == told
    assert bool(plan.because) == (not told)


def test_a_mute_holds_the_message_and_says_until_when_and_why() -> None:
    plan = route_opened({7}, False, Quiet(LATER, "muted by alice"), [rule(A)], frozenset({A}))

    assert (plan.deliveries, plan.hold_until, plan.because) == ((), LATER, "muted by alice")


def test_an_outage_that_ended_while_held_back_is_told_to_nobody() -> None:
    assert route_opened({7}, True, None, [rule(A)], frozenset({A})).deliveries == ()


@pytest.mark.parametrize(
    ("state", "wants", "told"),
    [
        ("sent", True, True),
        ("retrying", True, True),
        ("sending", True, True),
        ("pending", True, True),
        ("dead", True, False),
        ("cancelled", True, False),
        ("sent", False, False),
    ],
)
def test_a_recovery_is_told_to_those_who_were_sent_the_opening_and_asked(
    state: str, wants: bool, told: bool
) -> None:
    plan = route_resolved(None, [Opening(5, A, state, wants)])

    assert plan.deliveries == ((Planned(A, follows=5),) if told else ())


def test_a_recovery_waits_for_the_end_of_a_mute() -> None:
    assert route_resolved(Quiet(LATER, "muted"), [Opening(5, A, "sent", True)]).hold_until == LATER


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

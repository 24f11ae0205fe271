"""The rule of a group: how it stands when its members stand so, and in which words."""

from __future__ import annotations

import pytest

from monitors.members import judge
from monitors.telemetry.models import Status

UP, DOWN, DEGRADED, PENDING = Status.UP, Status.DOWN, Status.DEGRADED, Status.PENDING


@pytest.mark.parametrize(
    ("rule", "needed", "members", "after"),
    [
        ("all", 1, [UP, UP], UP),
        ("all", 1, [UP, DOWN], DOWN),
        ("all", 1, [UP, DEGRADED], DEGRADED),
        ("any", 1, [UP, DOWN], DEGRADED),
        ("any", 1, [DOWN, DOWN], DOWN),
        ("at_least", 2, [UP, UP, DOWN], DEGRADED),
        ("at_least", 2, [UP, DOWN, DOWN], DOWN),
        ("at_least", 3, [UP, UP, PENDING], UP),
        ("all", 1, [UP, PENDING], UP),
        ("all", 1, [PENDING], PENDING),
        ("any", 1, [], PENDING),
    ],
)
def test_a_group_stands_as_its_rule_says(
    rule: str, needed: int, members: list[Status], after: Status
) -> None:
    named = {f"m{number}": status for number, status in enumerate(members)}

    assert judge(rule, needed, named).status is after


def test_the_words_name_who_fails() -> None:
    assert judge("all", 1, {"shop": UP, "till": DOWN}).detail == "1 of 2 work; not till"

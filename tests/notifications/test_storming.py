"""What goes out at once in a storm, what is gathered, and what waits for a limit; when a destination rests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifications.breaking import FAILURES_TO_OPEN, Circuit
from notifications.storming import Load, judge

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
NONE, MINUTE = timedelta(0), timedelta(minutes=1)


def ago(*minutes: int) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(minutes=number) for number in minutes)


@pytest.mark.parametrize(
    ("wait", "digest", "limit", "load", "state", "due"),
    [
        (NONE, NONE, None, Load(), "pending", 0),
        (5 * MINUTE, NONE, None, Load(), "pending", 5),
        (NONE, MINUTE, None, Load(), "held", 1),
        (NONE, 5 * MINUTE, None, Load(held_until=NOW + MINUTE), "held", 1),
        (2 * MINUTE, MINUTE, None, Load(held_until=NOW + MINUTE), "held", 3),
        (NONE, NONE, 2, Load(ago(70, 61, 5)), "pending", 0),
        (NONE, NONE, 2, Load(ago(50, 5)), "held", 10),
        (NONE, NONE, 2, Load(ago(50, 40, 5)), "held", 20),
        (NONE, NONE, 2, Load(ago(5), NOW + 9 * MINUTE), "held", 9),  # order is kept
    ],
)
def test_what_waits_takes_along_what_comes(
    wait: timedelta, digest: timedelta, limit: int | None, load: Load, state: str, due: int
) -> None:
    verdict = judge(NOW, wait, digest, limit, load)

    assert (verdict.state, verdict.at) == (state, NOW + due * MINUTE)
    assert bool(verdict.why) == (state == "held")


def test_a_destination_that_fails_again_and_again_rests_longer_each_time_and_is_tried_with_one() -> None:
    circuit, now, rests = Circuit(), 0.0, []
    for _ in range(FAILURES_TO_OPEN + 6):
        circuit = circuit.after(works=False, now=now)
        if circuit.open_until:
            rests.append(circuit.open_until - now)
            assert circuit.refuses(now)
            assert circuit.room(4) == 1
            now = circuit.open_until
            assert not circuit.refuses(now)

    assert rests == [15, 30, 60, 120, 240, 300, 300]


def test_one_good_answer_closes_the_circuit() -> None:
    tired = Circuit(failures=9, open_until=50)

    assert tired.after(works=True, now=60) == Circuit()
    assert Circuit(failures=FAILURES_TO_OPEN - 1).room(4) == 4

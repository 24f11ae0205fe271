"""What becomes of an outage that is held back, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from monitors.facts import Suppression
from monitors.suppression.deciding import LOOK_EVERY, LOOK_SOON, Fate, Held, Situation, Unseen, decide
from monitors.telemetry.models import Status

NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)
WINDOW = Suppression("maintenance", "Upgrade", UUID(int=1), NOW + timedelta(minutes=5))
PARENT = Suppression("parent", "db", UUID(int=2))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def situation(**changes: object) -> Situation:
    values: dict[str, object] = {
        "status": Status.DOWN, "cause": None, "parent_works_since": None, "interval": minutes(1), "up_after": 2,
        "answers": 0, "last_checked": NOW,
    }  # fmt: skip
    return Situation(**(values | changes))  # type: ignore[arg-type]


SEES = Unseen(saw_again=NOW - minutes(1))
OLD = NOW - minutes(2)
CASES = [
    ("it works again", WINDOW, situation(status=Status.UP), Fate.END),
    ("it works again, not as well as it should", WINDOW, situation(status=Status.DEGRADED), Fate.END),
    ("the window goes on", WINDOW, situation(cause=WINDOW), Fate.KEEP),
    ("the window is over", WINDOW, situation(), Fate.RELEASE),
    ("it flaps when the window is over", WINDOW, situation(status=Status.FLAPPING), Fate.RELEASE),
    ("nobody has seen it since", WINDOW, situation(status=Status.UNKNOWN), Fate.RELEASE),
    ("the members of the group are all paused", WINDOW, situation(status=Status.PENDING), Fate.KEEP),
    ("the window is over and the parent is down", WINDOW, situation(cause=PARENT), Fate.KEEP),
    ("the prober sees nothing", WINDOW, situation(unseen=Unseen(True)), Fate.KEEP),
    ("it is not checked since the prober sees", WINDOW, situation(last_checked=OLD, unseen=SEES), Fate.KEEP),
    ("it is down also since the prober sees", WINDOW, situation(unseen=SEES), Fate.RELEASE),
    ("it recovers as the window ends", WINDOW, situation(answers=1), Fate.KEEP),
    ("it recovered, but is checked no more", WINDOW, situation(answers=1, last_checked=NOW - minutes(2)), Fate.RELEASE),
    ("the parent is down", PARENT, situation(cause=PARENT), Fate.KEEP),
    ("the parent works, no time to be checked", PARENT, situation(parent_works_since=NOW - minutes(2)), Fate.KEEP),
    ("the parent works, time to be checked", PARENT, situation(parent_works_since=NOW - minutes(3)), Fate.RELEASE),
    ("the parent never was down", PARENT, situation(parent_works_since=NOW - minutes(60)), Fate.RELEASE),
    ("the parent is paused or unknown", PARENT, situation(), Fate.RELEASE),
]  # fmt: skip


def test_while_a_parents_answer_is_awaited_it_is_looked_at_within_seconds() -> None:
    held = Held(1, NOW - minutes(30), NOW - minutes(28), "refused", PARENT)

    decision = decide(held, situation(cause=PARENT, is_certain=False), NOW)

    assert decision.look_at == NOW + LOOK_SOON


@pytest.mark.parametrize(
    ("by", "now_is", "fate"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_held_outage_is_kept_released_or_ended(by: Suppression, now_is: Situation, fate: Fate) -> None:
    held = Held(1, NOW - minutes(30), NOW - minutes(28), "refused", by)

    decision = decide(held, now_is, NOW)

    assert decision.fate is fate
    assert decision.look_at <= NOW + LOOK_EVERY

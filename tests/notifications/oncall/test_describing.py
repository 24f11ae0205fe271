"""How layers are said in words, and what is said of clocks that are set."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from notifications.oncall.describing import clock_notes, hours_in_words, words
from notifications.oncall.rota import Hours, Layer

ANN, BEN = UUID(int=1), UUID(int=2)
NAMES = {ANN: "Ann", BEN: "Ben", None: ""}
NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)


def layer(*people: UUID | None, **more: Any) -> Layer:
    usual: dict[str, Any] = {"rotation": "weekly", "start": date(2027, 1, 4), "handoff": time(9)}
    return Layer("Days", people, **(usual | more))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (layer(ANN, BEN), "Ann, then Ben; every week on Monday at 09:00"),
        (layer(ANN, BEN, rotation="daily"), "Ann, then Ben; every day at 09:00"),
        (layer(ANN, None, rotation="custom", every=2, unit="weeks", weekday=4),
         "Ann, then nobody; every 2 weeks on Friday at 09:00"),
        (layer(ANN, BEN, rotation="custom", every=12, unit="hours"), "Ann, then Ben; every 12 hours from 09:00 on"),
        (layer(ANN), "Ann; from 4 Jan 2027 09:00"),
        (layer(ANN, hours=Hours(frozenset(range(5)), time(22), time(6))),
         "Ann; from 4 Jan 2027 09:00; Mon to Fri 22:00 to 06:00"),
    ],
)  # fmt: skip
def test_a_layer_is_said_in_a_sentence(one: Layer, expected: str) -> None:
    assert words(one, lambda person: NAMES[person]) == expected


@pytest.mark.parametrize(
    ("days", "start", "end", "expected"),
    [
        ({0, 2}, 9, 17, "Mon, Wed 09:00 to 17:00"),
        (range(7), 9, 17, "daily 09:00 to 17:00"),
        ({5, 6}, 9, 9, "Sat, Sun from 09:00 for a day"),
    ],
)
def test_hours_are_said_by_days(days: Any, start: int, end: int, expected: str) -> None:
    assert hours_in_words(Hours(frozenset(days), time(start), time(end))) == expected


def test_hand_overs_that_clocks_jump_over_or_show_twice_are_named_for_a_year() -> None:
    night = layer(ANN, BEN, handoff=time(2, 30))

    assert clock_notes([night], "Europe/Vienna", NOW) == [
        "Days: on 28 Mar 2027 clocks jump over 02:30; a hand-over that day is at 03:00, the first moment after.",
        "Days: on 31 Oct 2027 clocks show 02:30 twice; a hand-over that day is at the first.",
    ]
    assert clock_notes([layer(ANN, BEN)], "Europe/Vienna", NOW) == []
    assert clock_notes([layer(ANN, handoff=time(2, 30))], "Europe/Vienna", NOW) == []
    assert clock_notes([night], "Asia/Kolkata", NOW) == []

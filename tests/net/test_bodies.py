"""What is held of large bodies has a common limit, and room is given back when nobody holds one any longer."""

import pytest

from pulse.net import bodies
from pulse.net.bodies import ROOM, Counted

MIB = 1 << 20


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_HELD", 80 * MIB)
    monkeypatch.setattr(ROOM, "held", 0)


def filled(size: int) -> Counted:
    found = Counted([b"beginning"])
    while size and found.take(min(size, MIB)):
        found.append(b"")
        size -= min(size, MIB)
    return found


def test_one_body_may_take_a_part_of_what_is_free() -> None:
    first = filled(20 * MIB)

    assert ROOM.held == 9 * MIB  # a tenth would have made it more than an eighth of the 71 that were left
    assert first[0] == b"beginning"


def test_large_ones_find_no_room_long_before_others_do() -> None:
    held = [filled(6 * MIB) for _ in range(20)]

    assert not Counted([]).take(4 * MIB)
    assert Counted([]).take(MIB)
    assert ROOM.held <= 80 * MIB
    assert len(held) == 20


def test_room_is_given_back_with_the_body() -> None:
    held = [filled(MIB) for _ in range(5)]
    assert ROOM.held == 5 * MIB

    held.clear()

    assert ROOM.held == 0

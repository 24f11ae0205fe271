"""Names wait for their turn once each, and only as long as somebody waits for them."""

import pytest

from pulse.net import dns_waiting
from pulse.net.answers import Answer
from pulse.net.dns_waiting import Names, Waiter


class Check:
    def __init__(self) -> None:
        self.ended = False

    def done(self, answer: Answer) -> None:
        pass

    def is_over(self) -> bool:
        return self.ended


def added(names: Names, name: str, check: Check) -> bool:
    return names.add(name, name, 0, (check.done, check.is_over))


def turns(names: Names) -> list[tuple[str, list[Waiter]]]:
    found = []
    while one := names.next():
        found.append((one[0].name, one[1]))
    return found


def test_a_name_waits_once_for_all_who_want_it_in_the_order_of_the_first() -> None:
    names, first, second, third = Names(), Check(), Check(), Check()

    assert all([added(names, "a", first), added(names, "b", second), added(names, "a", third)])

    assert len(names) == 2
    assert turns(names) == [("a", [first.done, third.done]), ("b", [second.done])]


def test_who_is_over_is_forgotten_and_so_is_a_name_that_nobody_waits_for() -> None:
    names, first, second, third = Names(), Check(), Check(), Check()
    for name, check in (("a", first), ("b", second), ("b", third), ("c", first)):
        added(names, name, check)
    first.ended = second.ended = True

    assert turns(names) == [("b", [third.done])]


def test_names_of_checks_that_are_over_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_waiting, "LOOK_AGAIN_S", 0.0)
    names, old, new = Names(most=3), Check(), Check()
    assert [added(names, name, old) for name in "abcd"] == [True, True, True, False]
    assert added(names, "a", old)

    old.ended = True

    assert added(names, "d", new)
    assert turns(names) == [("d", [new.done])]


def test_a_full_queue_is_not_gone_through_for_each_name_that_comes() -> None:
    looks = 0

    class Counting(Check):
        def is_over(self) -> bool:
            nonlocal looks
            looks += 1
            return False

    names = Names(most=100)
    for number in range(1000):
        added(names, str(number), Counting())

    assert looks <= 200

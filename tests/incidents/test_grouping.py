"""What failing monitors have in common, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from incidents.grouping import EVERYTHING, Fact, Failing, Found, belongs, find, together, words

NOW = datetime(2026, 3, 1, 2, 11, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADDRESS, HOST = Fact("address", "203.0.113.7"), Fact("host", "shop.example")
PROD, CORE = Fact("tag", "prod"), Fact("parent", "core switch")
CERTIFICATE, PLACE = Fact("certificate", "CN=*.example"), Fact("location", "fra")
REFUSED = Fact("error", "connect refused")


def some(numbers: Iterable[int], *facts: Fact) -> list[Failing]:
    return [
        Failing(number, NOW, MINUTE, frozenset({EVERYTHING, *facts, Fact("host", f"h{number}")}))
        for number in numbers
    ]


def shown(groups: list[Found]) -> list[tuple[Fact, int]]:
    return [(group.fact, len(group.members)) for group in groups]


@pytest.mark.parametrize(
    ("failing", "population", "expected"),
    [
        pytest.param(some([1]), {EVERYTHING: 1}, [], id="a lonely failure"),
        pytest.param(some([1, 2]), {EVERYTHING: 2}, [], id="two are a coincidence"),
        pytest.param(
            some(range(14), ADDRESS), {EVERYTHING: 60, ADDRESS: 14}, [(ADDRESS, 14)], id="an address"
        ),
        pytest.param(
            some(range(14), ADDRESS), {EVERYTHING: 60, ADDRESS: 40}, [], id="an address of which most work"
        ),
        pytest.param(
            some(range(14), ADDRESS, PROD),
            {EVERYTHING: 60, ADDRESS: 14, PROD: 30},
            [(ADDRESS, 14)],
            id="an address rather than a tag of which half works",
        ),
        pytest.param(
            some(range(4), HOST, ADDRESS),
            {EVERYTHING: 60, HOST: 4, ADDRESS: 4},
            [(HOST, 4)],
            id="the host where host and address say the same",
        ),
        pytest.param(
            some(range(4), CORE, HOST), {EVERYTHING: 60, CORE: 4, HOST: 4}, [(CORE, 4)], id="the parent first"
        ),
        pytest.param(
            some(range(5), ADDRESS) + some(range(5, 9), PROD),
            {EVERYTHING: 90, ADDRESS: 5, PROD: 5},
            [(ADDRESS, 5), (PROD, 4)],
            id="two outages at once",
        ),
        pytest.param(
            some(range(5), ADDRESS) + some([90]),
            {EVERYTHING: 90, ADDRESS: 5},
            [(ADDRESS, 5)],
            id="an outage, and one that has nothing to do with it",
        ),
        pytest.param(
            some(range(5), PLACE), {EVERYTHING: 90, PLACE: 6}, [(PLACE, 5)], id="all that one place watches"
        ),
        pytest.param(
            some(range(3), CERTIFICATE),
            {EVERYTHING: 3, CERTIFICATE: 3},
            [(CERTIFICATE, 3)],
            id="one certificate",
        ),
        pytest.param(
            some(range(10)), {EVERYTHING: 12}, [(EVERYTHING, 10)], id="nearly all of the organisation"
        ),
        pytest.param(some(range(10)), {EVERYTHING: 30}, [], id="a third of the organisation, nothing shared"),
        pytest.param(
            some(range(30), REFUSED), {EVERYTHING: 200}, [(REFUSED, 30)], id="many with the same error"
        ),
        pytest.param(some(range(9), REFUSED), {EVERYTHING: 40}, [], id="an error takes ten"),
        pytest.param(
            some(range(2000), REFUSED), {EVERYTHING: 2000}, [(EVERYTHING, 2000)], id="two thousand at once"
        ),
    ],
)
def test_what_they_share(
    failing: list[Failing], population: dict[Fact, int], expected: list[tuple[Fact, int]]
) -> None:
    assert shown(find(failing, population)) == expected


def test_nobody_is_in_two_groups() -> None:
    groups = find(some(range(6), ADDRESS, PROD), {EVERYTHING: 9, ADDRESS: 6, PROD: 6})

    assert [number for group in groups for number in sorted(group.members)] == list(range(6))


@pytest.mark.parametrize(
    ("since", "interval", "is_together"),
    [
        (0, 60, True),
        (-50, 60, True),
        (55, 60, True),
        (100, 60, False),  # it still worked after the other had failed
        (-100, 60, False),  # the other still worked after this one had failed
        (280, 300, True),  # looked at each five minutes: it may have failed with the other
        (600, 300, False),
    ],
)
def test_one_event_can_have_hit_both(since: int, interval: int, *, is_together: bool) -> None:
    seed = Failing(1, NOW, MINUTE, frozenset())
    other = Failing(2, NOW + timedelta(seconds=since), timedelta(seconds=interval), frozenset())

    assert (other in together([seed, other], seed)) is is_together


@pytest.mark.parametrize(
    ("fact", "minutes", "joins"),
    [(HOST, 1, True), (HOST, 600, True), (PROD, 10, True), (PROD, 20, False), (EVERYTHING, 20, False)],
)
def test_who_fails_later_joins_by_a_fact_that_binds(fact: Fact, minutes: int, *, joins: bool) -> None:
    assert belongs(fact, {HOST, PROD, EVERYTHING}, timedelta(minutes=minutes)) is joins
    assert not belongs(Fact(fact.kind, "another"), {HOST, PROD, EVERYTHING}, timedelta(0))


@pytest.mark.parametrize(
    ("fact", "joins"), [(HOST, True), (PROD, True), (EVERYTHING, False), (REFUSED, False)]
)
def test_who_worked_meanwhile_joins_by_what_it_shares_and_not_by_failing_too(
    fact: Fact, *, joins: bool
) -> None:
    facts = {HOST, PROD, EVERYTHING, REFUSED}
    assert belongs(fact, facts, timedelta(minutes=5), worked_since=True) is joins
    assert belongs(fact, facts, timedelta(minutes=5), worked_since=False)


@pytest.mark.parametrize(
    ("fact", "sentence"),
    [
        (ADDRESS, "all 14 resolve to 203.0.113.7"),
        (HOST, "all 14 are on shop.example"),
        (CORE, "all 14 depend on core switch"),
        (Fact("group", "Frankfurt"), "all 14 belong to Frankfurt"),
        (PROD, "all 14 are tagged prod"),
        (EVERYTHING, "all 14 failed at the same time"),
        (REFUSED, "all 14 failed at the same time with: connect refused"),
    ],
)
def test_the_likely_cause_in_words(fact: Fact, sentence: str) -> None:
    assert words(fact, 14) == sentence

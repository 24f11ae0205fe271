"""Find what failing monitors have in common. Pure: values in, groups out, no clock and no database.

A mass outage is one incident. Which monitors belong to it is decided by facts that they share: a parent, a tag, a
host, an address, a certificate, a location, an error, or simply that nearly all of an organisation fails at once. A
fact counts by how many failing monitors it explains, and by how few of those that have it still work: one host of
which all monitors fail says more than a tag of which a tenth does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal[
    "parent", "group", "host", "address", "certificate", "location", "tag", "organisation", "error"
]

LEAST = 3  # so many failing at once are an outage of something that they share
SLACK = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that several monitors may have in common. `value` is what people read."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Failing:
    """A monitor that fails now: since when, how often it is looked at, and what is known of it."""

    monitor_no: int
    since: datetime
    interval: timedelta
    facts: frozenset[Fact]

    @property
    def good_until(self) -> datetime:
        """Whatever happened to it, happened after its last good check."""
        return self.since - self.interval


@dataclass(frozen=True, slots=True)
class Weight:
    """What a kind of fact is worth.

    `least_share` of the monitors that have it and were looked at since must fail, and at least `least` of them.
    `factor` breaks ties in favour of what says more. `lasts`: a monitor that fails later belongs to it however long the
    outage goes on; what says less binds only for a quarter of an hour.
    """

    factor: float
    least_share: float
    least: int
    lasts: bool


# An error class says nothing of those that work, so it needs many, and counts least.
WEIGHTS: dict[Kind, Weight] = {
    "parent": Weight(1.02, 0.6, LEAST, lasts=True),
    "host": Weight(1.01, 0.6, LEAST, lasts=True),
    "address": Weight(1.0, 0.6, LEAST, lasts=True),
    "certificate": Weight(0.99, 0.6, LEAST, lasts=True),
    "group": Weight(0.98, 0.6, LEAST, lasts=True),
    "location": Weight(0.95, 0.6, LEAST, lasts=True),
    "tag": Weight(0.9, 0.6, LEAST, lasts=False),
    "organisation": Weight(0.85, 0.5, LEAST, lasts=False),
    "error": Weight(0.3, 0.1, 10, lasts=False),
}
JOINS_WITHIN = timedelta(minutes=15)
# These say of a monitor only when it failed. Who was seen to work meanwhile failed at another time, of something else.
TIME_ALONE: frozenset[Kind] = frozenset({"organisation", "error"})
EVERYTHING = Fact("organisation", "")
WORDS: dict[Kind, str] = {
    "parent": "depend on {}",
    "group": "belong to {}",
    "host": "are on {}",
    "address": "resolve to {}",
    "certificate": "present the certificate {}",
    "location": "fail as seen from {}",
    "tag": "are tagged {}",
    "organisation": "failed at the same time",
    "error": "failed at the same time with: {}",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Failing monitors that share a fact. `looked_at` is how many that have it were checked since it began."""

    fact: Fact
    members: frozenset[int]
    looked_at: int

    @property
    def share(self) -> float:
        return len(self.members) / max(self.looked_at, len(self.members), 1)


def find(failing: Sequence[Failing], population: Mapping[Fact, int]) -> list[Found]:
    """The groups that the failing monitors form, the one that explains most first; each monitor is in one at most.

    `population` says for each fact how many monitors have it and were looked at since the outage began, the failing
    ones included. A fact that it does not hold is known of failing monitors only, and is measured against all.
    """
    rest, groups = list(failing), []
    while len(rest) >= LEAST:
        best = max(_candidates(rest, population), key=_score, default=None)
        if best is None:
            break
        groups.append(best)
        rest = [item for item in rest if item.monitor_no not in best.members]
    return groups


def together(failing: Collection[Failing], seed: Failing) -> list[Failing]:
    """Those that one event may have hit with `seed`: it lies between the last good and first bad check of each."""
    return [
        item
        for item in failing
        if item.good_until - SLACK <= seed.since and seed.good_until - SLACK <= item.since
    ]


def belongs(
    fact: Fact, facts: Collection[Fact], since_last: timedelta, *, worked_since: bool = False
) -> bool:
    """Whether a monitor with these facts joins the outage of `fact`, whose last member joined `since_last` ago.

    `worked_since`: a check found it good after that.
    """
    if not WEIGHTS[fact.kind].lasts and since_last > JOINS_WITHIN:
        return False
    return fact in facts and not (worked_since and fact.kind in TIME_ALONE)


def words(fact: Fact, count: int) -> str:
    """`all 14 resolve to 203.0.113.7`."""
    return f"all {count:,} {WORDS[fact.kind].format(fact.value)}"[:255]


def shared_kinds(failing: Sequence[Failing]) -> set[Kind]:
    """The kinds of facts that enough failing monitors have in common to be looked at in all others too."""
    having = Counter(fact for item in failing for fact in item.facts)
    return {fact.kind for fact, number in having.items() if number >= WEIGHTS[fact.kind].least}


def _candidates(failing: Sequence[Failing], population: Mapping[Fact, int]) -> list[Found]:
    having: dict[Fact, set[int]] = {}
    for item in failing:
        for fact in item.facts:
            having.setdefault(fact, set()).add(item.monitor_no)
    everybody = population.get(EVERYTHING, len(failing))
    found = [
        Found(fact, frozenset(numbers), population.get(fact, everybody)) for fact, numbers in having.items()
    ]
    return [item for item in found if _is_enough(item)]


def _is_enough(found: Found) -> bool:
    weight = WEIGHTS[found.fact.kind]
    return len(found.members) >= weight.least and found.share >= weight.least_share


def _score(found: Found) -> tuple[float, str]:
    """How much it explains; by name where two explain the same, so that the answer is always the same."""
    factor = WEIGHTS[found.fact.kind].factor
    share = 1.0 if found.fact.kind == "error" else found.share
    return len(found.members) * share * factor, found.fact.value


def count(facts_of: Mapping[int, Collection[Fact]]) -> dict[Fact, int]:
    """How many monitors have each fact, from those that were looked at."""
    return dict(Counter(fact for facts in facts_of.values() for fact in facts))

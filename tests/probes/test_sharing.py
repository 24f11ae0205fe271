"""The engine is shared out: a slow destination or a busy organisation waits for its own, never others for it."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from monitors.probes.http import HttpConfig
from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass
from monitors.probes.sharing import PARKED_AT_MOST, Shares
from pulse.net.addresses import Policy, parse_networks
from tests.probes.running import Probing
from tests.resolver import DnsServer
from tests.targets import HttpTarget


def job(tenant: int = 1, destination: str = "", start_at: float = 0.0) -> Job:
    return Job(None, tenant, "http", "", None, 5.0, start_at, destination=destination)


def test_a_destination_has_so_many_and_gets_more_as_they_end() -> None:
    shares = Shares(1000, per_destination=2)
    here, there = job(destination="a:80"), job(destination="b:80")

    assert [shares.take(one) for one in (here, here, here, there)] == [True, True, False, True]
    assert shares.park(7, here)
    shares.give_back(here)
    assert list(shares.unparked(here)) == [(7, here)]
    assert shares.take(here)


def test_one_busy_organisation_leaves_a_quarter_to_the_others() -> None:
    shares = Shares(100)

    assert sum(shares.take(job(1)) for _ in range(100)) == 75
    assert sum(shares.take(job(2)) for _ in range(3)) == 3


def test_busy_organisations_share_alike() -> None:
    shares = Shares(100)
    for _ in range(20):
        shares.take(job(1))
        shares.take(job(2))

    assert sum(shares.take(job(1)) for _ in range(100)) == 18  # 37.5 each
    assert sum(shares.take(job(2)) for _ in range(100)) == 18


def test_who_parks_too_many_is_refused_and_nobody_else_is() -> None:
    shares = Shares(1000, per_destination=1)
    for tenant in (1, 2):
        shares.take(job(tenant, f"{tenant}:80"))

    assert sum(shares.park(number, job(1, "1:80")) for number in range(PARKED_AT_MOST + 5)) == PARKED_AT_MOST
    assert shares.park(1, job(2, "2:80"))


def test_those_whose_time_passed_are_parked_no_more() -> None:
    shares = Shares(1000, per_destination=1, clock=lambda: 0.0)
    shares.take(job(1, "a:80"))
    for number, start in enumerate((0.0, 10.0)):
        shares.park(number, job(1, "a:80", start))

    assert [one.start_at for one in shares.expired(6.0)] == [0.0]
    assert shares.expired(6.0) == []
    shares.give_back(job(1, "a:80"))
    assert [number for number, _ in shares.unparked(job(1, "a:80"))] == [1]


def test_who_comes_late_waits_as_long_as_anybody() -> None:
    """After a backlog the slot of an hourly check may lie an hour back: that is no reason to give it up at once."""
    shares = Shares(1000, per_destination=1, clock=lambda: 3600.0)
    shares.take(job(1, "a:80"))
    shares.park(1, job(1, "a:80", start_at=0.0))

    assert shares.expired(3604.9) == []
    assert [one.start_at for one in shares.expired(3605.0)] == [0.0]
    assert not shares.has_parked


def test_many_that_wait_are_each_looked_at_once() -> None:
    shares = Shares(1000, per_destination=1, clock=lambda: 0.0)
    shares.take(job(0, "a:80"))
    waiting = [
        _Counted(None, 1 + n % 20, "http", "", None, 5.0, 0.0, destination="a:80") for n in range(5000)
    ]
    for number, one in enumerate(waiting):
        shares.park(number, one)
    _Counted.compared = 0

    assert len(shares.expired(6.0)) == 5000
    assert _Counted.compared == 0


class _Counted(Job):
    compared = 0

    def __eq__(self, other: object) -> bool:
        _Counted.compared += 1
        return self is other

    __hash__ = None  # type: ignore[assignment]


def test_who_was_quicker_leaves_the_others_where_they_wait() -> None:
    shares = Shares(1000, per_destination=1, clock=lambda: 0.0)
    ended, quick = job(1, "a:80"), job(2, "a:80")
    shares.take(ended)
    for number in range(2):
        shares.park(number, job(1, "a:80"))
    shares.give_back(ended)
    shares.take(quick)

    assert list(shares.unparked(ended)) == []
    shares.give_back(quick)
    assert [number for number, _ in shares.unparked(quick)] == [0]


def test_who_waits_for_a_place_may_have_to_wait_for_the_organisation_next() -> None:
    shares = Shares(100, per_destination=1, clock=lambda: 0.0)
    at_place = job(1, "a:80")
    shares.take(at_place)
    shares.park(1, job(1, "a:80"))
    others = [one for one in (job(1) for _ in range(100)) if shares.take(one)]
    shares.give_back(at_place)
    shares.take(job(1))  # as many as one organisation may have, again

    assert list(shares.unparked(at_place)) == []
    shares.give_back(others[0])
    assert [number for number, _ in shares.unparked(others[0])] == [1]


def test_parked_checks_that_end_as_they_start_all_end_once() -> None:
    """A name that is known not to be there ends its check at once, and each end makes room for another."""
    with (
        DnsServer() as dns,
        Probing(Policy(parse_networks("127.0.0.0/8")), [dns.nameserver], per_destination=5) as running,
    ):
        now = monotonic()
        running.engine.submit(
            Job(number, 1, "http", "http://gone.test/", HttpConfig(), 5.0, now, destination="one")
            for number in range(1000)
        )
        errors = [running.next(5)[1].error for _ in range(1000)]

        assert set(errors) == {ErrorClass.DNS_NXDOMAIN}
        assert running.engine.in_flight == 0
        running.engine.submit(
            [Job("after", 1, "http", "http://gone.test/", HttpConfig(), 5.0, now, destination="one")]
        )
        assert running.next(5)[0].key == "after"


@pytest.fixture
def probing() -> Any:
    with Probing(Policy(parse_networks("127.0.0.0/8")), ["127.0.0.1:9"], per_destination=2) as running:
        yield running


def test_checks_of_a_slow_place_wait_or_are_given_up_while_others_go_on(probing: Probing) -> None:
    with HttpTarget() as slow, HttpTarget() as quick:
        began = monotonic()
        hanging = [
            Job(("slow", number), 1, "http", slow.at("/hang"), HttpConfig(), 1.0, began, destination="slow")
            for number in range(6)
        ]
        probing.engine.submit(hanging)
        fast = Job(("quick", 0), 1, "http", quick.url, HttpConfig(), 1.0, began, destination="quick")
        probing.engine.submit([fast])

        first, outcome, lateness_us = probing.next()
        assert first.key == ("quick", 0)
        assert outcome.ok
        assert lateness_us < 500_000
        errors = [probing.next(5)[1].error for _ in hanging]

    assert errors.count(ErrorClass.TIMEOUT) >= 2
    assert errors.count(ErrorClass.NO_ROOM) >= 2
    assert set(errors) == {ErrorClass.TIMEOUT, ErrorClass.NO_ROOM}
    assert probing.engine.in_flight == 0


def test_a_parked_check_starts_when_one_of_its_place_ends(probing: Probing) -> None:
    with HttpTarget(delay=0.2) as target:
        now = monotonic()
        probing.engine.submit(
            Job(number, 1, "http", target.url, HttpConfig(), 3.0, now, destination="a") for number in range(5)
        )

        found = [probing.next() for _ in range(5)]

    assert all(outcome.ok for _, outcome, _ in found)
    assert sorted(round(lateness_us / 200_000) for _, _, lateness_us in found) == [0, 0, 1, 1, 2]

"""How many days a certificate or a domain has left: read now and then, kept with the state, shown below thirty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.utils import timezone as clock

from monitors.expiring import NEVER, expiry, seen
from monitors.judging import Result
from monitors.models import Monitor
from monitors.policy import Policy
from monitors.probes.outcome import ErrorClass, Outcome
from monitors.telemetry.claiming import Claimed
from monitors.telemetry.models import Status
from monitors.telemetry.scheduling import location_no
from monitors.telemetry.specs import Spec
from monitors.telemetry.states import state_of
from pulse.scoping import as_pipeline
from tests.monitors.making import make, put
from tests.monitors.stepping import BAD, GOOD, claimed, finish, head, step

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
ENDS = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ending(at: datetime | None) -> Outcome:
    return replace(GOOD, ends=lambda: at)


def result(spec: Spec, outcome: Outcome, at: datetime, asked: bool = False) -> Result:
    state = state_of((int(Status.UP), 0, 0, None, 0, None, None, 0))
    return Result(Claimed(1, 1, at, 1, spec.version, state, asked), spec, outcome, 0)


@pytest.mark.parametrize(
    ("kind", "left", "words", "status", "is_soon"),
    [
        ("http", timedelta(days=74, hours=3), "certificate 74 days", "", False),
        ("http", timedelta(days=30), "certificate 30 days", "", False),
        ("http", timedelta(days=29, hours=23), "certificate 29 days", "", True),
        ("domain", timedelta(days=20), "domain 20 days", "", True),
        ("tls", timedelta(days=14), "certificate 14 days", "", True),
        ("tls", timedelta(days=13, hours=23), "certificate 13 days", "degraded", True),
        ("smtp", timedelta(days=1, hours=1), "certificate 1 day", "degraded", True),
        ("smtp", timedelta(hours=5), "certificate 0 days", "degraded", True),
        ("http", timedelta(hours=-1), "certificate expired", "down", True),
    ],
)
def test_days_are_said_and_coloured(
    kind: str, left: timedelta, words: str, status: str, is_soon: bool
) -> None:
    found = expiry(kind, AT + left, AT)

    assert found is not None
    assert (found.words, found.status, found.is_soon) == (words, status, is_soon)
    assert expiry(kind, None, AT) is None


def test_it_is_read_at_first_then_once_an_hour_and_when_asked_for() -> None:
    spec, read = Spec(1, "http", "https://shop.test/", None, 10, Policy()), []

    def look() -> datetime:
        read.append(1)
        return ENDS

    def at(minutes: int, asked: bool = False) -> datetime | str | None:
        return seen(result(spec, replace(GOOD, ends=look), AT + timedelta(minutes=minutes), asked))

    assert [at(0), at(0), at(1), at(59)] == [ENDS, ENDS, None, None]
    assert [at(60), at(61), at(62, asked=True), at(100), at(122)] == [ENDS, None, ENDS, None, ENDS]
    assert len(read) == 5


def test_a_failure_is_not_looked_at_and_the_next_good_result_is() -> None:
    spec = Spec(1, "http", "https://shop.test/", None, 10, Policy())

    assert seen(result(spec, BAD, AT)) is None
    assert seen(result(spec, ending(ENDS), AT + timedelta(minutes=1))) == ENDS


def _breaks() -> datetime:
    raise ValueError("no certificate")


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        (None, NEVER),
        (lambda: None, None),
        (_breaks, None),
        (lambda: ENDS.astimezone(timezone(timedelta(hours=23))), ENDS),
        (lambda: datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-HOUR)), None),
    ],
)
def test_what_a_target_makes_of_it_is_storable(
    ends: Callable[[], datetime | None] | None, found: datetime | str | None
) -> None:
    spec = Spec(1, "http", "https://shop.test/", None, 10, Policy())

    at = seen(result(spec, replace(GOOD, ends=ends), AT))

    assert at == found
    assert not isinstance(at, datetime) or str(at).endswith("+00:00")


def test_it_is_kept_until_another_look_says_otherwise(acme: Any) -> None:
    monitor = make(acme)

    def known(outcome: Outcome, looked: bool = True) -> datetime | None:
        one = claimed(monitor, outcome)
        one.spec.looked_at = None if looked else one.check.slot - timedelta(minutes=1)
        finish(one)
        return head(monitor).expires_at

    assert known(ending(ENDS)) == ENDS
    assert known(ending(ENDS + HOUR), looked=False) == ENDS
    assert known(BAD) == ENDS
    assert known(ending(None)) == ENDS
    assert known(ending(ENDS + HOUR)) == ENDS + HOUR
    assert known(GOOD) is None


@pytest.fixture
def shop(acme: Any) -> Monitor:
    monitor = make(acme)
    for _ in range(2):
        step(monitor, ending(clock.now() + timedelta(days=12, hours=1)))
    return monitor


def pages(client: Any, monitor: Monitor) -> tuple[str, str]:
    """The list, and the state on the monitor's own page."""
    listed = client.get("/o/acme/monitors/").content.decode()
    return listed, client.get(f"/o/acme/monitors/{monitor.pk}/state/").content.decode()


def test_list_page_and_api_say_what_ends_soon(as_alice: Any, api: Any, shop: Monitor) -> None:
    listed, page = pages(as_alice, shop)

    assert '<span class="badge" data-status="degraded">certificate 12 days</span>' in listed
    assert '<span class="badge" data-status="degraded">certificate 12 days</span>, until' in page
    assert (
        api.get(f"monitors/{shop.pk}")
        .json()["expires_at"]
        .startswith(f"{clock.now() + timedelta(days=12, hours=1):%Y-%m-%dT%H}")
    )


def test_what_lasts_a_month_is_on_its_own_page_only(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    step(monitor, ending(clock.now() + timedelta(days=30, hours=1)))

    listed, page = pages(as_alice, monitor)

    assert "certificate" not in listed
    assert "· certificate 30 days, until" in page


def test_of_several_places_the_list_says_what_ends_first(acme: Any, as_alice: Any) -> None:
    with as_pipeline():
        for code in ("fra", "nyc"):
            location_no(code)
    monitor = make(acme, locations=["fra", "nyc"])
    for place, days in (("fra", 25), ("nyc", 9)):
        step(monitor, ending(clock.now() + timedelta(days=days, hours=1)), place)

    listed, page = pages(as_alice, monitor)

    assert "certificate 9 days" in listed
    assert "certificate 25 days" not in listed
    assert "certificate 9 days" in page


def test_after_a_failure_nothing_is_said_of_what_may_be_renewed(
    acme: Any, as_alice: Any, api: Any, shop: Monitor
) -> None:
    step(shop, BAD)

    listed, page = pages(as_alice, shop)

    assert "certificate 12 days" not in listed
    assert "certificate" not in page
    assert api.get(f"monitors/{shop.pk}").json()["expires_at"] is None


def test_nothing_is_said_while_it_is_paused_or_nobody_checks(
    acme: Any, as_alice: Any, api: Any, shop: Monitor
) -> None:
    api.patch(f"monitors/{shop.pk}", {"enabled": False})

    listed, page = pages(as_alice, shop)

    assert "certificate 12 days" not in listed
    assert "certificate" not in page


def test_a_sentence_that_says_it_already_is_enough(acme: Any, as_alice: Any) -> None:
    monitor = make(acme, "shop.test", kind="domain", target="shop.test", interval_seconds=3600)
    soon = Outcome(
        True, ErrorClass.EXPIRES_SOON, "shop.test expires in 12 days, limit 30", soft=True,
        ends=lambda: clock.now() + timedelta(days=12, hours=1),
    )  # fmt: skip
    step(monitor, soon)
    assert "domain 12 days" in pages(as_alice, monitor)[0]  # it is not degraded yet: no sentence says it
    for _ in range(2):
        step(monitor, soon)

    listed, page = pages(as_alice, monitor)

    assert "shop.test expires in 12 days, limit 30" in listed
    assert "domain 12 days" not in listed
    assert "domain 12 days" in page


def test_a_stranger_is_told_nothing_of_it(acme: Any, globex: Any, as_charlie: Any, shop: Monitor) -> None:
    put(acme, shop, Status.UP)

    assert "certificate" not in as_charlie.get("/o/globex/monitors/").content.decode()
    assert as_charlie.get(f"/o/globex/monitors/{shop.pk}/state/").status_code == 404

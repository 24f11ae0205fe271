"""Domain expiry against a local registry that speaks RDAP, well and badly."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from time import time

import pytest

from monitors.probes import rdap
from monitors.probes.domain import SETTINGS, parse_domain
from monitors.probes.outcome import ErrorClass, Outcome
from pulse.fields import ConfigError
from tests.ports import free_port
from tests.probes.asking import Asking, facts, notes
from tests.rdap import RdapServer


@pytest.fixture
def registry() -> Iterator[RdapServer]:
    with RdapServer() as server:
        yield server


@pytest.fixture
def asking(registry: RdapServer) -> Iterator[Asking]:
    with Asking() as engine:
        assert engine.engine._out is not None
        engine.engine._out.rdap_bootstrap = registry.lists(test=registry.url)
        yield engine


def in_days(days: float) -> str:
    return datetime.fromtimestamp(time() + days * 86_400, UTC).isoformat()


def ask(asking: Asking, domain: str = "shop.test", **settings: object) -> Outcome:
    return asking.ask("domain", domain, settings)


def test_domain_with_time_left_is_up_with_what_the_registry_says(
    asking: Asking, registry: RdapServer
) -> None:
    registry.knows("shop.test", in_days(90.5))

    outcome = ask(asking)

    assert (outcome.ok, outcome.soft, outcome.detail) == (True, False, "shop.test expires in 90 days")
    assert facts(outcome)["domain_days"] == 90
    assert outcome.ends is not None
    assert outcome.ends().isoformat() == notes(outcome)["domain"]["expires"]  # type: ignore[union-attr]
    told = notes(outcome)["domain"]
    assert (told["registrar"], told["states"]) == ("Names & Sons", ["active"])
    assert told["registered"] == "2001-02-03T04:05:06+00:00"
    assert outcome.evidence is not None
    assert "Private" not in json.dumps(outcome.evidence())


@pytest.mark.parametrize(
    ("days", "soft", "error", "detail"),
    [
        (20.5, True, ErrorClass.EXPIRES_SOON, "shop.test expires in 20 days, limit 30"),
        (1.5, False, ErrorClass.EXPIRES_SOON, "shop.test expires in 1 day, limit 7"),
        (-1, False, ErrorClass.EXPIRES_SOON, "shop.test has expired"),
    ],
)
def test_less_time_is_degraded_and_then_down(
    asking: Asking, registry: RdapServer, days: float, soft: bool, error: ErrorClass, detail: str
) -> None:
    registry.knows("shop.test", in_days(days))

    outcome = ask(asking)

    assert (outcome.ok, outcome.soft, outcome.error, outcome.detail) == (soft, soft, error, detail)


def test_assertion_on_the_days_as_gatus_writes_it(asking: Asking, registry: RdapServer) -> None:
    registry.knows("shop.test", in_days(40.5))

    outcome = ask(asking, assertions=["[DOMAIN_EXPIRATION] > 1440h"])

    assert (outcome.ok, outcome.detail) == (False, "[DOMAIN_DAYS] >= 60 failed: it was 40")


def test_registered_domain_is_found_from_a_host_in_it(asking: Asking, registry: RdapServer) -> None:
    registry.knows("shop.co.test", in_days(90.5))

    outcome = ask(asking, "www.eu.shop.co.test")

    assert outcome.detail == "shop.co.test expires in 90 days"


def test_registry_is_asked_once_in_some_hours(asking: Asking, registry: RdapServer) -> None:
    registry.knows("shop.test", in_days(90.5))

    first, second = ask(asking), ask(asking)

    assert first.ok
    assert second.ok
    assert notes(second)["remembered"]
    assert registry.asked == ["/dns.json", "/domain/shop.test"]


def test_domain_that_nobody_has_is_down(asking: Asking) -> None:
    outcome = ask(asking, "none.test")

    assert (outcome.ok, outcome.is_unknown) == (False, False)
    assert outcome.detail == "none.test is not registered, says its registry"


@pytest.mark.parametrize("days", [90, None])  # a registry may have taken the date away already
def test_domain_that_is_being_given_up_is_down(
    asking: Asking, registry: RdapServer, days: int | None
) -> None:
    registry.knows("old.test", in_days(days) if days else None, states=("client hold", "Redemption Period"))

    outcome = ask(asking, "old.test")

    assert (outcome.error, outcome.is_unknown) == (ErrorClass.EXPIRES_SOON, False)
    assert outcome.detail == "old.test is being given up (redemption period)"


def test_registries_that_ask_to_wait_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdap, "KEPT_WAITS", 10)
    known = rdap.Registries()

    for number in range(50):
        known._heed(f"over{number}.test", -1.0)
    known._heed("first.test", 600.0)
    assert len(known._wait_until) <= 10
    for number in range(9):
        known._heed(f"asks{number}.test", 600.0)
    assert "first.test" in known._wait_until

    known._heed("one-more.test", 600.0)
    assert len(known._wait_until) == 10


def test_registry_that_asks_to_wait_is_not_asked_before(asking: Asking, registry: RdapServer) -> None:
    registry.says("/domain/shop.test", 429, Retry_After="7200")

    first = ask(asking)
    second = ask(asking, "other.test")

    assert (first.error, first.is_unknown) == (ErrorClass.SOURCE_LIMITED, True)
    assert first.detail == "the registry asks to wait for 120 minutes"
    assert second.detail == "the registry asks to wait for 120 minutes"
    assert registry.asked == ["/dns.json", "/domain/shop.test"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b"<html>",
        b'{"objectClassName": "entity"}',
        b"\xff\xfe",
        b'{"a": 1}' * 200_000,
    ],
)
def test_answer_that_is_no_domain_says_nothing_of_the_domain(
    asking: Asking, registry: RdapServer, body: bytes
) -> None:
    registry.says("/domain/shop.test", 200, body)

    outcome = ask(asking)

    assert outcome.is_unknown
    assert outcome.error in (ErrorClass.SOURCE_ANSWER, ErrorClass.SOURCE_UNREACHABLE)


@pytest.mark.parametrize("expires", [None, "soon", "2026-13-01"])
def test_registry_that_does_not_tell_leaves_it_unknown_with_its_reason(
    asking: Asking, registry: RdapServer, expires: str | None
) -> None:
    registry.knows("shop.test", expires, entities="x", status=5)

    outcome = ask(asking)

    assert (outcome.error, outcome.is_unknown) == (ErrorClass.SOURCE_EMPTY, True)
    assert outcome.detail == "the registry does not tell when shop.test expires"


def test_top_level_domain_without_server_needs_one_in_the_settings(
    asking: Asking, registry: RdapServer
) -> None:
    registry.knows("shop.none", in_days(90.5))

    without = ask(asking, "shop.none")
    named = ask(asking, "shop.none", rdap_server=registry.url)

    assert (without.error, without.is_unknown) == (ErrorClass.NOT_POSSIBLE_HERE, True)
    assert without.detail == "the registry of .none has no RDAP server; name one in the settings"
    assert named.ok


def test_redirect_into_private_space_is_refused(asking: Asking, registry: RdapServer) -> None:
    registry.says("/domain/shop.test", 302, Location="http://10.0.0.1/domain/shop.test")

    assert ask(asking).error is ErrorClass.REFUSED_ADDRESS


def test_list_that_cannot_be_read_is_said(asking: Asking, registry: RdapServer) -> None:
    registry.says("/dns.json", 200, b"{}")

    outcome = ask(asking)

    assert outcome.is_unknown
    assert outcome.detail == "the list of RDAP servers at IANA could not be read"


def test_registry_that_cannot_be_reached_says_nothing_of_the_domain(asking: Asking) -> None:
    outcome = ask(asking, rdap_server=f"http://127.0.0.1:{free_port()}")

    assert (outcome.error, outcome.is_unknown) == (ErrorClass.SOURCE_UNREACHABLE, True)


@pytest.mark.parametrize("typed", ["com", "192.0.2.1", "::1", "https://example.com"])
def test_what_is_no_domain_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="Write"):
        parse_domain(typed)


def test_warning_must_come_before_the_alarm() -> None:
    with pytest.raises(ConfigError, match="/warn_days"):
        SETTINGS.load({"warn_days": 3})

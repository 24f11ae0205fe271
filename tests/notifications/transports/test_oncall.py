"""On-call services: what Pulse opened there it acknowledges and closes, and tests leave nothing open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from notifications import events
from notifications.transports import TRANSPORTS
from notifications.transports.base import DeliveryFailed
from notifications.transports.pagerduty import SETTINGS
from pulse.fields import ConfigError
from tests.notifications.transports.kinds import message
from tests.peers.messaging import oncall
from tests.peers.providers import Provider, Reply


@dataclass
class Desk:
    kind: str
    config: Any
    service: Provider

    @property
    def alerts(self) -> dict[str, str]:
        return self.service.respond.alerts  # type: ignore[attr-defined,no-any-return]

    def tell(self, event: str, **more: Any) -> None:
        TRANSPORTS[self.kind].send(message(event, **more), self.config)


@pytest.fixture(params=["pagerduty", "opsgenie"])
def desk(request: Any, settings: Any) -> Iterator[Desk]:
    kinds: dict[str, tuple[Any, dict[str, str]]] = {
        "pagerduty": (oncall.PagerDuty, {"routing_key": oncall.ROUTING_KEY, "region": "eu"}),
        "opsgenie": (oncall.Opsgenie, {"api_key": oncall.GENIE_KEY, "region": "eu"}),
    }
    serve, given = kinds[request.param]
    with Provider(serve()) as service:
        settings.PULSE_PROVIDER_URLS = {f"{request.param}.eu": service.url}
        yield Desk(request.param, TRANSPORTS[request.param].settings.load(given), service)


def test_an_outage_is_opened_acknowledged_and_closed_as_one_alert(desk: Desk) -> None:
    desk.tell(events.OPENED)
    assert list(desk.alerts) == ["0190.1"]
    desk.tell(events.REMINDER)
    assert list(desk.alerts) == ["0190.1"]
    desk.tell(events.ACKNOWLEDGED)
    assert desk.alerts == {"0190.1": "acknowledged"}
    desk.tell(events.RESOLVED)
    assert desk.alerts == {}


def test_an_outage_that_comes_again_is_another_alert(desk: Desk) -> None:
    desk.tell(events.OPENED, thread="0190.1")
    desk.tell(events.OPENED, thread="0190.2")

    assert set(desk.alerts) == {"0190.1", "0190.2"}


@pytest.mark.parametrize("event", [events.DEGRADED, events.FLAPPING])
def test_lesser_states_of_a_monitor_are_closed_when_it_settles(desk: Desk, event: str) -> None:
    desk.tell(event)
    assert len(desk.alerts) == 1
    desk.tell(events.SETTLED)
    assert desk.alerts == {}


@pytest.mark.parametrize("event", [events.TEST, events.HANDOVER, events.CODE])
def test_what_has_no_end_leaves_nothing_open(desk: Desk, event: str) -> None:
    desk.tell(event)

    assert desk.alerts == {}


def test_a_drill_says_so(desk: Desk) -> None:
    desk.tell(events.OPENED, drill=True)

    assert b"DRILL" in desk.service.asked[0].body


@pytest.mark.parametrize(("severity", "words"), [("critical", b'"critical"'), ("major", b'"error"')])
def test_severity_is_pagerdutys_own_word(settings: Any, severity: str, words: bytes) -> None:
    with Provider(oncall.PagerDuty()) as service:
        settings.PULSE_PROVIDER_URLS = {"pagerduty.us": service.url}
        config = SETTINGS.load({"routing_key": oncall.ROUTING_KEY})
        TRANSPORTS["pagerduty"].send(message(severity=severity), config)

        assert words in service.asked[0].body


def test_a_routing_key_that_pagerduty_refuses_as_a_bad_event_is_a_wrong_credential(settings: Any) -> None:
    with Provider(oncall.PagerDuty()) as service:
        settings.PULSE_PROVIDER_URLS = {"pagerduty.us": service.url}
        with pytest.raises(DeliveryFailed, match="Invalid routing key …") as failed:
            TRANSPORTS["pagerduty"].send(message(), SETTINGS.load({"routing_key": "f" * 32}))

    assert failed.value.misconfigured


def test_another_bad_event_is_not_tried_again(desk: Desk) -> None:
    desk.service.instead = Reply(422 if desk.kind == "opsgenie" else 400, {"message": "bad event"})

    with pytest.raises(DeliveryFailed) as failed:
        desk.tell(events.OPENED)

    assert (failed.value.permanent, failed.value.misconfigured) == (True, False)


@pytest.mark.parametrize("given", ["", "short", "x" * 31 + "-"])
def test_an_integration_key_that_cannot_be_is_refused(given: str) -> None:
    with pytest.raises(ConfigError):
        SETTINGS.load({"routing_key": given})

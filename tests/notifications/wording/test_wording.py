"""Every event has words; names stay on their line; a drill says so; a mass outage is not one monitor."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from notifications import events
from notifications.transports.base import Links, Message
from notifications.wording import Tone, words_of
from notifications.wording.shape import COLOURS, text_of
from tests.notifications.transports.kinds import HOSTILE, LINKS, message
from tests.test_css import ROOT

TITLES = {
    events.OPENED: "Down: Shop",
    events.RESOLVED: "Up again: Shop",
    events.ACKNOWLEDGED: "Taken care of: Shop",
    events.REMINDER: "Still down: Shop",
    events.DEGRADED: "Degraded: Shop",
    events.SETTLED: "Works well again: Shop",
    events.FLAPPING: "Flapping: Shop",
    events.CERTIFICATE: "Runs out: Shop",
    events.DIGEST: "30 messages at once",
    events.HANDOVER: "On call: Alice",
    events.CHANNEL_FAILING: "Channel fails: Shop",
    events.TEST: "Test: this channel works",
    events.CODE: "Code: 123456",
}


@pytest.mark.parametrize("event", list(events.WORDS))
def test_every_event_has_a_title(event: str) -> None:
    assert words_of(message(event)).title == TITLES[event]


@pytest.mark.parametrize("event", list(events.WORDS))
def test_every_message_has_a_link_that_says_why(event: str) -> None:
    words = words_of(message(event))

    assert ("Why this alert", LINKS.why) in words.links
    assert words.links[0] == ("Acknowledge", LINKS.acknowledge)
    assert LINKS.why in text_of(words)


@pytest.mark.parametrize("event", list(events.WORDS))
def test_times_say_their_zone(event: str) -> None:
    lines = dict(words_of(message(event)).lines)

    assert all(value.endswith("UTC") for label, value in lines.items() if label in ("Since", "From", "Until"))


@pytest.mark.parametrize("event", list(events.WORDS))
@pytest.mark.parametrize(
    "data", [{}, {"monitor": {}}, {"incident": {}, "monitor": {"name": None}}, {"items": [{}]}]
)
def test_what_is_missing_is_left_out(event: str, data: dict[str, Any]) -> None:
    words = words_of(Message("msg_1", event, message().at, data))

    assert words.title
    assert "None" not in text_of(words)


def test_what_is_unknown_says_its_name() -> None:
    assert words_of(Message("msg_1", "something.new", message().at, {})).title == "something.new"


@pytest.mark.parametrize("event", list(events.WORDS))
def test_a_name_stays_on_its_line(event: str) -> None:
    words, usual = words_of(message(event, HOSTILE)), words_of(message(event))

    assert "\n" not in words.title + words.summary
    assert len(text_of(words).splitlines()) == len(text_of(usual).splitlines())


@pytest.mark.parametrize("event", [events.OPENED, events.RESOLVED, events.ACKNOWLEDGED, events.REMINDER])
def test_a_drill_says_so_first(event: str) -> None:
    words = words_of(message(event, drill=True))

    assert words.title.startswith("DRILL: ")
    assert words.summary.startswith("DRILL, nothing is broken: ")
    assert text_of(words).startswith("DRILL")


@pytest.mark.parametrize(
    ("event", "incident", "title", "sentence"),
    [
        (events.OPENED, {"kind": "manual", "cause": ""}, "Incident: Shop", "Shop."),
        (events.OPENED, {"kind": "group", "affected": 14, "cause": "all resolve to 203.0.113.7"}, "Down: Shop",
         "Shop are down: all resolve to 203.0.113.7."),
        (events.OPENED, {"kind": "group", "affected": 1, "cause": ""}, "Down: Shop", "Shop is down."),
        (events.RESOLVED, {"kind": "group", "affected": 14}, "Over: Shop", "Shop: all of it is over."),
        (events.RESOLVED, {"kind": "manual"}, "Over: Shop", "Shop is over."),
        (events.RESOLVED, {}, "Up again: Shop", "Shop is up again."),
        (events.RESOLVED, {"resolution": "paused", "resolved_by": "Bob"}, "Over: Shop",
         "Shop: Bob paused the monitor."),
        (events.REMINDER, {"cause": ""}, "Still down: Shop", "Shop is still down for 1 min."),
        (events.ACKNOWLEDGED, {}, "Taken care of: Shop", "Bob takes care of Shop."),
    ],
)  # fmt: skip
def test_what_happened_is_said_as_it_is(
    event: str, incident: dict[str, Any], title: str, sentence: str
) -> None:
    words = words_of(message(event, **incident))

    assert (words.title, words.sentence) == (title, sentence)


def test_what_was_flapping_no_longer_flaps() -> None:
    calm = message(events.SETTLED)
    calm.data["change"] |= {"before": "flapping", "detail": ""}

    assert words_of(calm).sentence == "Shop no longer flaps."


def test_a_digest_is_as_bad_as_its_worst() -> None:
    data = {
        "items": [
            {"event": events.RESOLVED, "at": None, "data": message(events.RESOLVED, severity="minor").data},
            {"event": events.OPENED, "at": "2026-05-01T02:11:07Z", "data": message(severity="critical").data},
        ]
    }
    words = words_of(Message("msg_1", events.DIGEST, message().at, data))

    assert (words.tone, words.severity) == (Tone.DOWN, "critical")
    assert words.lines == (("", "Up again: Shop"), ("02:11:07 UTC", "Down: Shop"))
    assert words.sentence == "2 messages at once: Up again: Shop; Down: Shop."


def test_a_digest_in_a_digest_is_not_followed() -> None:
    inner = {"event": events.DIGEST, "data": {"items": []}}
    for _ in range(5000):
        inner = {"event": events.DIGEST, "data": {"items": [inner]}}

    assert words_of(Message("msg_1", events.DIGEST, message().at, {"items": [inner]})).title


def test_the_colours_are_those_of_mails() -> None:
    theme = (ROOT / "templates" / "email" / "_theme.html").read_text()
    names = {Tone.DOWN: "down", Tone.DEGRADED: "degraded", Tone.UP: "up", Tone.CALM: "accent"}

    assert all(f'{names[tone]}="{colour}"' in theme for tone, colour in COLOURS.items())


def test_without_links_there_is_nothing_about_them() -> None:
    words = words_of(replace(message(events.TEST), links=Links()))

    assert words.links == ()
    assert "Why" not in text_of(words)


def test_how_long_it_lasts_is_counted_to_the_message() -> None:
    later = replace(message(events.REMINDER), at=message().at + timedelta(hours=2))

    assert "is still down for 2 h 1 min: answered 503" in words_of(later).sentence

"""Whatever a monitor is called and an outage is caused by: every message keeps its shape, its limits and its link."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from notifications import events
from notifications.transports import (
    discord,
    email,
    ntfy,
    opsgenie,
    pagerduty,
    slack_blocks,
    sms,
    teams,
    telegram,
    voice,
)
from notifications.transports.alerts import alert_of
from notifications.transports.base import Links, Message
from notifications.transports.placeholders import KNOWN, fill
from notifications.transports.twilio_account import Config
from notifications.wording import words_of
from tests.notifications.transports.kinds import LINKS, message
from tests.peers.messaging import chat, oncall, phones

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=120)
CAUSES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=2000)
MESSAGES = st.builds(
    lambda event, name, cause: message(event, name, cause=cause),
    st.sampled_from(list(events.WORDS)),
    NAMES,
    CAUSES,
)
SHORT = Links(why="https://pulse.example/w/0190")


def fits(document: Any, schema: dict[str, Any]) -> None:
    Draft202012Validator(schema).validate(json.loads(json.dumps(document)))


@given(MESSAGES)
def test_chats_take_it(told: Message) -> None:
    words = words_of(told)

    fits(slack_blocks.document(words), chat.SLACK_WEBHOOK)
    fits(slack_blocks.document(words, "token") | {"channel": "C1"}, chat.SLACK_POST)
    fits(teams.document(words), chat.TEAMS)
    fits(discord.document(told), chat.DISCORD)
    assert LINKS.why in chat._plain(telegram.html_of(words)) + telegram.html_of(words)
    assert len(chat._plain(telegram.html_of(words))) <= telegram.LONGEST


@given(MESSAGES)
def test_on_call_services_take_it(told: Message) -> None:
    words = words_of(told)
    alert = alert_of(told, words)

    fits(pagerduty.document(told, words, alert, "trigger", "k" * 32), oncall.EVENT)
    fits(opsgenie.document(told, words, alert.name, opsgenie.Config("key", "us", ("shop",))), oncall.ALERT)


@given(MESSAGES)
def test_phones_take_it(told: Message) -> None:
    words = words_of(told)
    text = sms.text_of(replace(told, links=SHORT), words)

    assert text.endswith(f" #{sms.code_of(told.key)}\nWhy: {SHORT.why}")
    assert sms._length(text) <= (160 if set(text) <= sms.GSM | sms.TWICE else 201)
    ET.fromstring(voice.spoken(told, Config("+4915112345678", "", "", "")))
    fits(ntfy.document(told, words, "outages"), phones.PUBLISHED)
    assert len(ntfy.document(told, words, "outages")["message"].encode()) <= 4096


@given(MESSAGES)
def test_a_mail_has_one_subject_and_its_own_headers_alone(told: Message) -> None:
    mail = email.compose(told, email.Config("duty@acme.example")).message()

    assert set(mail.keys()) <= {
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted",
        "In-Reply-To", "References",
    }  # fmt: skip
    assert len(mail.get_all("Subject") or ()) == 1


@given(MESSAGES)
def test_a_body_of_ones_own_stays_json(told: Message) -> None:
    template = json.dumps({name: f"{{{name}}}" for name in KNOWN})

    assert set(json.loads(fill(template, told, "application/json"))) == set(KNOWN)

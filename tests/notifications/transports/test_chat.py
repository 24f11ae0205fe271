"""What differs between chats: threads, buttons, what they call an error, and what a name cannot do there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from notifications import events
from notifications.transports import discord, slack, teams, telegram
from notifications.transports.base import DeliveryFailed
from notifications.wording import words_of
from pulse.fields import ConfigError
from tests.notifications.transports.kinds import HOSTILE, LINKS, message
from tests.peers.messaging import chat
from tests.peers.providers import Provider, Reply

APP = {"by": "app", "token": chat.SLACK_TOKEN, "channel": "C0123456789"}


@pytest.fixture
def web_api(settings: Any) -> Iterator[Provider]:
    with Provider(chat.slack_api) as service:
        settings.PULSE_PROVIDER_URLS = {"slack": service.url}
        yield service


def buttons(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    blocks = document["attachments"][0]["blocks"]
    elements = [element for block in blocks if block["type"] == "actions" for element in block["elements"]]
    return {element["text"]["text"]: element for element in elements}


def test_the_end_of_an_outage_goes_into_its_thread_and_takes_the_button_away(web_api: Provider) -> None:
    config = slack.SETTINGS.load(APP | {"signing_secret": "0123456789abcdef"})

    opened = slack.send(message(), config)
    end = replace(message(events.RESOLVED), follows=opened.provider_id, links=replace(LINKS, acknowledge=""))
    slack.send(end, config)

    post, reply, update = (asked.json for asked in web_api.asked)
    assert buttons(post)["Acknowledge"]["value"] == "token-of-this-receiver"
    assert (reply["thread_ts"], reply["reply_broadcast"]) == ("1503435956.000247", True)
    assert (web_api.asked[2].path, update["ts"]) == ("/chat.update", "1503435956.000247")
    assert "Acknowledge" not in buttons(update)
    assert "Why this alert" in buttons(update)


def test_without_a_signing_secret_the_button_is_a_link(web_api: Provider) -> None:
    slack.send(message(), slack.SETTINGS.load(APP))

    assert buttons(web_api.asked[0].json)["Acknowledge"]["url"] == LINKS.acknowledge


@pytest.mark.parametrize(
    ("error", "misconfigured", "gone", "permanent"),
    [
        ("channel_not_found", True, False, True),
        ("invalid_auth", True, False, True),
        ("is_archived", False, True, True),
        ("invalid_blocks", False, False, True),
        ("internal_error", False, False, False),
    ],
)
def test_slack_says_ok_false_in_an_answer_of_200(
    web_api: Provider, error: str, misconfigured: bool, gone: bool, permanent: bool
) -> None:
    web_api.instead = Reply(200, {"ok": False, "error": error})

    with pytest.raises(DeliveryFailed, match=error) as failed:
        slack.send(message(), slack.SETTINGS.load(APP))

    assert (failed.value.misconfigured, failed.value.gone, failed.value.permanent) == (
        misconfigured,
        gone,
        permanent,
    )


def test_a_deleted_webhook_of_slack_is_gone() -> None:
    with Provider(chat.slack_webhook) as service, pytest.raises(DeliveryFailed, match="no_service") as failed:
        slack.send(message(), slack.SETTINGS.load({"url": f"{service.url}/services/deleted"}))

    assert failed.value.gone


@pytest.mark.parametrize(
    ("settings_", "at"),
    [
        ({}, "/url"),
        ({"by": "app"}, "/token"),
        ({"by": "app", "token": "two words", "channel": "C"}, "/token"),
        ({"by": "pigeon"}, "/by"),
    ],
)
def test_what_slack_needs_is_named(settings_: dict[str, str], at: str) -> None:
    with pytest.raises(ConfigError) as refused:
        slack.SETTINGS.load(settings_)

    assert refused.value.errors[0][0] == at


def test_a_name_mentions_nobody_in_slack() -> None:
    with Provider(chat.slack_webhook) as service:
        slack.send(message(name=HOSTILE), slack.SETTINGS.load({"url": service.url + chat.SLACK_PATH}))
        told = service.asked[0].json

    header, *others = told["attachments"][0]["blocks"]
    assert header["text"]["type"] == "plain_text"
    assert "<!channel>" not in told["text"] + json.dumps(others)
    assert all(part["verbatim"] for block in others for part in block.get("fields", []))


def test_a_name_mentions_nobody_in_discord() -> None:
    document = discord.document(message(name=HOSTILE))

    assert document["allowed_mentions"] == {"parse": []}
    assert r"\@everyone" in document["embeds"][0]["title"]
    assert "https://evil" not in json.dumps(document)
    assert f"[Why this alert]({LINKS.why})" in document["embeds"][0]["description"]


def test_discord_says_in_seconds_how_long_to_wait() -> None:
    with Provider(chat.discord) as service:
        service.instead = Reply(
            429, {"message": "You are being rate limited.", "retry_after": 64.57, "global": False}
        )
        with pytest.raises(DeliveryFailed) as failed:
            discord.send(message(), discord.SETTINGS.load({"url": service.url + chat.DISCORD_PATH}))

    assert failed.value.retry_after == timedelta(seconds=64.57)


def test_a_deleted_webhook_of_discord_is_gone() -> None:
    with Provider(chat.discord) as service:
        service.instead = Reply(404, {"message": "Unknown Webhook", "code": 10015})
        with pytest.raises(DeliveryFailed, match="the webhook was deleted") as failed:
            discord.send(message(), discord.SETTINGS.load({"url": service.url + chat.DISCORD_PATH}))

    assert failed.value.gone


def test_a_name_is_no_markdown_in_teams() -> None:
    card = teams.document(words_of(message(name=HOSTILE)))["attachments"][0]["content"]

    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}


@pytest.mark.parametrize(("chat_id", "misconfigured", "gone"), [("-1", True, False), ("-2", False, True)])
def test_telegram_tells_of_chats_that_are_not_there(
    settings: Any, chat_id: str, misconfigured: bool, gone: bool
) -> None:
    with Provider(chat.telegram) as service:
        settings.PULSE_PROVIDER_URLS = {"telegram": service.url}
        with pytest.raises(DeliveryFailed) as failed:
            telegram.send(message(), telegram.SETTINGS.load({"token": chat.TELEGRAM_TOKEN, "chat": chat_id}))

    assert (failed.value.misconfigured, failed.value.gone) == (misconfigured, gone)


def test_telegram_says_in_its_body_how_long_to_wait(settings: Any) -> None:
    with Provider(chat.telegram) as service:
        settings.PULSE_PROVIDER_URLS = {"telegram": service.url}
        busy = {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests",
            "parameters": {"retry_after": 31},
        }
        service.instead = Reply(429, busy)
        with pytest.raises(DeliveryFailed) as failed:
            telegram.send(message(), telegram.SETTINGS.load({"token": chat.TELEGRAM_TOKEN, "chat": "1"}))

    assert failed.value.retry_after == timedelta(seconds=31)


@pytest.mark.parametrize("given", ["123", "123:../../x", "123456789:abc/def/ghi/jkl/mno/pqr/stu", "1:2?x=1"])
def test_a_token_cannot_change_the_path(given: str) -> None:
    with pytest.raises(ConfigError):
        telegram.SETTINGS.load({"token": given, "chat": "1"})

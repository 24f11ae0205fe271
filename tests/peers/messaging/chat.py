"""Slack, Teams, Discord and Telegram."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.peers.messaging.checking import TEXT, URL, Wrong, many, read, shape, text
from tests.peers.providers import Asked, Reply

SLACK_TOKEN = "xoxb-1234567890-canarysecret"
SLACK_PATH = "/services/T00000000/B00000000/canarysecretcanarysecret"
DISCORD_PATH = "/api/webhooks/1234567890/canarysecret-canarysecret"
TEAMS_PATH = "/workflows/0123/triggers/manual/paths/invoke?api-version=2016-06-01&sig=canarysecret"
TELEGRAM_TOKEN = "123456789:canarysecret-canarysecret_AAAA"

PLAIN = shape({"type": {"const": "plain_text"}, "text": text(3000)}, {"emoji": {"type": "boolean"}})
MRKDWN = shape({"type": {"const": "mrkdwn"}, "text": text(3000)}, {"verbatim": {"type": "boolean"}})
BUTTON = shape(
    {"type": {"const": "button"}, "text": shape({"type": {"const": "plain_text"}, "text": text(75)})},
    {"action_id": text(255), "url": URL, "value": text(2000), "style": {"enum": ["primary", "danger"]}},
)
BLOCK = {
    "oneOf": [
        shape(
            {
                "type": {"const": "header"},
                "text": PLAIN | {"properties": {**PLAIN["properties"], "text": text(150)}},
            }
        ),
        shape({"type": {"const": "section"}}, {"text": MRKDWN, "fields": many(MRKDWN, 10, 1)}),
        shape({"type": {"const": "actions"}, "elements": many(BUTTON, 25, 1)}),
        shape({"type": {"const": "context"}, "elements": many({"anyOf": [PLAIN, MRKDWN]}, 10, 1)}),
    ]
}
ATTACHMENT = shape({"color": text(7), "blocks": many(BLOCK, 50, 1)})
SLACK_TEXTS = {"text": text(4000), "attachments": many(ATTACHMENT, 100)}
SLACK_WEBHOOK = shape(SLACK_TEXTS, {"unfurl_links": {"type": "boolean"}})
SLACK_POST = shape(
    {**SLACK_TEXTS, "channel": text(80)},
    {
        "unfurl_links": {"type": "boolean"},
        "thread_ts": {"type": "string", "pattern": r"^\d+\.\d+$"},
        "reply_broadcast": {"type": "boolean"},
        "ts": {"type": "string", "pattern": r"^\d+\.\d+$"},
    },
)


def slack_webhook(asked: Asked) -> Reply:
    if asked.path != SLACK_PATH:
        return Reply(404, raw=b"no_service") if "deleted" in asked.path else Reply(403, raw=b"invalid_token")
    read(asked, SLACK_WEBHOOK)
    return Reply(200, raw=b"ok", headers={"Content-Type": "text/html"})


def slack_api(asked: Asked) -> Reply:
    """As the Web API does, it answers 200 to nearly all, with `ok` inside."""
    if asked.headers.get("authorization") != f"Bearer {SLACK_TOKEN}":
        return Reply(200, {"ok": False, "error": "invalid_auth"})
    document = read(asked, SLACK_POST)
    if asked.path == "/chat.update" and "ts" not in document:
        return Reply(200, {"ok": False, "error": "invalid_arguments"})
    if document["channel"] != "C0123456789":
        return Reply(200, {"ok": False, "error": "channel_not_found"})
    return Reply(200, {"ok": True, "channel": "C0123456789", "ts": "1503435956.000247"})


RUN = shape(
    {"type": {"const": "TextRun"}, "text": text(4000)},
    {
        "weight": {"enum": ["Default", "Lighter", "Bolder"]},
        "size": {"enum": ["Small", "Default", "Medium", "Large", "ExtraLarge"]},
        "color": {"enum": ["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]},
        "isSubtle": {"type": "boolean"},
    },
)
RICH = shape(
    {"type": {"const": "RichTextBlock"}, "inlines": many(RUN, 20, 1)},
    {"spacing": {"enum": ["None", "Small", "Default", "Medium"]}},
)
CARD = shape(
    {"type": {"const": "AdaptiveCard"}, "version": {"const": "1.4"}, "body": many(RICH, 50, 1)},
    {
        "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
        "fallbackText": TEXT,
        "actions": many(shape({"type": {"const": "Action.OpenUrl"}, "title": text(100), "url": URL}), 6),
    },
)
TEAMS = shape(
    {
        "type": {"const": "message"},
        "attachments": many(
            shape(
                {
                    "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                    "contentUrl": {"type": "null"},
                    "content": CARD,
                }
            ),
            1,
            1,
        ),
    }
)


def teams(asked: Asked) -> Reply:
    if asked.path != TEAMS_PATH:
        return Reply(401, {"error": {"code": "DirectApiAuthorizationRequired", "message": asked.path}})
    read(asked, TEAMS, 28 << 10)
    return Reply(202, raw=b"")


EMBED = shape(
    {
        "title": text(256),
        "description": text(4096),
        "color": {"type": "integer", "minimum": 0, "maximum": 0xFFFFFF},
    },
    {
        "fields": many(shape({"name": text(256), "value": text(1024), "inline": {"type": "boolean"}}), 25),
        "footer": shape({"text": text(2048)}),
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT[\d:.]+Z$"},
    },
)
DISCORD = shape(
    {"embeds": many(EMBED, 10, 1), "allowed_mentions": shape({"parse": many(TEXT, 0)})},
    {"username": text(80), "content": text(2000)},
)


def discord(asked: Asked) -> Reply:
    if urlsplit(asked.path).path != DISCORD_PATH:
        return Reply(401, {"message": f"Invalid Webhook Token {asked.path}", "code": 50027})
    document = read(asked, DISCORD)
    if sum(len(part) for part in _texts(document["embeds"])) > 6000:
        return Reply(400, {"message": "Invalid Form Body", "code": 50035})
    return (
        Reply(200, {"id": "1112223334445556667"})
        if asked.query.get("wait") == "true"
        else Reply(204, raw=b"")
    )


def _texts(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    items = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    return [found for item in items for found in _texts(item)]


TELEGRAM = shape(
    {"chat_id": TEXT, "text": text(9000), "parse_mode": {"const": "HTML"}},
    {
        "link_preview_options": shape({"is_disabled": {"type": "boolean"}}),
        "reply_parameters": shape(
            {"message_id": {"type": "integer"}}, {"allow_sending_without_reply": {"type": "boolean"}}
        ),
    },
)


def telegram(asked: Asked) -> Reply:
    if asked.path != f"/bot{TELEGRAM_TOKEN}/sendMessage":
        return Reply(401, {"ok": False, "error_code": 401, "description": f"Unauthorized {asked.path}"})
    document = read(asked, TELEGRAM)
    try:
        words = _plain(document["text"])
    except Wrong as error:
        return _bad(f"Bad Request: can't parse entities: {error}")
    if not words.strip() or len(words) > 4096:
        return _bad("Bad Request: message is too long")
    if document["chat_id"] == "-1":
        return _bad("Bad Request: chat not found")
    if document["chat_id"] == "-2":
        blocked = "Forbidden: bot was blocked by the user"
        return Reply(403, {"ok": False, "error_code": 403, "description": blocked})
    return Reply(200, {"ok": True, "result": {"message_id": 42, "chat": {"id": 1}, "text": words}})


def _bad(words: str) -> Reply:
    return Reply(400, {"ok": False, "error_code": 400, "description": words})


def _plain(markup: str) -> str:
    """Its text; only the tags that Telegram knows may be in it, each closed."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        words = ""
        open_tags: tuple[str, ...] = ()

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in ("a", "b", "i", "code", "pre"):
                raise Wrong(f'unsupported start tag "{tag}"')
            self.open_tags += (tag,)

        def handle_endtag(self, tag: str) -> None:
            if not self.open_tags or self.open_tags[-1] != tag:
                raise Wrong(f'unexpected end tag "{tag}"')
            self.open_tags = self.open_tags[:-1]

        def handle_data(self, data: str) -> None:
            self.words += data

    reader = Reader()
    reader.feed(markup)
    reader.close()
    if reader.open_tags:
        raise Wrong("an unclosed tag")
    return reader.words

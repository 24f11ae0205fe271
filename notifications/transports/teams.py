"""Microsoft Teams: a card to the webhook of a workflow (adaptive card 1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitors.probes.settings import Settings, section
from notifications.transports.asking import PROVIDER, ask, judge, policy_of_users
from notifications.transports.base import Answer, Message, Transport
from notifications.transports.fields import needed, secret_url
from notifications.wording import Tone, Words, words_of
from notifications.wording.shape import cut

LONGEST = 1000  # of one text; a card may have 28 KB in all
COLOURS = {Tone.DOWN: "Attention", Tone.DEGRADED: "Warning", Tone.UP: "Good", Tone.CALM: "Accent"}
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


@dataclass(frozen=True, slots=True)
class Config:
    url: str


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        secret_url(
            "url",
            "Workflow URL",
            'Of the workflow "Post to a channel when a webhook request is received".',
            longest=2048,
        ),
    ),
    together=needed({"url": "Enter the URL of the workflow."}),
)


def document(words: Words) -> dict[str, Any]:
    card = {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": "1.4",
        "fallbackText": cut(words.title, LONGEST),
        "body": [
            _text(words.title, size="Large", weight="Bolder", color=COLOURS[words.tone]),
            _text(words.summary),
            *(_line(label, value) for label, value in words.lines),
            _text(words.footer, isSubtle=True, size="Small"),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": label, "url": url} for label, url in words.links],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _text(words: str, **style: Any) -> dict[str, Any]:
    """A run of text, which unlike a TextBlock is never read as Markdown: a name cannot be a link."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": cut(words, LONGEST), **style}]}


def _line(label: str, value: str) -> dict[str, Any]:
    runs = [
        {"type": "TextRun", "text": f"{label}: ", "weight": "Bolder"},
        {"type": "TextRun", "text": cut(value, LONGEST)},
    ]
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": runs}


def send(message: Message, config: Config) -> Answer:
    return judge(ask("POST", config.url, policy_of_users(), document=document(words_of(message))), PROVIDER)


TRANSPORT = Transport(
    title="Microsoft Teams",
    about="A card in a channel or a chat, by a workflow.",
    group="chat",
    settings=SETTINGS,
    destination=lambda config: str(config.get("host", "teams")),
    recipient=lambda config: str(config.get("host", "Teams")),
    send=send,
)

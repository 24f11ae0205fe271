"""Discord: an embed by a channel's webhook. It mentions nobody, whatever a name says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from incidents.saying import rfc3339
from monitors.probes.settings import Settings, section
from notifications.transports.asking import Reply, Statuses, ask, judge, policy_of_users, seconds
from notifications.transports.base import Answer, Message, Transport
from notifications.transports.fields import needed, secret_url
from notifications.wording import words_of
from notifications.wording.shape import cut

TITLE, DESCRIPTION, VALUE, FOOTER, FIELDS = 256, 2000, 1024, 2048, 25
STATUSES = Statuses(misconfigured=(401, 403), gone=(404, 410))
# What is known of its answers, in words of our own: the address may lead anywhere, and is not quoted.
ERRORS = {
    10015: "the webhook was deleted",
    50027: "the webhook's token is wrong",
    50035: "it refuses the content",
}
_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]()<@:-])")


@dataclass(frozen=True, slots=True)
class Config:
    url: str


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        secret_url("url", "Webhook URL", "Of the channel: Edit Channel, Integrations, Webhooks."),
    ),
    together=needed({"url": "Enter the URL of the webhook."}),
)


def document(message: Message) -> dict[str, Any]:
    words = words_of(message)
    links = " · ".join(f"[{label}]({url.replace(')', '%29')})" for label, url in words.links)
    room = DESCRIPTION - len(links) - 2
    embed = {
        "title": cut(escape(words.title), TITLE),
        "description": f"{cut(escape(words.summary), max(room, 100))}\n\n{links}",
        "color": int(words.colour[1:], 16),
        "fields": [
            {"name": label, "value": cut(escape(value), VALUE), "inline": False}
            for label, value in words.lines[:FIELDS]
        ],
        "footer": {"text": cut(words.footer, FOOTER)},
        "timestamp": rfc3339(message.at),
    }
    return {"username": "Pulse", "embeds": [embed], "allowed_mentions": {"parse": []}}


def escape(words: str) -> str:
    return _MARKDOWN.sub(r"\\\1", words)


def send(message: Message, config: Config) -> Answer:
    """`wait`: it answers when the message is there, with its id."""
    url = f"{config.url}{'&' if '?' in config.url else '?'}wait=true"
    reply = ask("POST", url, policy_of_users(), document=document(message))
    found = reply.document
    sent = str(found.get("id", ""))
    return judge(
        reply,
        STATUSES,
        detail=_detail(reply),
        provider_id=sent if sent.isdigit() else "",
        retry_after=seconds(found.get("retry_after")) if reply.status == 429 else None,
    )


def _detail(reply: Reply) -> str:
    code = reply.document.get("code")
    return ERRORS.get(code, "") if isinstance(code, int) else ""


TRANSPORT = Transport(
    title="Discord",
    about="A message in a channel, by its webhook.",
    group="chat",
    settings=SETTINGS,
    destination=lambda config: str(config.get("host", "discord.com")),
    recipient=lambda config: str(config.get("host", "discord.com")),
    send=send,
)

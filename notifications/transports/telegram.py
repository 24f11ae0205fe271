"""Telegram: a bot writes to a person, a group or a channel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from monitors.probes.settings import Settings, refuse, section, text
from notifications.transports.asking import Reply, Statuses, api, ask, judge, safe, seconds
from notifications.transports.base import Answer, DeliveryFailed, Message, Transport
from notifications.transports.fields import needed, token
from notifications.wording import Words, words_of
from notifications.wording.shape import cut
from pulse.fields import FieldError

API = "https://api.telegram.org"
LONGEST = 4096  # after its entities are read, so markup does not count
STATUSES = Statuses(misconfigured=(401, 404), gone=(403,), permanent=(400, 413))
_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{4,40}")


@dataclass(frozen=True, slots=True)
class Config:
    token: str
    chat: str


def _together(config: Config) -> None:
    needed({"token": "Enter the token that @BotFather gave.", "chat": "Enter the id of the chat."})(config)
    if not _TOKEN.fullmatch(config.token):  # it becomes a part of the path
        raise refuse("token", "Copy the token again: it looks like 123456:ABC-DEF1234ghIkl.")


def _read_chat(value: str) -> str:
    if value.strip() and not _CHAT.fullmatch(value.strip()):
        raise FieldError("Enter the id of the chat, like -1001234567890, or @name of a public channel.")
    return value.strip()


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        token("token", "Bot token", "@BotFather gives it when the bot is made."),
        text("chat", "Chat", "Its id, or @name of a public channel. The bot must be in it.", read=_read_chat),
    ),
    together=_together,
)


def html_of(words: Words) -> str:
    """Telegram's small HTML: names are text."""
    lines = "\n".join(
        f"<b>{escape(label)}</b> {escape(cut(value, 500))}" for label, value in words.lines[:12]
    )
    links = " · ".join(f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in words.links)
    head = f"<b>{escape(cut(words.title, 300))}</b>\n{escape(cut(words.summary, 1000))}"
    return "\n\n".join(filter(None, (head, lines if len(lines) < LONGEST - 2000 else "", links)))


def send(message: Message, config: Config) -> Answer:
    base, policy = api("telegram", API)
    document: dict[str, Any] = {
        "chat_id": config.chat,
        "text": html_of(words_of(message)),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if message.follows.isdigit():
        document["reply_parameters"] = {
            "message_id": int(message.follows),
            "allow_sending_without_reply": True,
        }
    reply = ask("POST", f"{base}/bot{config.token}/sendMessage", policy, document=document)
    return _judge(reply, message, config)


def _judge(reply: Reply, message: Message, config: Config) -> Answer:
    found = reply.document
    said = safe(found.get("description"), (config.token,))
    if reply.status == 400 and "chat" in said.lower():
        raise DeliveryFailed(f"answered 400: {said}", 400, misconfigured=True, request=reply.request)
    parameters, result = found.get("parameters"), found.get("result")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    sent = str(result.get("message_id", "")) if isinstance(result, dict) else ""
    return judge(reply, STATUSES, detail=said, provider_id=message.follows or sent, retry_after=seconds(wait))


TRANSPORT = Transport(
    title="Telegram",
    about="A bot of yours writes to a person, a group or a channel.",
    group="chat",
    settings=SETTINGS,
    destination=lambda _: "api.telegram.org",
    recipient=lambda config: str(config["chat"]),
    send=send,
    personal=True,
)

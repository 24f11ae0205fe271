"""ntfy: a notification on phones, by ntfy.sh or a server of one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from monitors.probes.settings import Settings, section, text
from notifications import events
from notifications.transports.asking import PROVIDER, ask, judge, policy_of_users
from notifications.transports.base import Answer, Message, Transport
from notifications.transports.fields import needed, token, url
from notifications.wording import Tone, Words, words_of
from notifications.wording.shape import cut, one_line
from pulse.fields import FieldError
from pulse.net.urls import parse_url

SERVER = "https://ntfy.sh"
PRIORITIES = {"critical": 5, "major": 4, "minor": 3}
USUAL = {Tone.DOWN: 4, Tone.DEGRADED: 3, Tone.UP: 3, Tone.CALM: 3}
TAGS = {
    Tone.DOWN: "red_circle",
    Tone.DEGRADED: "warning",
    Tone.UP: "green_circle",
    Tone.CALM: "information_source",
}
TITLE, MESSAGE, ACTIONS = 200, 4000, 3  # characters, bytes, and how many


@dataclass(frozen=True, slots=True)
class Config:
    topic: str
    server: str
    token: str


def _read_topic(value: str) -> str:
    if value.strip() and not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", value.strip()):
        raise FieldError("Use letters, digits, hyphens and underscores, at most 64.")
    return value.strip()


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        text(
            "topic", "Topic", "On ntfy.sh whoever guesses it can read it, so make it long.", read=_read_topic
        ),
        url("server", "Server", "ntfy.sh, or your own.", default=SERVER),
        token("token", "Access token", "tk_…, where the topic needs one."),
    ),
    together=needed({"topic": "Enter the topic to publish to."}),
)


def document(message: Message, words: Words, topic: str) -> dict[str, Any]:
    lines = "\n".join(f"{label}: {one_line(value)}" for label, value in words.lines)
    found: dict[str, Any] = {
        "topic": topic,
        "title": cut(words.title, TITLE),
        "message": _cut_bytes("\n".join(filter(None, (words.summary, lines)))),
        "priority": _priority(message, words),
        "tags": [TAGS[words.tone]],
    }
    if words.links:
        found["click"] = words.links[0][1]
        found["actions"] = [
            {"action": "view", "label": label, "url": url} for label, url in _most_wanted(words)
        ]
    return found


def _cut_bytes(words: str) -> str:
    """A longer message would become an attachment."""
    raw = words.encode()
    return words if len(raw) <= MESSAGE else raw[: MESSAGE - 3].decode(errors="ignore") + "…"


def _most_wanted(words: Words) -> list[tuple[str, str]]:
    """ntfy shows three: the first ones, and why it came."""
    return [*words.links[: ACTIONS - 1], words.links[-1]] if len(words.links) > ACTIONS else list(words.links)


def _priority(message: Message, words: Words) -> int:
    is_bad = message.event in (events.OPENED, events.REMINDER)
    return PRIORITIES.get(words.severity, USUAL[words.tone]) if is_bad else USUAL[words.tone]


def send(message: Message, config: Config) -> Answer:
    headers = {"Authorization": f"Bearer {config.token}"} if config.token else {}
    body = document(message, words_of(message), config.topic)
    return judge(ask("POST", config.server, policy_of_users(), document=body, headers=headers), PROVIDER)


def _host(config: dict[str, Any]) -> str:
    found = parse_url(config.get("server", SERVER))
    return f"{found.host}:{found.port}"


TRANSPORT = Transport(
    title="ntfy",
    about="A notification on phones, by ntfy.sh or a server of your own.",
    group="people",
    settings=SETTINGS,
    destination=_host,
    recipient=lambda config: _host(config).partition(":")[0],
    send=send,
    personal=True,
)

"""Opsgenie: Alert API v2. The alias is the outage's, so that Pulse closes what it created."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from monitors.probes.settings import Settings, choose, lines, section
from notifications.transports.alerts import Act, alert_of, severity_of
from notifications.transports.asking import Reply, Statuses, api, ask, judge, safe
from notifications.transports.base import Answer, Message, Transport
from notifications.transports.fields import needed, token
from notifications.wording import Tone, Words, words_of
from notifications.wording.shape import cut, text_of

APIS = {"us": "https://api.opsgenie.com", "eu": "https://api.eu.opsgenie.com"}
PRIORITIES = {"critical": "P1", "major": "P2", "minor": "P3"}
USUAL = {Tone.DOWN: "P2", Tone.DEGRADED: "P3", Tone.UP: "P5", Tone.CALM: "P5"}
STATUSES = Statuses(misconfigured=(401, 403), permanent=(400, 404, 413, 422))
MESSAGE, ALIAS, DESCRIPTION, DETAIL, ENTITY = 130, 512, 15_000, 1000, 512


@dataclass(frozen=True, slots=True)
class Config:
    api_key: str
    region: str
    tags: tuple[str, ...]


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        token("api_key", "API key", 'Of an integration "API" that may create and update alerts.'),
        choose("region", "Region", [("us", "US"), ("eu", "EU")], "Where your Opsgenie account is."),
        lines("tags", "Tags", "One a line; Opsgenie can route by them.", most=20, longest=50),
    ),
    together=needed({"api_key": "Enter the API key of the integration."}),
)


def document(message: Message, words: Words, alias: str, config: Config) -> dict[str, Any]:
    monitor = message.data.get("monitor") or {}
    return {
        "message": cut(words.title, MESSAGE),
        "alias": cut(alias, ALIAS),
        "description": cut(text_of(words), DESCRIPTION),
        "tags": list(config.tags),
        "details": {label: cut(value, DETAIL) for label, value in (*words.lines, *words.links)},
        "entity": cut(monitor.get("name") or words.name or "Pulse", ENTITY),
        "source": "Pulse",
        "priority": severity_of(words, PRIORITIES, USUAL),
    }


def send(message: Message, config: Config) -> Answer:
    words = words_of(message)
    alert = alert_of(message, words)
    if alert.act in (Act.OPEN, Act.NOTE):
        answer = _call("", document(message, words, alert.name, config), config)
        if alert.act is Act.OPEN:
            return answer
    verb = "acknowledge" if alert.act is Act.ACKNOWLEDGE else "close"
    path = f"/{quote(cut(alert.name, ALIAS), safe='')}/{verb}?identifierType=alias"
    return _call(path, {"source": "Pulse", "note": words.summary}, config)


def _call(path: str, body: dict[str, Any], config: Config) -> Answer:
    base, policy = api(f"opsgenie.{config.region}", APIS[config.region])
    headers = {"Authorization": f"GenieKey {config.api_key}"}
    reply = ask("POST", f"{base}/v2/alerts{path}", policy, document=body, headers=headers)
    return judge(reply, STATUSES, detail=_detail(reply, config))


def _detail(reply: Reply, config: Config) -> str:
    found = reply.document
    return safe(found.get("message") or found.get("result"), (config.api_key,))


TRANSPORT = Transport(
    title="Opsgenie",
    about="Creates, acknowledges and closes alerts.",
    group="on-call services",
    settings=SETTINGS,
    destination=lambda config: f"opsgenie.{config.get('region', 'us')}",
    recipient=lambda config: f"Opsgenie ({config.get('region', 'us').upper()})",
    send=send,
)

"""PagerDuty: Events API v2. The dedup key is the outage's, so that Pulse resolves what it triggered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from incidents.saying import rfc3339
from monitors.probes.settings import Settings, choose, refuse, section
from notifications.transports.alerts import Act, Alert, alert_of, severity_of
from notifications.transports.asking import Reply, api, ask, judge, safe
from notifications.transports.base import Answer, DeliveryFailed, Message, Transport
from notifications.transports.fields import needed, token
from notifications.wording import Tone, Words, words_of
from notifications.wording.shape import cut

APIS = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
ACTIONS = {Act.OPEN: ("trigger",), Act.ACKNOWLEDGE: ("acknowledge",), Act.CLOSE: ("resolve",),
           Act.NOTE: ("trigger", "resolve")}  # fmt: skip
SEVERITIES = {"critical": "critical", "major": "error", "minor": "warning"}
USUAL = {Tone.DOWN: "error", Tone.DEGRADED: "warning", Tone.UP: "info", Tone.CALM: "info"}
SUMMARY, KEY, DETAIL = 1024, 255, 1000


@dataclass(frozen=True, slots=True)
class Config:
    routing_key: str
    region: str


def _together(config: Config) -> None:
    needed({"routing_key": "Enter the integration key of the service."})(config)
    if not re.fullmatch(r"[0-9a-zA-Z]{32}", config.routing_key):
        raise refuse("routing_key", "Copy the integration key again: it has 32 letters and digits.")


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        token("routing_key", "Integration key", 'Of a service\'s integration "Events API v2".'),
        choose("region", "Region", [("us", "US"), ("eu", "EU")], "Where your PagerDuty account is."),
    ),
    together=_together,
)


def document(message: Message, words: Words, alert: Alert, action: str, key: str) -> dict[str, Any]:
    event: dict[str, Any] = {"routing_key": key, "event_action": action, "dedup_key": cut(alert.name, KEY)}
    if action != "trigger":
        return event
    monitor = message.data.get("monitor") or {}
    payload = {
        "summary": cut(words.title if not words.lines else f"{words.title}. {words.summary}", SUMMARY),
        "source": cut(monitor.get("target") or words.name or "Pulse", DETAIL),
        "severity": severity_of(words, SEVERITIES, USUAL),
        "timestamp": rfc3339(message.at),
        "component": cut(monitor.get("name") or "", DETAIL),
        "class": message.event,
        "custom_details": {label: cut(value, DETAIL) for label, value in words.lines},
    }
    links = [{"href": url, "text": label} for label, url in words.links]
    return event | {"payload": payload, "links": links, "client": "Pulse"}


def send(message: Message, config: Config) -> Answer:
    base, policy = api(f"pagerduty.{config.region}", APIS[config.region])
    words = words_of(message)
    alert = alert_of(message, words)
    for action in ACTIONS[alert.act]:
        body = document(message, words, alert, action, config.routing_key)
        answer = _judge(ask("POST", f"{base}/v2/enqueue", policy, document=body), config)
    return answer


def _judge(reply: Reply, config: Config) -> Answer:
    found = reply.document
    errors = found.get("errors")
    words = "; ".join(map(str, errors)) if isinstance(errors, list) else found.get("message")
    said = safe(words, (config.routing_key,))
    if reply.status == 400 and "routing" in said.lower():
        raise DeliveryFailed(f"answered 400: {said}", 400, misconfigured=True, request=reply.request)
    return judge(reply, detail=said)


TRANSPORT = Transport(
    title="PagerDuty",
    about="Triggers, acknowledges and resolves alerts of a service.",
    group="on-call services",
    settings=SETTINGS,
    destination=lambda config: f"pagerduty.{config.get('region', 'us')}",
    recipient=lambda config: f"PagerDuty ({config.get('region', 'us').upper()})",
    send=send,
)

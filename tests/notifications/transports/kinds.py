"""Each kind of channel with a service of its kind: what the contract is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from notifications import events
from notifications.transports.base import Links, Message
from tests.peers.messaging import chat, oncall, phones
from tests.peers.providers import Asked, Reply

LINKS = Links(
    why="https://pulse.example/o/acme/deliveries/0190/why/",
    acknowledge="https://pulse.example/a/token-of-this-receiver/",
    receipt="https://pulse.example/r/token-of-this-receiver/",
)
HOSTILE = (
    "<!channel> <@U1> @everyone *b* `c` [x](https://evil.example/) <b>&amp;</b> \r\nBcc: all@evil.example "
    "https://evil.example/ {{7*7}} ${7*7} <Say>hi</Say>"
)


@dataclass(frozen=True)
class Kind:
    """`settings` makes the channel's settings for a service at a URL. `provider` is its name in PULSE_PROVIDER_URLS.

    `secrets` are what must never be seen. `refused` makes settings that the service does not know.
    """

    name: str
    serve: Callable[[], Callable[[Asked], Reply]]
    settings: Callable[[str], Mapping[str, Any]]
    secrets: tuple[str, ...]
    refused: Mapping[str, Any] = field(default_factory=dict)
    provider: str = ""
    drops_repeats: bool = True

    @property
    def transport(self) -> str:
        return self.name.partition(" ")[0]


def webhook(asked: Asked) -> Reply:
    if asked.headers.get("authorization") == "Bearer wrong":
        return Reply(401, {"error": asked.headers["authorization"]})
    return Reply(204, raw=b"")


OTHER_URL = "{base}/services/wrong/canarysecret"
KINDS = [
    Kind(
        "slack",
        lambda: chat.slack_webhook,
        lambda base: {"url": base + chat.SLACK_PATH},
        (chat.SLACK_PATH,),
        {"url": OTHER_URL},
    ),
    Kind(
        "slack app",
        lambda: chat.slack_api,
        lambda _: {"by": "app", "token": chat.SLACK_TOKEN, "channel": "C0123456789"},
        (chat.SLACK_TOKEN,),
        {"token": "xoxb-wrong-canarysecret"},
        provider="slack",
    ),
    Kind(
        "teams",
        lambda: chat.teams,
        lambda base: {"url": base + chat.TEAMS_PATH},
        (chat.TEAMS_PATH,),
        {"url": OTHER_URL},
    ),
    Kind(
        "discord",
        lambda: chat.discord,
        lambda base: {"url": base + chat.DISCORD_PATH},
        (chat.DISCORD_PATH,),
        {"url": OTHER_URL},
    ),
    Kind(
        "telegram",
        lambda: chat.telegram,
        lambda _: {"token": chat.TELEGRAM_TOKEN, "chat": "-1001234567890"},
        (chat.TELEGRAM_TOKEN,),
        {"token": "123456789:canarysecret-wrong-wrong-wrong"},
        provider="telegram",
    ),
    Kind(
        "pagerduty",
        oncall.PagerDuty,
        lambda _: {"routing_key": oncall.ROUTING_KEY},
        (oncall.ROUTING_KEY,),
        {"routing_key": "canarysecret" + "0" * 20},
        provider="pagerduty.us",
    ),
    Kind(
        "opsgenie",
        oncall.Opsgenie,
        lambda _: {"api_key": oncall.GENIE_KEY, "region": "eu", "tags": ["shop"]},
        (oncall.GENIE_KEY,),
        {"api_key": "canarysecret-wrong"},
        provider="opsgenie.eu",
    ),
    Kind(
        "ntfy",
        lambda: phones.ntfy,
        lambda base: {"topic": "outages", "server": base, "token": phones.NTFY_TOKEN},
        (phones.NTFY_TOKEN,),
        {"token": "tk_canarysecretwrong"},
    ),
    Kind(
        "sms",
        phones.Twilio,
        lambda _: {"to": "+4930901820", "account_sid": phones.SID, "auth_token": phones.AUTH_TOKEN,
                   "sender": phones.FROM},
        (phones.AUTH_TOKEN,),
        {"auth_token": "canarysecretwrong"},
        provider="twilio",
        drops_repeats=False,
    ),
    Kind(
        "voice",
        phones.Twilio,
        lambda _: {"to": "+4930901820", "account_sid": phones.SID, "auth_token": phones.AUTH_TOKEN,
                   "sender": phones.FROM},
        (phones.AUTH_TOKEN,),
        {"auth_token": "canarysecretwrong"},
        provider="twilio",
        drops_repeats=False,
    ),
    Kind(
        "webhook",
        lambda: webhook,
        lambda base: {"url": f"{base}/hook", "headers": "Authorization: Bearer canarysecret"},
        ("Bearer canarysecret",),
        {"headers": "Authorization: Bearer wrong"},
    ),
]  # fmt: skip


def message(
    event: str = events.OPENED, name: str = "Shop", *, thread: str = "0190.1", **incident: Any
) -> Message:
    """One with everything that an event may have."""
    at = datetime(2026, 5, 1, 2, 12, 7, tzinfo=UTC)
    data: dict[str, Any] = {
        "organisation": {"slug": "acme", "name": "Acme"},
        "monitor": {"id": "1", "name": name, "kind": "http", "target": "https://shop.example/",
                    "url": "https://pulse.example/o/acme/monitors/1/"},
        "incident": {"id": "2", "url": "https://pulse.example/o/acme/incidents/2/", "kind": "monitor", "title": name,
                     "severity": "critical", "affected": 1, "started_at": "2026-05-01T02:11:07.000Z",
                     "resolved_at": "2026-05-01T02:25:13.000Z" if event == events.RESOLVED else None,
                     "cause": "answered 503, expected 200-399", "resolution": None, "resolved_by": None,
                     "acknowledged_by": "Bob", **incident},
        "change": {"status": "degraded", "before": "up", "detail": "answers in 4.2 s",
                   "began": "2026-05-01T02:11:07.000Z"},
        "channel": {"id": "3", "name": name, "url": "https://pulse.example/o/acme/channels/3/"},
        "requested_by": "Alice", "problem": "answered 401", "code": "123456", "person": "Alice", "before": "Bob",
        "schedule": {"name": name, "url": "https://pulse.example/o/acme/schedules/4/"},
        "shift": {"starts_at": "2026-05-01T02:00:00Z", "ends_at": "2026-05-02T02:00:00Z"},
    }  # fmt: skip
    if event not in (events.OPENED, events.RESOLVED, events.ACKNOWLEDGED, events.REMINDER):
        del data["incident"]
    if event == events.DIGEST:
        inner = message(name=name)
        items = [{"event": inner.event, "at": "2026-05-01T02:11:07.000Z", "data": inner.data}] * 30
        data = {"organisation": data["organisation"], "items": items, "because": "30 messages in 60 s"}
    return Message(
        f"msg_{'0190' * 8}", event, at, data, thread=thread if "incident" in data else "", links=LINKS
    )

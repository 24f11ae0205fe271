"""Further services by apprise: only those whose host is fixed, each message in a child process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from monitors.probes.settings import Settings, secret, section
from notifications.transports import apprise_child
from notifications.transports.apprise_services import OWN, PARAMETERS, SERVICES
from notifications.transports.asking import PROVIDER, Reply, judge
from notifications.transports.base import Answer, DeliveryFailed, Message, Transport
from notifications.transports.fields import needed
from notifications.wording import Tone, words_of
from notifications.wording.shape import cut, text_of
from pulse.fields import FieldError

KILLED_AFTER_S = 15.0
CHILD = Path(apprise_child.__file__)
TYPES = {Tone.DOWN: "failure", Tone.DEGRADED: "warning", Tone.UP: "success", Tone.CALM: "info"}
TITLE, BODY = 200, 1500


@dataclass(frozen=True, slots=True)
class Config:
    url: str


def _read(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write the address as text, like pover://user@token.")
    words = value.strip()
    if not words:
        return ""
    scheme = _scheme(words)
    if "://" not in words or not words.isprintable() or " " in words:
        raise FieldError("Write the address as apprise has it, like pover://user@token.")
    if scheme in OWN:
        raise FieldError(f"Make a channel of the kind {OWN[scheme]}: Pulse speaks to it itself.")
    if scheme not in SERVICES:
        raise FieldError(
            f"Pulse does not take {scheme[:20]}://: only services with a fixed host are, so that no address leads into "
            f"a network of ours. Use a webhook, or one of {', '.join(SERVICES)}."
        )
    query = parse_qsl(urlsplit("x://" + words.partition("://")[2]).query, keep_blank_values=True)
    unknown = sorted({name for name, _ in query} - PARAMETERS)
    if unknown:
        raise FieldError(
            f"Remove {unknown[0][:40]!r} from the address; taken are {', '.join(sorted(PARAMETERS))}."
        )
    return words


@dataclass(frozen=True, slots=True)
class Service:
    """Where an address leads."""

    host: str
    literal: None = None


def _leads_to(url: str) -> Service | None:
    return Service(SERVICES[_scheme(url)][0]) if url else None


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


ADDRESS = secret("url", "Address", "As apprise writes it, like pover://user@token.", longest=500)
SETTINGS = Settings(
    Config,
    section("Where to", replace(ADDRESS, read=_read, leads_to=_leads_to)),
    together=needed({"url": "Enter the address, as apprise writes it."}),
)


def send(message: Message, config: Config) -> Answer:
    words = words_of(message)
    scheme = _scheme(config.url)
    order = {
        "url": config.url,
        "title": cut(words.title, TITLE),
        "body": cut(text_of(words), BODY),
        "type": TYPES[words.tone],
        "hosts": SERVICES[scheme],
        "networks": settings.PULSE_ALLOW_PRIVATE_WEBHOOKS,
    }
    told = _run(json.dumps(order))
    request = f"apprise {scheme}, {len(order['body']):,} characters"
    if told.get("sent") is True:
        return Answer("taken by the service", request=request)
    status = told.get("status")
    if isinstance(status, int):
        judge(Reply(status, {}, b"", request), PROVIDER)
    reason = str(told.get("reason", "the service did not take it"))
    raise DeliveryFailed(
        reason, permanent=bool(told.get("refused")), unknown=not told.get("refused"), request=request
    )


def _run(order: str) -> dict[str, Any]:
    """Isolated from the environment and the working directory, so that no plug-in finds a password of ours there."""
    try:
        child = subprocess.run(  # noqa: S603  # our own module, with nothing of an organisation on its command line
            [sys.executable, "-I", str(CHILD)],
            input=order.encode(),
            capture_output=True,
            env={},
            cwd="/",
            timeout=KILLED_AFTER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"reason": f"no answer within {KILLED_AFTER_S:g} s"}
    try:
        found = json.loads(child.stdout)
    except ValueError:
        return {"reason": f"apprise ended with {child.returncode}"}
    return found if isinstance(found, dict) else {}


TRANSPORT = Transport(
    title="Another service",
    about=f"{len(SERVICES)} more by apprise, such as Pushover, Webex, Google Chat, Signl4 and Splunk On-Call.",
    settings=SETTINGS,
    destination=lambda config: str(config.get("host", "apprise")),
    recipient=lambda config: str(config.get("host", "apprise")),
    send=send,
)

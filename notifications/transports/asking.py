"""Ask somebody over HTTP, and say what came of it in the words that all transports share."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings
from django.utils import timezone

from notifications.transports.base import Answer, DeliveryFailed
from pulse.net.addresses import Policy, parse_networks
from pulse.net.errors import AddressRefused, NotConnected, NotResolved, OutboundError
from pulse.net.failures import Failure
from pulse.net.session import outbound_session
from pulse.net.urls import parse_url

DEADLINE_S = 15.0
SHOWN = 200  # characters of what a receiver says
LONGEST_WAIT_S = 7 * 86_400
# What only the operator can name, in the settings, is the operator's own choice.
ANYWHERE = Policy((ip_network("0.0.0.0/0"), ip_network("::/0")))


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and what had been asked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    request: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object of the body; empty where it has none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Statuses:
    """What a receiver means by its statuses; any other that is not 2xx is worth another try.

    `patient`: so is what it calls misconfigured, which somebody may mend within the tries.
    """

    misconfigured: Collection[int] = (401, 403)
    gone: Collection[int] = (410,)
    permanent: Collection[int] = (400, 413, 422)
    patient: bool = False


PROVIDER = Statuses(misconfigured=(401, 403, 404))


def policy_of_users() -> Policy:
    """Where addresses that organisations write may lead."""
    return Policy(parse_networks(settings.PULSE_ALLOW_PRIVATE_WEBHOOKS))


def api(name: str, usual: str, account: str = "") -> tuple[str, Policy]:
    """The address of a provider's API, and where it may lead.

    PULSE_PROVIDER_URLS puts another in its place: for all that go to it (`twilio`), or for one account (`twilio:AC…`).
    """
    others = settings.PULSE_PROVIDER_URLS
    if other := others.get(f"{name}:{account}") or others.get(name):
        return other.rstrip("/"), ANYWHERE
    return usual, Policy()


def session(policy: Policy) -> requests.Session:  # noqa: TID251  # made by the one door
    return outbound_session(policy, DEADLINE_S, nameservers=settings.PULSE_NAMESERVERS or None)


def ask(  # one keyword for each part of a request
    method: str,
    url: str,
    policy: Policy,
    *,
    document: Any = None,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Reply:
    """Send `document` as JSON, or `body` as it is. Raises DeliveryFailed where nothing came back."""
    sent = dict(headers or {})
    if document is not None:
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        sent["Content-Type"] = "application/json"
    asked = described(method, url, len(body))
    try:
        answer = session(policy).request(method, url, data=body or None, headers=sent, auth=auth)
    except OutboundError as error:
        raise unreachable(error, asked) from error
    return Reply(answer.status_code, answer.headers, answer.content, asked)


def described(method: str, url: str, size: int) -> str:
    """`POST hooks.slack.com, 812 bytes`: the path may be a secret."""
    return f"{method} {parse_url(url).host}, {size:,} bytes"


def unreachable(error: OutboundError, request: str = "") -> DeliveryFailed:
    """Policy and nonsense stay so. Whatever broke once the connection stood may have arrived."""
    text = str(error)
    return DeliveryFailed(
        text[:1].lower() + text[1:],
        permanent=isinstance(error, AddressRefused) or error.failure is Failure.INVALID_TARGET,
        unknown=not isinstance(error, AddressRefused | NotConnected | NotResolved),
        request=request,
    )


def judge(
    reply: Reply,
    statuses: Statuses = PROVIDER,
    *,
    detail: str = "",
    provider_id: str = "",
    retry_after: timedelta | None = None,
) -> Answer:
    """2xx has it. 3xx is a failure: a redirect could lead a message, and who sent it, anywhere."""
    status = reply.status
    words = f"answered {status}" + (f": {detail}" if detail else "")
    if 200 <= status < 300:
        return Answer(words, status, provider_id, reply.request)
    if 300 <= status < 400:
        raise DeliveryFailed(f"answered {status}: redirects are not followed", status, request=reply.request)
    raise DeliveryFailed(
        words if detail or status not in statuses.gone else f"{words}: it wants no more messages",
        status,
        misconfigured=status in statuses.misconfigured,
        gone=status in statuses.gone,
        permanent=_is_final(status, statuses),
        retry_after=retry_after or retry_after_of(reply.headers),
        request=reply.request,
    )


def _is_final(status: int, statuses: Statuses) -> bool | None:
    if status in statuses.permanent:
        return True
    return False if statuses.patient and status in statuses.misconfigured else None


def retry_after_of(headers: Mapping[str, str]) -> timedelta | None:
    """Seconds or a date (RFC 9110, 10.2.3); anything else is as if it were absent."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return seconds(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(timedelta(0), moment - timezone.now())


def seconds(value: Any) -> timedelta | None:
    """What a provider writes as seconds, in JSON or as text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return timedelta(seconds=min(max(number, 0), LONGEST_WAIT_S)) if number == number else None  # noqa: PLR0124


def safe(text: object, hide: Sequence[str] = ()) -> str:
    """The first words of what a receiver says: printable, on one line, and with nothing of ours that is secret."""
    words = str(text or "")
    for secret in filter(None, hide):
        for form in (secret, quote(secret, safe="")):
            words = words.replace(form, "…")
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())[:SHOWN]

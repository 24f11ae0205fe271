"""The shape of a transport: it reads its settings and sends one message. All else is the courier's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from monitors.probes.settings import Settings

Group = Literal["chat", "people", "on-call services", "anything else"]


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute addresses that go with one delivery; '' where it has none.

    `why` is the page that explains it, `acknowledge` a signed page of this receiver (its GET changes nothing),
    `receipt` where the provider reports what became of it.
    """

    why: str = ""
    acknowledge: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery on its way out. `key` is the same at every try: receivers drop repeats by it.

    `event` is one of notifications.events, `at` when it happened (UTC), `data` what webhooks send. `thread` is the
    same for all that is told of one outage, so that a receiver can close what it opened. `turn` counts reminders.
    `follows` is the provider's own id of what this receiver was told first of the same outage, where it gave one.
    """

    key: str
    event: str
    at: datetime
    data: dict[str, Any]
    thread: str = ""
    turn: int = 0
    links: Links = field(default_factory=Links)
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said: a status where the protocol has one, and a short safe text.

    `provider_id` is by what the provider will speak of it in receipts. `request` says what was asked of whom,
    without secrets, like `POST hooks.slack.com, 812 bytes`.
    """

    text: str
    status_code: int | None = None
    provider_id: str = ""
    request: str = ""


class DeliveryFailed(Exception):
    """The receiver does not have it.

    `permanent`: trying again cannot help. `gone`: the receiver wants no more, so its channel is switched off.
    `misconfigured`: the receiver refused who we are (credentials, address): told at once to those who can mend it, and
    permanent unless that is said otherwise, as of what the whole installation shares.
    `unknown`: it may have it (the connection broke after the message was out).
    """

    def __init__(  # noqa: PLR0913  # one keyword for each thing that a receiver can mean
        self,
        text: str,
        status_code: int | None = None,
        *,
        permanent: bool | None = None,
        gone: bool = False,
        misconfigured: bool = False,
        unknown: bool = False,
        retry_after: timedelta | None = None,
        request: str = "",
    ) -> None:
        super().__init__(text)
        self.answer = Answer(text[:300], status_code, request=request)
        self.permanent = gone or (misconfigured if permanent is None else permanent)
        self.gone = gone
        self.misconfigured = misconfigured
        self.unknown = unknown
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Transport:
    """A kind of channel: one module, one line in the table.

    `title`, `about` and `group` are what people choose it by. `settings` makes form, API schema, masks and reader.
    `destination` names what its deliveries share a concurrency limit and a circuit by, `recipient` who to show; both
    read stored settings without secrets, which hold under `host` where a secret address leads. `send` gets the typed
    settings, secrets included, and raises DeliveryFailed.

    `lookup(message, config, since)` asks a provider that does not drop repeats what became of a send whose outcome
    is unknown: an Answer if it has it, None if it has not, DeliveryFailed if that cannot be found out now.
    `signs`: its messages are signed, by secrets that Pulse makes. `receipts`: the provider tells later whether it
    arrived. `personal`: a person can have it as a contact method. `costs`: each message costs money, so limits apply.
    `helper` is a template that helps to fill in the form.
    """

    title: str
    settings: Settings[Any]
    destination: Callable[[dict[str, Any]], str]
    recipient: Callable[[dict[str, Any]], str]
    send: Callable[[Message, Any], Answer]
    about: str = ""
    group: Group = "anything else"
    lookup: Callable[[Message, Any, datetime], Answer | None] | None = None
    signs: bool = False
    receipts: bool = False
    personal: bool = False
    costs: bool = False
    helper: str = ""

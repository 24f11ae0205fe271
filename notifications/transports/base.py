"""The shape of a transport: it reads its settings and sends one message. All else is the courier's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery on its way out. `key` is the same at every try: receivers drop repeats by it."""

    key: str
    event: str
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said: a status where the protocol has one, and a short safe text."""

    text: str
    status_code: int | None = None


class DeliveryFailed(Exception):
    """The receiver does not have it.

    `permanent`: trying again cannot help. `gone`: the receiver wants no more, so its channel is
    switched off. `unknown`: it may have it (the connection broke after the message was out).
    """

    def __init__(
        self,
        text: str,
        status_code: int | None = None,
        *,
        permanent: bool = False,
        gone: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(text)
        self.answer = Answer(text[:300], status_code)
        self.permanent = permanent or gone
        self.gone = gone
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Transport:
    """A kind of channel: one module, one line in the table.

    `load` turns decoded JSON into the stored settings or raises ConfigError; `destination` names what
    its deliveries share a concurrency limit by; `recipient` is who to show; `send` raises DeliveryFailed.
    """

    load: Callable[[object], dict[str, Any]]
    destination: Callable[[dict[str, Any]], str]
    recipient: Callable[[dict[str, Any]], str]
    send: Callable[[Message, dict[str, Any], str], Answer]
    has_secret: bool = False

"""What a message says, in words: pure, for every event; transports only dress it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from notifications import events
from notifications.transports.base import Message
from notifications.wording import incidents, others
from notifications.wording.shape import SEVERITIES, Tone, Words, compose

__all__ = ["Tone", "Words", "words_of"]


def words_of(message: Message) -> Words:
    """Every event of notifications.events has words; what is unknown says so itself."""
    return _COMPOSERS.get(message.event, _unknown)(message)


def _digest(message: Message) -> Words:
    items = [_item(message, item) for item in message.data.get("items", [])]
    lines = [(f"{at:%H:%M:%S} UTC" if at else "", words.title) for at, words in items]
    worst = next((tone for tone in Tone if any(words.tone is tone for _, words in items)), Tone.CALM)
    severities = [words.severity for _, words in items if words.severity in SEVERITIES]
    because = message.data.get("because") or ""
    told = "; ".join(words.title for _, words in items[:3]) + ("; …" if len(items) > 3 else "")
    mark = f"{len(items)} message{'' if len(items) == 1 else 's'} at once"
    words = compose(message, mark, f"{mark}: {told}.", worst, [*lines, ("Because", because)], [])
    return replace(
        words,
        severity=min(severities, key=SEVERITIES.index, default=""),
        is_drill=bool(items) and all(one.is_drill for _, one in items),
    )


def _item(message: Message, item: Mapping[str, Any]) -> tuple[datetime | None, Words]:
    at = parse_datetime(item.get("at") or "")
    event = "" if item.get("event") == events.DIGEST else str(item.get("event") or "")
    return at, words_of(Message(message.key, event, at or message.at, item.get("data") or {}))


def _unknown(message: Message) -> Words:
    return compose(message, message.event or "Message", f"{message.event or 'A message'}.", Tone.CALM, [], [])


_COMPOSERS: dict[str, Callable[[Message], Words]] = {
    events.OPENED: incidents.opened,
    events.RESOLVED: incidents.resolved,
    events.ACKNOWLEDGED: incidents.acknowledged,
    events.REMINDER: incidents.reminder,
    events.DEGRADED: others.monitor("Degraded", "is degraded", Tone.DEGRADED),
    events.SETTLED: others.monitor("Works well again", "works well again", Tone.UP),
    events.FLAPPING: others.monitor("Flapping", "is flapping", Tone.DEGRADED),
    events.CERTIFICATE: others.monitor("Runs out", "runs out", Tone.DEGRADED),
    events.DIGEST: _digest,
    events.HANDOVER: others.handover,
    events.CHANNEL_FAILING: others.channel_failing,
    events.TEST: others.test,
    events.CODE: others.code,
}

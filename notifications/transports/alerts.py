"""What an event means to an on-call service: it opens, acknowledges or closes an alert there, or does both at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from notifications import events
from notifications.transports.base import Message
from notifications.wording import Tone, Words

# Of these no end is ever told, so what is good news, or only said, must leave nothing open.
SAID_ONCE = (events.DIGEST, events.HANDOVER, events.TEST, events.CODE)
ACTS = {
    events.RESOLVED: "close",
    events.SETTLED: "close",
    events.ACKNOWLEDGED: "acknowledge",
}


class Act(StrEnum):
    OPEN = "open"
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"
    NOTE = "note"  # open and close


@dataclass(frozen=True, slots=True)
class Alert:
    """`name` is the same for all that is told of one outage, so that the service drops repeats and closes its own."""

    act: Act
    name: str


def alert_of(message: Message, words: Words) -> Alert:
    if message.event in ACTS:
        return Alert(Act(ACTS[message.event]), _name(message))
    is_bad = words.tone in (Tone.DOWN, Tone.DEGRADED)
    if message.event in SAID_ONCE and not (message.event == events.DIGEST and is_bad):
        return Alert(Act.NOTE, message.key)
    return Alert(Act.OPEN, _name(message))


def _name(message: Message) -> str:
    """Of an incident its thread; else of the monitor, whose lesser states follow each other."""
    if message.thread:
        return message.thread
    monitor = (message.data.get("monitor") or {}).get("id")
    if not monitor or message.event == events.CERTIFICATE:
        return message.key
    return f"monitor-{monitor}"


def severity_of(words: Words, names: dict[str, str], usual: dict[Tone, str]) -> str:
    """The service's word for an incident's severity; without one, for how it looks."""
    is_bad = words.tone in (Tone.DOWN, Tone.DEGRADED)
    return names.get(words.severity) or usual[words.tone] if is_bad else usual[words.tone]

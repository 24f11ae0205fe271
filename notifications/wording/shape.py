"""The shape of what a message says, and the helpers that all events share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from notifications.transports.base import Message

Lines = tuple[tuple[str, str], ...]


class Tone(StrEnum):
    """How it should look."""

    DOWN = "down"
    DEGRADED = "degraded"
    UP = "up"
    CALM = "calm"


# The light roles of static/css/tokens.css, as templates/email/_theme.html has them.
COLOURS = {Tone.DOWN: "#cb1220", Tone.DEGRADED: "#9d5b00", Tone.UP: "#027c4a", Tone.CALM: "#2256bb"}
SEVERITIES = ("critical", "major", "minor")


@dataclass(frozen=True, slots=True)
class Words:
    """`mark` is what happened in a word or two, `name` to what. `lines` are details as (label, value)."""

    mark: str
    name: str
    sentence: str
    tone: Tone
    severity: str = ""
    is_drill: bool = False
    lines: Lines = ()
    links: Lines = ()
    footer: str = ""

    @property
    def title(self) -> str:
        drill = "DRILL: " if self.is_drill else ""
        name = self.name.removeprefix("Drill: ") if self.is_drill else self.name
        return one_line(f"{drill}{self.mark}: {name}" if name else f"{drill}{self.mark}")

    @property
    def summary(self) -> str:
        """One sentence that says it all, where there is room for no more."""
        if not self.is_drill:
            return one_line(self.sentence)
        return one_line(f"DRILL, nothing is broken: {self.sentence.removeprefix('Drill: ')}")

    @property
    def colour(self) -> str:
        return COLOURS[self.tone]


def text_of(words: Words) -> str:
    """All of it as plain text."""
    width = max((len(label) for label, _ in (*words.lines, *words.links)), default=0) + 1
    parts = [words.summary]
    parts += [
        "\n".join(f"{label:<{width}}{one_line(value)}" for label, value in group)
        for group in (words.lines, words.links)
        if group
    ]
    return "\n\n".join([*parts, words.footer]) + "\n"


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


def one_line(words: str) -> str:
    """Without line breaks and other controls: they would end a header, or a line that others read by lines."""
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())


def cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def compose(
    message: Message,
    mark: str,
    sentence: str,
    tone: Tone,
    lines: list[tuple[str, str]],
    pages: list[tuple[str, str]],
    *,
    name: str | None = None,
) -> Words:
    """Words with what every message has: its links, who sent it, and whether it is a drill."""
    incident = message.data.get("incident") or {}
    links = [("Acknowledge", message.links.acknowledge), *pages, ("Why this alert", message.links.why)]
    organisation = message.data.get("organisation", {}).get("name") or ""
    return Words(
        mark=mark,
        name=name_of(message) if name is None else name,
        sentence=sentence,
        tone=tone,
        severity=incident.get("severity") or "",
        is_drill=bool(incident.get("drill")),
        lines=tuple((label, value) for label, value in lines if value),
        links=tuple((label, url) for label, url in links if url),
        footer=f"{organisation} · sent by Pulse" if organisation else "sent by Pulse",
    )


def name_of(message: Message) -> str:
    return message.data.get("monitor", {}).get("name") or ""


def page_of_monitor(monitor: Mapping[str, Any]) -> str:
    """Of many monitors, or of none, the page is the incident's."""
    return (monitor.get("url") or "") if monitor.get("id") else ""

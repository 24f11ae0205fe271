"""Uptime bar: what state a monitor was in, slot of time by slot of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final


class SlotState(StrEnum):
    """What a slot shows; the order is also how much it hides: of several states in a slot the first wins."""

    DOWN = "down"
    DEGRADED = "degraded"
    MAINTENANCE = "maintenance"
    UP = "up"
    UNKNOWN = "unknown"


PRECEDENCE: Final = {state: place for place, state in enumerate(SlotState)}
# Height says the state to whom colour does not. Keep in step with the stroke widths in uptime-bar.css.
HEIGHTS: Final = {
    SlotState.DOWN: 24,
    SlotState.DEGRADED: 19,
    SlotState.UP: 14,
    SlotState.UNKNOWN: 14,
    SlotState.MAINTENANCE: 8,
}
WORDS: Final = {SlotState.UNKNOWN: "not measured", SlotState.MAINTENANCE: "in maintenance"}
HEIGHT: Final = 24
PITCH: Final = 4
WIDTH: Final = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch [start, end) in one state, as monitors keep it."""

    start: datetime
    end: datetime
    state: SlotState


@dataclass(frozen=True, slots=True)
class Slot:
    """One bar: [start, end), the worst state in it, and how long that lasted."""

    start: datetime
    end: datetime
    state: SlotState
    lasted: timedelta = timedelta()
    note: str = ""

    @property
    def word(self) -> str:
        """The state as people read it: `not measured`, `down`."""
        return WORDS.get(self.state, self.state.value)


@dataclass(frozen=True, slots=True)
class Run:
    """All slots of one state as one path of thick dashed lines: 40 equal slots cost one element."""

    state: str
    path: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One slot as a rectangle in the view box, for the bar whose slots can be pointed at."""

    slot: Slot
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class UptimeBar:
    """Geometry for `components/uptime_bar.html`; `summary` is the whole bar in a sentence."""

    width: int
    height: int
    runs: tuple[Run, ...]
    bars: tuple[Bar, ...]
    summary: str
    start: datetime | None
    end: datetime | None


def bucket(spans: Iterable[Span], start: datetime, end: datetime, count: int) -> tuple[Slot, ...]:
    """Cut [start, end) into `count` equal slots, each with the worst state that any span gives it.

    Spans may overlap, touch, come in any order and reach over the ends; where there is none, nobody
    measured. `lasted` counts the winning state alone. Costs O(spans + slots touched).
    """
    if count < 1 or end <= start:
        raise ValueError("An uptime bar needs an end after its start and at least one slot.")
    width = (end - start) / count
    lasted: list[dict[SlotState, timedelta]] = [{} for _ in range(count)]
    for span in spans:
        first, last = max(span.start, start), min(span.end, end)
        place = max(0, int((first - start) / width))
        while first < last and place < count:
            border = end if place == count - 1 else start + width * (place + 1)
            here = min(last, border)
            if here > first:
                lasted[place][span.state] = lasted[place].get(span.state, timedelta()) + (here - first)
                first = here
            place += 1
    return tuple(_slot(start + width * place, width, found) for place, found in enumerate(lasted))


def _slot(start: datetime, width: timedelta, found: dict[SlotState, timedelta]) -> Slot:
    state = min(found, key=PRECEDENCE.__getitem__, default=SlotState.UNKNOWN)
    return Slot(start, start + width, state, min(found.get(state, width), width))


def draw(slots: Sequence[Slot]) -> UptimeBar:
    """Lay `slots` out from left to right, oldest first."""
    ordered = sorted(slots, key=lambda slot: slot.start)
    bars = tuple(
        Bar(slot, place * PITCH, HEIGHT - HEIGHTS[slot.state], WIDTH, HEIGHTS[slot.state])
        for place, slot in enumerate(ordered)
    )
    return UptimeBar(
        width=max(len(ordered) * PITCH - (PITCH - WIDTH), 1),
        height=HEIGHT,
        runs=_runs(ordered),
        bars=bars,
        summary=_summary(ordered),
        start=ordered[0].start if ordered else None,
        end=ordered[-1].end if ordered else None,
    )


def _runs(slots: Sequence[Slot]) -> tuple[Run, ...]:
    paths: dict[SlotState, list[str]] = {}
    place = 0
    for state, group in groupby(slots, key=lambda slot: slot.state):
        length = sum(1 for _ in group)
        middle = HEIGHT - HEIGHTS[state] / 2
        paths.setdefault(state, []).append(f"M{place * PITCH} {middle:g}h{length * PITCH - (PITCH - WIDTH)}")
        place += length
    return tuple(Run(state.value, "".join(paths[state])) for state in SlotState if state in paths)


def _summary(slots: Sequence[Slot]) -> str:
    if not slots:
        return "nothing measured yet"
    counts = Counter(slot.state for slot in slots)
    if len(counts) == 1:
        (state,) = counts
        return f"{WORDS.get(state, state.value)} throughout"
    parts = [f"{WORDS.get(state, state.value)} in {counts[state]}" for state in SlotState if state in counts]
    return f"of {len(slots)} slots, {', '.join(parts)}; now {slots[-1].word}"

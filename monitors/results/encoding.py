"""Make one compact row of the results of an hour, and results of such a row. Pure: no clock, no database.

Measures are kept as 16-bit distances from the hour's least value; the few that are further away stand in full
among the 32-bit numbers. A measure that is the same in every result, or grows by the same step (as slots do), costs
one or two numbers for the whole hour. What results have in common (outcome, status code, address, words) is written
once, and each result says by number which it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from monitors.results.columns import HOUR_US, KIND, NAMES, TIMES, Columns

# Slots are kept as milliseconds of their hour, and what a slot is finer than that apart: usually nothing.
MEASURES = ("offset_ms", "remainder_us", *TIMES)
BITS = 3  # of `modes` for each measure, in the order of MEASURES
LEAST = -32_768  # the smallest 16-bit number
FURTHEST = 65_533  # the largest distance from the least value
NULL, FAR = 32_766, 32_767  # 16-bit numbers that say: no value, and: the value is among the 32-bit ones
NOTHING = -(2**31)  # the 32-bit number that says: no value


class Mode(IntEnum):
    """How a measure is kept, and what of it stands in `wide`."""

    ABSENT = 0  # no result has it: nothing
    SAME = 1  # all have the same: that value
    STEPS = 2  # each grows by the same: the first value and the step
    NEAR = 3  # distances in `small`: the least value, then the values that are too far away
    FULL = 4  # every value


@dataclass(frozen=True, slots=True)
class Packed:
    """The results of one hour. `kinds` are lists in the order of KIND; without `picks` all are of the first."""

    results: int
    modes: int
    wide: list[int]
    small: list[int]
    kinds: list[list[Any]]
    picks: list[int] | None


def pack(columns: Columns, hour_us: int) -> Packed:
    """Pack at most 32,767 results of the hour that begins at `hour_us`; slots in order, every column filled."""
    modes, wide, small = 0, list[int](), list[int]()
    offsets = [slot - hour_us for slot in columns.slot]
    measures: list[Sequence[int | None]] = [
        [offset // 1000 for offset in offsets],
        [offset % 1000 for offset in offsets],
        *(getattr(columns, name) for name in TIMES),
    ]
    for place, values in enumerate(measures):
        modes |= _write(values, wide, small) << (BITS * place)
    outcomes = list(zip(*(getattr(columns, name) for name in KIND), strict=True))
    known = {kind: place for place, kind in enumerate(dict.fromkeys(outcomes))}
    picks = [known[kind] for kind in outcomes] if len(known) > 1 else None
    return Packed(len(offsets), modes, wide, small, [list(kind) for kind in known], picks)


def unpack(packed: Packed, hour_us: int, wanted: Collection[str] = NAMES) -> Columns:
    """The results of such a row: slots, and of the other columns those that are wanted."""
    found = Columns()
    last = max((MEASURES.index(name) for name in wanted if name in TIMES), default=1)
    reader = _Reader(packed)
    values = [reader.read(packed.modes >> (BITS * place) & 7) for place in range(last + 1)]
    remainders = values[1]
    if packed.modes >> BITS & 7 == Mode.SAME:
        shift = hour_us + (remainders[0] or 0)
        found.slot = [shift + 1000 * (offset or 0) for offset in values[0]]
    else:
        found.slot = [
            hour_us + 1000 * (offset or 0) + (remainder or 0)
            for offset, remainder in zip(values[0], remainders, strict=True)
        ]
    for place in range(2, last + 1):
        if MEASURES[place] in wanted:
            setattr(found, MEASURES[place], values[place])
    for place, name in enumerate(KIND):
        if name in wanted:
            setattr(found, name, _picked(packed, [kind[place] for kind in packed.kinds]))
    return found


def _picked(packed: Packed, values: list[Any]) -> list[Any]:
    if packed.picks is None:
        return values[:1] * packed.results
    return [values[pick] for pick in packed.picks]


def _write(values: Sequence[int | None], wide: list[int], small: list[int]) -> Mode:
    if None in values:
        return _write_some(values, wide, small)
    every: Sequence[int] = values  # type: ignore[assignment]
    least, most = min(every), max(every)
    if least == most:
        wide.append(least)
        return Mode.SAME
    step = every[1] - every[0]
    if step and every == list(range(every[0], every[0] + step * len(every), step)):
        wide += (every[0], step)
        return Mode.STEPS
    if most - least > FURTHEST:
        return _write_some(every, wide, small)
    wide.append(least)
    shift = LEAST - least
    small += [value + shift for value in every]
    return Mode.NEAR


def _write_some(values: Sequence[int | None], wide: list[int], small: list[int]) -> Mode:
    """The same where some have no value, or one that is too far from the others."""
    there = [value for value in values if value is not None]
    if not there:
        return Mode.ABSENT
    shift = LEAST - min(there)
    far = [value for value in there if value + shift - LEAST > FURTHEST]
    if 2 * len(far) > len(values):
        wide += [NOTHING if value is None else value for value in values]
        return Mode.FULL
    wide.append(LEAST - shift)
    wide += far
    small += [
        NULL if value is None else value + shift if value + shift - LEAST <= FURTHEST else FAR
        for value in values
    ]
    return Mode.NEAR


class _Reader:
    """Reads measure after measure, in the order in which they were written."""

    def __init__(self, packed: Packed) -> None:
        self._packed, self._wide, self._small = packed, 0, 0

    def read(self, mode: int) -> list[int | None]:
        count, wide = self._packed.results, self._packed.wide
        if mode == Mode.ABSENT:
            return [None] * count
        if mode == Mode.FULL:
            self._wide += count
            return [None if value == NOTHING else value for value in wide[self._wide - count : self._wide]]
        base = wide[self._wide]
        self._wide += 1
        if mode == Mode.SAME:
            return [base] * count
        if mode == Mode.STEPS:
            step = wide[self._wide]
            self._wide += 1
            return list(range(base, base + step * count, step))
        return self._near(base - LEAST)

    def _near(self, shift: int) -> list[int | None]:
        self._small += self._packed.results
        part = self._packed.small[self._small - self._packed.results : self._small]
        if max(part) < NULL:
            return [shift + value for value in part]
        far = iter(self._packed.wide[self._wide : self._wide + part.count(FAR)])
        self._wide += part.count(FAR)
        return [None if value == NULL else next(far) if value == FAR else shift + value for value in part]


def hour_of(slot_us: int) -> int:
    """The beginning of the hour (UTC) of a slot, both in microseconds since the epoch."""
    return slot_us - slot_us % HOUR_US

"""What a host sent and what became of it, whatever the format. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from monitors.series.model import Kind, Labels, Point, Points

SAMPLES_AT_MOST = 20_000  # in one request
HOSTS_AT_MOST = 100
ERRORS_SHOWN = 100


@dataclass(slots=True)
class Report:
    """The points of one host in one request.

    `pointer_of` turns the place of a sample (as given to `add`) into a JSON pointer; `errors` are samples that could
    not even be read.
    """

    host_id: str
    host_name: str
    pointer: str
    pointer_of: Callable[[int], str]
    batch: UUID | None = None
    errors: list[tuple[str, str]] = field(default_factory=list)
    samples: int = 0
    _series: dict[tuple[str, Labels, str, Kind], tuple[list[Point], list[int]]] = field(default_factory=dict)

    def add(self, key: tuple[str, Labels, str, Kind], at: datetime, value: float, place: int) -> None:
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = ([], [])
        found[0].append((at, value))
        found[1].append(place)
        self.samples += 1

    def refuse(self, pointer: str, words: str) -> None:
        self.errors.append((pointer, words))

    @property
    def series(self) -> list[Points]:
        return [
            Points(name, points, labels, unit, kind)
            for (name, labels, unit, kind), (points, _) in self._series.items()
        ]

    @property
    def places(self) -> list[list[int]]:
        """Where in the request the points of each series stood."""
        return [places for _, places in self._series.values()]


@dataclass(slots=True)
class Received:
    """What became of a request. `errors` holds the first of what was refused, as (pointer, sentence)."""

    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    hosts: list[tuple[UUID, str, bool]] = field(default_factory=list)  # id, name, created now
    unknown: int = 0  # hosts that nobody knows

    def refuse(self, pointer: str, words: str, samples: int = 1) -> None:
        self.refused += samples
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append((pointer, words))

    @property
    def is_nothing(self) -> bool:
        """Whether all of it was refused."""
        return bool(self.refused) and not (self.accepted or self.duplicates)

"""The shape of a source of numbers: what it is asked over HTTP, and what its answers say. Pure, no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from monitors.assertions.body import Body
from monitors.probes.outcome import ErrorClass
from monitors.series.model import LABEL_AT_MOST, LABEL_NAME, LABELS_AT_MOST, LARGEST, Labels, Point

SERIES_AT_MOST = 50
POINTS_AT_MOST = 20_000
WORDS_AT_MOST = 120


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for under a name, in the source's own language."""

    name: str
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Window:
    """The time asked about, in whole seconds since 1970; both ends are multiples of `step`."""

    start: int
    end: int
    step: int


@dataclass(frozen=True, slots=True)
class Access:
    """Where the source is (its base URL, without a slash at the end) and what it wants to see."""

    base: str
    host: str
    username: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    application_key: str = field(default="", repr=False)
    access_key_id: str = ""
    account: str = ""
    datasource: str = ""
    region: str = ""
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ask:
    """One HTTP request. `headers` hold credentials: they go to this origin only."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one request; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body; raises SourceError."""
        try:
            return Body(self.body).json()
        except ValueError as error:
            words = f"the source answered HTTP {self.status} with something odd: {error}"
            raise SourceError(ErrorClass.SOURCE_ANSWER, words) from None


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one query, or of one part of it; times in order."""

    name: str
    points: tuple[Point, ...]
    labels: Labels = ()


class SourceError(Exception):
    """Why a source did not tell. The text is a sentence for people; `wait_s` is how long it wants to be left alone."""

    def __init__(self, error: ErrorClass, words: str, wait_s: float | None = None) -> None:
        super().__init__(words)
        self.error = error
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of source: one module, one line in the table.

    `ask` makes the requests for all queries; `read` gets their answers in the same order and raises SourceError.
    `needs` are the settings that must be filled in, `takes` those that may be. `check_query` raises FieldError for
    what the source could not understand. `example` is a line of queries, `placeholder` a base URL, `step_of` what
    a step must be a multiple of, in seconds.
    """

    title: str
    placeholder: str
    example: str
    ask: Callable[[Access, Sequence[Query], Window], list[Ask]]
    read: Callable[[Sequence[Query], Sequence[Answer]], list[Series]]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    check_query: Callable[[str], None] | None = None
    step_of: int = 1


def quoted(words: object) -> str:
    """What the source itself says, fit for a sentence."""
    text = " ".join(str(words).split())
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= WORDS_AT_MOST else printable[: WORDS_AT_MOST - 1] + "…"


def bad_query(name: str, words: object) -> SourceError:
    return SourceError(ErrorClass.SOURCE_QUERY, f"the source does not understand {name}: {quoted(words)}")


def odd(words: str) -> SourceError:
    return SourceError(ErrorClass.SOURCE_ANSWER, f"the source's answer is odd: {words}")


def at(seconds: object) -> datetime:
    """A time in seconds since 1970; raises SourceError for what is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e11:
        raise odd("a time that is none")
    return datetime.fromtimestamp(seconds, UTC)


def from_milliseconds(moment: object) -> float | None:
    """Seconds; None, which `at` calls odd, for what is no time."""
    return moment / 1000 if isinstance(moment, int | float) and abs(moment) < 1e14 else None


def number(value: object) -> float | None:
    """A number that can be stored, also one that is written as text; None for NaN, infinities and everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) <= LARGEST else None


def labels_of(pairs: Mapping[str, Any]) -> Labels:
    """What tells series of one query apart, as far as series can have such labels."""
    kept = []
    for name in sorted(pairs):
        value = "".join(character if character.isprintable() else "?" for character in str(pairs[name]))
        if LABEL_NAME.match(name):
            kept.append((name, value[:LABEL_AT_MOST]))
    return tuple(kept[:LABELS_AT_MOST])


def objects(value: object, words: str) -> list[dict[str, Any]]:
    """A list of objects; raises SourceError that says what is odd."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise odd(words)
    return value


def series_of(name: str, pairs: Sequence[tuple[object, object]], labels: Labels = ()) -> Series:
    """A series of (seconds since 1970, value); what is no number is left out."""
    points = [(at(seconds), found) for seconds, value in pairs if (found := number(value)) is not None]
    points.sort(key=lambda point: point[0])
    return Series(name, tuple(points), labels)

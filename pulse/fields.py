"""Reading what people and scripts send: every complaint names its field and what to write instead."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class ConfigError(ValueError):
    """Fields that cannot be accepted.

    `errors` holds (pointer, detail) pairs; pointers are JSON pointers into what was read: "/method".
    `values` holds the fields that are fine, for a reader that has more to check.
    """

    def __init__(self, errors: Iterable[tuple[str, str]], values: Mapping[str, Any] | None = None) -> None:
        self.errors = tuple(errors)
        self.values = dict(values or {})
        super().__init__("; ".join(f"{pointer}: {detail}" for pointer, detail in self.errors))


class FieldError(ValueError):
    """One field's complaint, a sentence that says what to write instead; of a field of many lines also several."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences
        super().__init__(*sentences)

    def __str__(self) -> str:
        return " ".join(self.sentences)


Reader = Callable[[Any], object]


def read_fields(data: object, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The fields present in `data`, each read by its reader; ConfigError tells all complaints at once."""
    if not isinstance(data, dict):
        raise ConfigError([("", "Send the settings as a JSON object.")])
    values: dict[str, Any] = {}
    errors: list[tuple[str, str]] = []
    for name, value in data.items():
        if name not in readers:
            known = ", ".join(readers)
            errors.append((f"/{_escaped(str(name))}", f"Remove this unknown field; known are {known}."))
            continue
        try:
            values[name] = readers[name](value)
        except FieldError as error:
            errors += [(f"/{name}", sentence) for sentence in error.sentences]
    if errors:
        raise ConfigError(errors, values)
    return values


def is_storable(data: Any) -> bool:
    """Whether PostgreSQL takes it: JSON can spell NUL and halves of surrogate pairs, and no text column takes them."""
    waiting = [data]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list | tuple):
            waiting += item
        elif isinstance(item, str) and any(char == "\0" or "\ud800" <= char <= "\udfff" for char in item):
            return False
    return True


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise FieldError("Use true or false.")
    return value


def choice(*allowed: str) -> Reader:
    def read(value: Any) -> str:
        if value not in allowed or not isinstance(value, str):
            raise FieldError(f"Use {' or '.join(allowed)}.")
        return value

    return read


def integer(low: int, high: int, unit: str) -> Reader:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise FieldError(f"Use a whole number of {unit} from {low} to {high}.")
        return value

    return read


def share(low: float, high: float) -> Reader:
    """A number from `low` to `high`, both included; 0 to 1 for shares of a whole."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise FieldError(f"Use a share from {low:g} to {high:g} ({low:.0%} to {high:.0%}).")
        return float(value)

    return read


def optional(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


def read_lines(items: Sequence[Any], read: Callable[[Any], T], most: int, name: str) -> tuple[T, ...]:
    """What `read` makes of each that is no empty line; FieldError tells all of them that are wrong, by number."""
    lines = [
        (number, item) for number, item in enumerate(items, 1) if not isinstance(item, str) or item.strip()
    ]
    if len(lines) > most:
        raise FieldError(f"Use at most {most} {name}; there are {len(lines):,}.")
    found, complaints = [], []
    for number, item in lines:
        try:
            found.append(read(item))
        except FieldError as error:
            complaints.append(f"Line {number}: {error}")
    if complaints:
        raise FieldError(*complaints)
    return tuple(found)


def named_lines(text: str) -> dict[str, str]:
    """Names and values of "Name: value" lines; a name that stands there twice is refused: one of both would be lost.

    A complaint holds nothing of a line but a name: what stands behind it may be a secret.
    """
    found: dict[str, str] = {}
    complaints: dict[str, None] = {}
    names: set[str] = set()  # those of headers are the same in capitals
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not name and not colon:
            continue
        if not colon:
            complaints[f"Write line {number} as “Name: value”: it has no colon."] = None
        elif not name:
            complaints[f"Write a name before the colon of line {number}."] = None
        elif name.lower() in names:
            words = f"Write {name[:40]} on one line, its values joined by a comma: it is there twice."
            complaints[words] = None
        names.add(name.lower())
        found[name] = value
    if complaints:
        raise FieldError(*complaints)
    return found


def _escaped(name: str) -> str:
    return name[:40].replace("~", "~0").replace("/", "~1")

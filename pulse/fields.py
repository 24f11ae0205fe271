"""Reading what people and scripts send: every complaint names its field and what to write instead."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


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
    """One field's complaint, a sentence that says what to write instead."""


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
            errors.append((f"/{name}", str(error)))
    if errors:
        raise ConfigError(errors, values)
    return values


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


def named_lines(text: str) -> dict[str, str]:
    """Names and values of "Name: value" lines; a name that stands there twice is refused: one of both would be lost."""
    found: dict[str, str] = {}
    names: set[str] = set()  # those of headers are the same in capitals
    for line in filter(None, map(str.strip, text.splitlines())):
        name, value = (part.strip() for part in line.partition(":")[::2])
        if name.lower() in names:
            raise FieldError(
                f"Write {name[:40]} on one line, its values joined by a comma: it is there twice."
            )
        names.add(name.lower())
        found[name] = value
    return found


def _escaped(name: str) -> str:
    return name[:40].replace("~", "~0").replace("/", "~1")

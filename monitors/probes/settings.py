"""What a kind of check can be told: one table per kind, from which form, API, docs and reader are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from pulse.fields import ConfigError, FieldError, Reader, read_fields, read_lines
from pulse.fields import boolean as read_boolean
from pulse.fields import integer as read_integer
from pulse.net.urls import Named

Control = Literal["text", "long", "number", "switch", "choice", "lines", "pairs", "secret"]
Config = TypeVar("Config")

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # a token of RFC 9110


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a kind of check.

    `read` turns a JSON value into what the probe uses or raises FieldError; `default` is already so.
    `control` says how a form shows it, `schema` is its JSON Schema.
    The value of a "secret" is sealed where it is stored and never shown again; one that `is_long` may have several
    lines. A setting that names another destination than the target has `leads_to`: from the value that was read to the
    host, None for none. `unit` is what a number counts, for sentences. `show` turns what a script sends into what a
    form shows, where those differ. A form may leave a setting away while the choice `only[0]` is none of `only[1:]`.
    """

    name: str
    label: str
    control: Control
    read: Reader
    default: Any
    schema: Mapping[str, Any]
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    write: Callable[[Any], Any] = field(default=lambda value: value)
    leads_to: Callable[[Any], Named | None] | None = None
    show: Callable[[Any], str] | None = None
    only: tuple[str, ...] = ()
    unit: str = ""
    is_long: bool = False

    @property
    def is_secret(self) -> bool:
        return self.control == "secret"

    @property
    def is_optional(self) -> bool:
        return "null" in self.schema.get("type", ())


def text(name: str, label: str, help_text: str = "", *, longest: int = 200, default: str = "",
         long: bool = False, read: Reader | None = None) -> Setting:  # fmt: skip
    """A line of text, or several with `long`."""

    def read_text(value: Any) -> Any:
        if not isinstance(value, str):
            with suppress(TypeError, AttributeError):  # of a reader that knows nothing but texts
                if read:
                    return read(value)  # which says best what it wants
            raise FieldError("Write it as text.")
        if len(value) > longest:
            raise FieldError(f"Shorten it to at most {longest:,} characters; it has {len(value):,}.")
        if not long and any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise FieldError("Write it on one line, without control characters.")
        if "\0" in value:
            raise FieldError("Remove the NUL character.")
        return read(value) if read else value

    schema = {"type": "string", "maxLength": longest}
    return Setting(name, label, "long" if long else "text", read_text, default, schema, help_text)


def secret(name: str, label: str, help_text: str = "", *, longest: int = 4000, long: bool = False,
           read: Reader | None = None) -> Setting:  # fmt: skip
    """Text that is sealed at rest and only ever replaced; a PEM key is one too (`long`)."""
    plain = text(name, label, help_text, longest=longest, long=long, read=read)
    schema = {"type": "string", "maxLength": longest, "writeOnly": True}
    return Setting(name, label, "secret", plain.read, "", schema, help_text, is_long=long)


def number(name: str, label: str, help_text: str, low: int, high: int, unit: str, *,
           default: int | None) -> Setting:  # fmt: skip
    """A whole number; with the default None it may be left out."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    read = read_integer(low, high, unit)
    whole = Setting(name, label, "number", read, default, schema, help_text, unit=unit)
    return optional(whole) if default is None else whole


def optional(setting: Setting) -> Setting:
    """The same, but it may also be none, whatever its default: null in JSON, empty in a form."""
    return replace(
        setting,
        read=lambda value: None if value is None else setting.read(value),
        schema={**setting.schema, "type": [setting.schema["type"], "null"]},
    )


def switch(name: str, label: str, help_text: str = "", *, default: bool = False) -> Setting:
    return Setting(name, label, "switch", read_boolean, default, {"type": "boolean"}, help_text)


def choose(name: str, label: str, choices: Sequence[tuple[str, str]], help_text: str = "") -> Setting:
    """One of (value, words); the first is the default."""
    allowed = tuple(value for value, _ in choices)

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise FieldError(f"Use {' or '.join(allowed)}.")
        return value

    schema = {"type": "string", "enum": list(allowed)}
    return Setting(name, label, "choice", read, allowed[0], schema, help_text, tuple(choices))


def lines(name: str, label: str, help_text: str = "", *, most: int = 50, longest: int = 1000,
          read_line: Callable[[str], str] | None = None) -> Setting:  # fmt: skip
    """A list of texts, one per line in a form; read as a tuple. Empty lines are left out."""

    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise FieldError("Write it as a list of texts.")
        return read_lines(value, one, most, "of them")

    def one(line: Any) -> str:
        if not isinstance(line, str) or len(line) > longest or not line.isprintable():
            raise FieldError(f"Use printable text of at most {longest:,} characters.")
        return read_line(line) if read_line else line

    schema = {"type": "array", "items": {"type": "string", "maxLength": longest}, "maxItems": most}
    return Setting(name, label, "lines", read, (), schema, help_text, write=list)


def pairs(
    name: str,
    label: str,
    help_text: str = "",
    *,
    most: int = 50,
    refused: frozenset[str] = frozenset(),
) -> Setting:
    """Header-like names with values: an object in JSON, "Name: value" lines in a form; read as a tuple of pairs."""

    def read(value: Any) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise FieldError('Write it as an object of names and texts, like {"Accept": "text/html"}.')
        if len(value) > most:
            raise FieldError(f"Use at most {most} of them; there are {len(value)}.")
        if complaints := [words for pair in value.items() if (words := _wrong_pair(*pair, refused))]:
            raise FieldError(*complaints)
        return tuple(value.items())

    schema = {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": most}
    return Setting(name, label, "pairs", read, (), schema, help_text, write=dict)


def _wrong_pair(name: str, value: str, refused: frozenset[str]) -> str:
    """What to write instead of the name or its value; nothing of the value, which may be a secret."""
    if not name:
        return "Write a name for each value: one is empty."
    if not _NAME.fullmatch(name):
        return f"Check the name {name[:40]!r}: letters, digits and hyphens only."
    if name.lower() in refused:
        return f"Remove {name}: Pulse sets it itself."
    if len(value) > 4000 or any(ord(character) < 32 or ord(character) == 127 for character in value):
        return f"Write the value of {name} on one line, of at most 4,000 characters."
    return ""


@dataclass(frozen=True, slots=True)
class Section:
    """Settings that stand under one heading in a form."""

    title: str
    settings: tuple[Setting, ...]


def section(title: str, *settings: Setting) -> Section:
    return Section(title, settings)


class Settings(Generic[Config]):
    """The settings of one kind, and the frozen dataclass that holds them read.

    The dataclass has one field per setting, of the same name; `together` may look at all of them and raise
    ConfigError for what does not go together. `when_saved` may too, of what could never hold: what was saved before
    such a rule goes on as it is.
    """

    def __init__(
        self,
        config: type[Config],
        *sections: Section,
        together: Callable[[Config], None] | None = None,
        when_saved: Callable[[Config], None] | None = None,
    ) -> None:
        self.sections = sections
        self.all = settings = tuple(setting for part in sections for setting in part.settings)
        self._config = config
        self._together = together
        self._when_saved = when_saved
        self._readers = {setting.name: setting.read for setting in settings}
        self._defaults = {setting.name: setting.default for setting in settings}

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(setting.name for setting in self.all if setting.is_secret)

    @property
    def destinations(self) -> tuple[str, ...]:
        """The settings that name another destination than the target."""
        return tuple(setting.name for setting in self.all if setting.leads_to)

    def places(self, config: Config) -> Iterator[tuple[str, Named]]:
        """What these settings name, where they name something."""
        for setting in self.all:
            place = setting.leads_to(getattr(config, setting.name)) if setting.leads_to else None
            if place is not None:
                yield setting.name, place

    def load(self, data: object) -> Config:
        """The settings in `data` (decoded JSON), defaults filled in; raises ConfigError."""
        config = self.filled(read_fields(data, self._readers))
        if self._together:
            self._together(config)
        return config

    def accept(self, config: Config) -> None:
        """Before it is saved; raises ConfigError."""
        if self._when_saved:
            self._when_saved(config)

    def one(self, name: str, data: Mapping[str, Any]) -> Any:
        """One of the settings in `data`; its default where it is not there, and where it is refused."""
        setting = next(setting for setting in self.all if setting.name == name)
        with suppress(KeyError, FieldError):
            return setting.read(data[name])
        return setting.default

    def filled(self, values: Mapping[str, Any]) -> Config:
        """Of settings that were read, and the defaults of the others."""
        return self._config(**{**self._defaults, **values})

    def as_json(self, config: Config) -> dict[str, Any]:
        """The settings as `load` reads them, every one written out."""
        return {setting.name: setting.write(getattr(config, setting.name)) for setting in self.all}

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the settings, for the API's document."""
        properties = {
            setting.name: {
                **setting.schema,
                "description": setting.help or setting.label,
                **_default(setting),
            }
            for setting in self.all
        }
        return {"type": "object", "additionalProperties": False, "properties": properties}


def _default(setting: Setting) -> dict[str, Any]:
    return {} if setting.is_secret else {"default": setting.write(setting.default)}


def to_correct(error: ConfigError) -> str:
    """What a monitor says of itself whose settings, saved by another version, this one refuses."""
    place, words = error.errors[0]
    return f"its settings must be corrected: {place.strip('/')}: {words}"


def refuse(name: str, words: str) -> ConfigError:
    """What `together` and `when_saved` raise: a complaint about one setting in the light of the others."""
    return ConfigError([(f"/{name}", words)])

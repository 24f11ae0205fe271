"""Show the settings of a kind as fields of a form, and read what was typed as a script would send it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django import forms

from monitors.probes.settings import Setting, Settings
from monitors.secrets import KEPT
from pulse.fields import FieldError, named_lines


def unix_lines(text: str) -> str:
    """As it was typed: browsers send each end of a line as two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _storable(value: Any) -> str:
    typed = str(value or "")
    if "\0" in typed:
        raise forms.ValidationError("Remove the NUL character: nothing can hold it.")
    return unix_lines(typed)


class Typed(forms.CharField):
    """Text as typed: the definition judges it, in the words that the API uses too."""

    def clean(self, value: Any) -> str:
        return _storable(value).strip()


class Lines(Typed):
    """What is empty at the end is nothing; at the beginning it counts, since complaints name lines by their numbers."""

    is_plain = True

    def clean(self, value: Any) -> str:
        return _storable(value).rstrip()


class Plain(Typed):
    """A setting: each may be left alone, so none says that it may."""

    is_plain = True


class Ticked(forms.BooleanField):
    is_plain = True


def numeric(label: str, help_text: str, *, required: bool = True) -> Typed:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return Typed(label=label, help_text=help_text, widget=widget, required=required)


def field_of(setting: Setting) -> forms.Field:
    """The form's field of a setting; what was typed into it is judged by the setting itself."""
    words: dict[str, Any] = {"label": setting.label, "help_text": setting.help, "required": False}
    if setting.control == "switch":
        return Ticked(**words)
    widget = _widget(setting)
    if setting.only:
        widget.attrs |= {"data-only": setting.only[0], "data-only-for": " ".join(setting.only[1:])}
        if usual := typed_of(setting, setting.write(setting.default)):
            widget.attrs["data-only-default"] = usual
    several = setting.control in ("lines", "pairs")
    return Lines(widget=widget, **words) if several else Plain(widget=widget, **words)


def _widget(setting: Setting) -> forms.Widget:
    several = {"rows": 4, "spellcheck": "false", "autocomplete": "off"}
    match setting.control:
        case "number":
            return forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        case "choice":
            return forms.Select(choices=setting.choices)
        case "secret" if not setting.is_long:
            # What it renders is the mask of a secret that is set, never the secret.
            return forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"})
        case "long" | "lines" | "pairs" | "secret":
            return forms.Textarea(attrs=several)
        case _:
            return forms.TextInput(attrs={"autocomplete": "off"})


def value_of(setting: Setting, typed: Any) -> Any:
    """What a script would send for what was typed; FieldError where it could not say all of it."""
    match setting.control:
        case "number":
            return number_of(typed) if typed else (None if setting.is_optional else "")
        case "lines":  # the empty ones too: complaints count lines as they stand in the form
            return [line.strip() for line in typed.splitlines()]
        case "pairs":
            return named_lines(typed)
        case _:
            return typed


def values_of(
    form: forms.Form, settings: Iterable[Setting], typed: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """The same of many settings; what cannot be said is a complaint at its field, beside those of the definition.

    A text that nobody changed stays as it is `known`: what a script sent may have other ends of lines.
    """
    found = {}
    for setting in settings:
        try:
            value, before = value_of(setting, typed[setting.name]), known.get(setting.name)
            is_unchanged = isinstance(before, str) and unix_lines(before).strip() == value
            found[setting.name] = before if is_unchanged else value
        except FieldError as error:
            form.add_error(setting.name, list(error.sentences))
    return found


def typed_of(setting: Setting, value: Any) -> Any:
    """How a form shows a value that a script would send."""
    if setting.show:
        return setting.show(value)
    match setting.control:
        case "lines":
            return "\n".join(value)
        case "pairs":
            return "\n".join(f"{name}: {item}" for name, item in value.items())
        case _:
            return value


def settings_as_typed(settings: Settings[Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting as a form shows it, those left at their default too.

    Each by itself: what must be filled in may still be missing, and what another version took stands there as it was
    saved, to be corrected.
    """
    return {setting.name: _as_typed(setting, config) for setting in settings.all}


def _as_typed(setting: Setting, config: Mapping[str, Any]) -> Any:
    if setting.name not in config:
        return typed_of(setting, setting.write(setting.default))
    value = config[setting.name]
    if value == KEPT:
        return KEPT
    with suppress(FieldError):
        return typed_of(setting, setting.write(setting.read(value)))
    try:
        return typed_of(setting, value)
    except (TypeError, ValueError, AttributeError, LookupError):  # not even of the type that a form can show
        return json.dumps(value)


def number_of(text: str) -> int | str:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 12 else text


def decimal_of(text: str) -> float | str:
    """The same for numbers with a point, or a comma as many write it; "nan" and their like stay text."""
    plain = text.replace(",", ".", 1)
    return (
        float(plain) if plain.isascii() and plain.replace(".", "", 1).isdigit() and len(plain) < 12 else text
    )

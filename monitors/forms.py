"""Turn a posted form into the definition that scripts send too, so that both get the same answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms

from monitors import definition
from monitors.models import Monitor
from monitors.probes import PROBES
from pulse.fields import ConfigError
from tenants.settings_forms import DURATION_CHOICES, DURATIONS

NUMBERS = ("interval_seconds", "timeout_seconds")
POLICY = ("down_after", "up_after")
CONFIG = ("method", "expected_status", "response_time_limit_ms", "follow_redirects")
METHODS = [("GET", "GET"), ("HEAD", "HEAD, without the body")]


class Typed(forms.CharField):
    """Text as typed: the definition judges it, in the words that the API uses too."""

    def clean(self, value: Any) -> str:
        return str(value or "").strip()


def numeric(label: str, help_text: str, *, required: bool = True) -> Typed:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return Typed(label=label, help_text=help_text, widget=widget, required=required)


class MonitorForm(forms.Form):
    """`cleaned_data` is what `definition.read` returned."""

    name = Typed(label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    target = Typed(
        label="URL",
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
        help_text="What to fetch, with http:// or https://.",
    )
    interval_seconds = numeric("Check every", "Seconds, from 5 to 86400.")
    timeout_seconds = numeric("Give up after", "Seconds, fewer than the interval.")
    method = Typed(label="Method", widget=forms.Select(choices=METHODS))
    expected_status = Typed(label="Expected status", help_text="Codes and ranges, like 200-299,304.")
    response_time_limit_ms = numeric(
        "Response-time limit", "Milliseconds; a slower answer counts as failed.", required=False
    )
    follow_redirects = forms.BooleanField(label="Follow redirects", required=False)
    down_after = numeric("Down after", "Failures in a row.")
    up_after = numeric("Up again after", "Good answers in a row.")
    enabled = forms.BooleanField(
        label="Watch it", required=False, help_text="Without the tick it is paused: nobody checks it."
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, monitor: Monitor | None = None) -> None:
        self.known = definition.as_json(monitor) if monitor else None
        super().__init__(data, initial=_as_typed(self.known or definition.DEFAULTS))

    def clean(self) -> dict[str, Any]:
        try:
            return definition.read(self._as_json(self.cleaned_data), self.known)
        except ConfigError as error:
            for pointer, words in error.errors:
                name = pointer.rpartition("/")[2]
                self.add_error(name if name in self.fields else None, words)
        return self.cleaned_data

    def _as_json(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, in the types that scripts send; text that is no number stays text and is refused."""
        base = (self.known or definition.DEFAULTS)["config"]
        config = {name: typed[name] for name in CONFIG}
        limit = config["response_time_limit_ms"]
        return {
            **{name: typed[name] for name in ("name", "target", "enabled")},
            **{name: _number(typed[name]) for name in NUMBERS},
            "policy": {name: _number(typed[name]) for name in POLICY},
            "config": {**base, **config, "response_time_limit_ms": _number(limit) if limit else None},
        }


class SnoozeForm(forms.Form):
    duration = forms.ChoiceField(choices=DURATION_CHOICES, label="For how long")

    def clean_duration(self) -> timedelta:
        return DURATIONS[self.cleaned_data["duration"]]


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 12 else text


def _as_typed(known: Mapping[str, Any]) -> dict[str, Any]:
    settings = PROBES[known["kind"]].settings
    config = settings.as_json(settings.load(known["config"]))
    return {
        **{name: known.get(name, "") for name in ("name", "target", "enabled", *NUMBERS)},
        **{name: known["policy"][name] for name in POLICY},
        **{name: config[name] for name in CONFIG},
    }

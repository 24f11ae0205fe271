"""Forms of a person's contact methods and quiet hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms

from monitors.controls import Typed, field_of, settings_as_typed, value_of
from monitors.heartbeats.durations import seconds_of, words
from notifications.contacts import keeping
from notifications.contacts.models import ContactMethod, Quiet
from notifications.models import Severity
from notifications.transports import TRANSPORTS
from pulse.fields import ConfigError
from tenants.models import User

CLOCK = {"type": "time"}
LATER = "Like 5 min: used so long after the first message, unless somebody acted. Empty: at once."


def read_delay(text: str) -> int:
    """Seconds; a bare number counts as minutes. Raises ValidationError."""
    if not text:
        return 0
    seconds = int(text) * 60 if text.isascii() and text.isdigit() and len(text) < 6 else seconds_of(text)
    if seconds is None or not 0 <= seconds <= keeping.DELAY_AT_MOST_S:
        raise forms.ValidationError("Write a length of time like 5 min, of a day at most.")
    return seconds


class DelayForm(forms.Form):
    after = Typed(label="Used after", required=False, help_text=LATER)

    def clean_after(self) -> int:
        return read_delay(self.cleaned_data["after"])


class ContactForm(forms.Form):
    """A new method of one kind: its settings come from the transport's own table."""

    label = Typed(label="What you call it", required=False, help_text="Empty: where it goes.")
    after = Typed(label="Used after", required=False, help_text=LATER)

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, kind: str) -> None:
        self.user, self.kind, self.transport = user, kind, TRANSPORTS[kind]
        super().__init__(data, initial=settings_as_typed(self.transport.settings, {}))
        own = {setting.name: field_of(setting) for setting in self.transport.settings.all}
        self.fields = {**own, **self.fields}

    @property
    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (part.title, [self[setting.name] for setting in part.settings])
            for part in self.transport.settings.sections
        ]

    def clean_after(self) -> int:
        return read_delay(self.cleaned_data["after"])

    def clean_label(self) -> str:
        label = str(self.cleaned_data["label"])
        if not label.isprintable() or len(label) > 120:
            raise forms.ValidationError("Use at most 120 printable characters.")
        return label

    def save(self) -> ContactMethod | None:
        """The method, or None: then the form says what to change."""
        values = self.cleaned_data
        config = {one.name: value_of(one, values[one.name]) for one in self.transport.settings.all}
        try:
            return keeping.add(self.user, self.kind, values["label"], config, values["after"])
        except ConfigError as error:
            for pointer, detail in error.errors:
                name = pointer.strip("/")
                self.add_error(name if name in self.fields else None, detail)
        return None


class CodeForm(forms.Form):
    code = Typed(
        label="Code",
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12}
        ),
    )


class QuietForm(forms.Form):
    """`cleaned_data` is what a Quiet row holds."""

    starts = forms.TimeField(label="From", required=False, widget=forms.TimeInput(CLOCK, "%H:%M"))
    ends = forms.TimeField(label="Until", required=False, widget=forms.TimeInput(CLOCK, "%H:%M"))
    except_for = forms.MultipleChoiceField(
        label="But wake me for",
        choices=[(severity.value, f"{severity.label} incidents") for severity in Severity],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    hourly_limit = forms.IntegerField(
        label="Messages in an hour, at most",
        required=False,
        min_value=1,
        max_value=1000,
        help_text="What is above waits, and goes out together. Empty: no limit.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, quiet: Quiet | None) -> None:
        initial = {name: getattr(quiet, name) for name in self.base_fields} if quiet else {}
        super().__init__(data, initial=initial)
        self.fields["except_for"].is_plain = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        starts, ends = self.cleaned_data.get("starts"), self.cleaned_data.get("ends")
        if (starts is None) != (ends is None) and not self.errors:
            missing = "ends" if ends is None else "starts"
            self.add_error(missing, "Fill in both, or neither for no quiet hours.")
        if isinstance(starts, time) and starts == ends:
            self.add_error("ends", "Use another time than the start.")
        return self.cleaned_data


def delay_in_words(method: ContactMethod) -> str:
    return words(method.after_seconds) if method.after_seconds else ""

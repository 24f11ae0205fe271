"""Turn a posted form into the definition that scripts send too, so that both get the same answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.utils import timezone

from monitors.controls import Typed, numeric
from monitors.heartbeats.durations import seconds_of, words
from monitors.maintenance import definition, repeating
from monitors.maintenance.model import MaintenanceWindow
from monitors.maintenance.recurring import begins
from monitors.maintenance.repeating import DAYS, REPEATS
from monitors.models import Monitor
from pulse.fields import ConfigError

CLOCK = {"type": "datetime-local", "autocomplete": "off"}
TYPED = {"autocomplete": "off", "spellcheck": "false"}
SCOPES = [("all", "All monitors, later ones too"), ("chosen", "Only what is chosen here")]
# What a repetition has a use for.
ONLY = {
    "end": ("once",), "lasts": ("daily", "weekly", "monthly", "weekday", "custom"), "weekdays": ("weekly",),
    "every": ("daily", "weekly", "monthly", "weekday"), "until": ("daily", "weekly", "monthly", "weekday"),
    "rule": ("custom",),
}  # fmt: skip


class Boxes(forms.MultipleChoiceField):
    """What was ticked, as it came: the definition judges it."""

    widget = forms.CheckboxSelectMultiple
    is_plain = True

    def clean(self, value: Any) -> list[str]:
        return [str(item) for item in value or ()]


class MaintenanceForm(forms.Form):
    """`cleaned_data` is what `definition.read` returned."""

    name = Typed(label="Name", widget=forms.TextInput(attrs=TYPED))
    repeat = forms.ChoiceField(label="Happens", choices=REPEATS)
    start = Typed(label="Starts", widget=forms.TextInput(attrs=CLOCK))
    end = Typed(label="Ends", widget=forms.TextInput(attrs=CLOCK))
    lasts = Typed(label="Lasts", help_text="Like 2 h or 90 min.", widget=forms.TextInput(attrs=TYPED))
    zone = Typed(
        label="Time zone",
        help_text="Start and repetition follow the clocks there, like Europe/Vienna.",
        widget=forms.TextInput(attrs={**TYPED, "list": "zones"}),
    )
    weekdays = Boxes(label="On", choices=list(DAYS.items()), help_text="None: on the weekday of the start.")
    every = numeric("Every", "1: every day, week or month; 2: every second one.")
    until = Typed(label="Last day", required=False, widget=forms.TextInput(attrs={"type": "date"}))
    rule = Typed(
        label="Rule",
        help_text="A recurrence of RFC 5545, like FREQ=MONTHLY;BYDAY=2TU.",
        widget=forms.TextInput(attrs=TYPED),
    )
    scope = forms.ChoiceField(label="Covers", choices=SCOPES, widget=forms.RadioSelect)
    tags = Typed(
        label="Tags", required=False, help_text="Monitors that carry one of them; separated by commas."
    )
    monitors = Boxes(label="Monitors", help_text="A group covers its members too.")
    notes = Typed(label="Notes", required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        zone: str,
        window: MaintenanceWindow | None = None,
        may_cover_all: bool = True,
        monitors: list[str] | None = None,
    ) -> None:
        self.window, self.now = window, timezone.now()
        initial = typed_of(window) if window else blank(zone, self.now, monitors or [])
        super().__init__(data, initial=initial)
        for name, repeats in ONLY.items():
            attrs = {"data-only": "repeat", "data-only-for": " ".join(repeats)}
            if isinstance(initial[name], str):
                attrs["data-only-default"] = initial[name]
            self.fields[name].widget.attrs |= attrs
        rows = [(str(pk), name) for pk, name in Monitor.objects.order_by("name").values_list("pk", "name")]
        ticked = {str(item) for item in self["monitors"].value() or ()}
        self.fields["monitors"].choices = sorted(rows, key=lambda row: row[0] not in ticked)  # type: ignore[attr-defined]
        if not may_cover_all:
            self.fields["scope"].choices = SCOPES[1:]  # type: ignore[attr-defined]
            self.fields["scope"].help_text = "Admins and owners may cover all monitors."

    @property
    def zones(self) -> list[str]:
        """For the list that the field suggests."""
        return sorted(name for name in available_timezones() if "/" in name or name == "UTC")

    def clean(self) -> dict[str, Any]:
        try:
            return definition.read(self._as_json(self.cleaned_data), self.now, self.window)
        except ConfigError as error:
            for pointer, detail in error.errors:
                self.add_error(self._field_of(pointer), detail)
        return self.cleaned_data

    def _as_json(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        is_all = typed.get("scope") == "all"
        return {
            "name": typed["name"],
            "notes": typed["notes"],
            **times_of(typed),
            "everything": is_all,
            "tags": [] if is_all else [tag for tag in typed["tags"].split(",") if tag.strip()],
            "monitors": [] if is_all else typed["monitors"],
        }

    def _field_of(self, pointer: str) -> str | None:
        name = pointer.strip("/")
        repeat = self.cleaned_data.get("repeat")
        if name == "duration_minutes":
            return "end" if repeat == "once" else "lasts"
        if name == "rule":
            return "rule" if repeat == "custom" else "until" if self.cleaned_data.get("until") else "repeat"
        return name if name in self.fields else None


class NowForm(forms.Form):
    """Maintenance that starts at once."""

    minutes = forms.TypedChoiceField(
        label="For how long",
        coerce=int,
        choices=[(15, "15 minutes"), (30, "30 minutes"), (60, "1 hour"), (120, "2 hours"), (240, "4 hours"),
                 (480, "8 hours")],
        initial=60,
    )  # fmt: skip
    name = forms.CharField(label="What for", max_length=120, required=False)


class ExtendForm(forms.Form):
    minutes = forms.TypedChoiceField(
        label="By how much",
        coerce=int,
        choices=[(15, "15 minutes"), (30, "30 minutes"), (60, "1 hour"), (120, "2 hours"), (480, "8 hours")],
        initial=30,
    )


def times_of(typed: Mapping[str, Any]) -> dict[str, Any]:
    """When it happens, as a script would send it."""
    repeat = typed.get("repeat", "once")
    found: dict[str, Any] = {"zone": typed["zone"], "start": typed["start"], "rule": ""}
    if repeat == "once":
        return found | {"end": typed["end"]}
    found["duration_minutes"] = _minutes(typed["lasts"])
    found["rule"] = repeating.rule_of(typed)
    return found


def typed_of(window: MaintenanceWindow) -> dict[str, Any]:
    """How a form shows a saved window."""
    start = window.schedule.start
    began, _ = begins(start, ZoneInfo(window.zone))
    end = (began + window.schedule.duration).astimezone(ZoneInfo(window.zone))
    return {
        "name": window.name,
        "notes": window.notes,
        "zone": window.zone,
        "start": _clock(start),
        "end": _clock(end),
        "lasts": words(window.duration_seconds),
        "scope": "all" if window.everything else "chosen",
        "tags": ", ".join(window.tags),
        "monitors": [str(pk) for pk in window.monitors.values_list("pk", flat=True)],
        **repeating.typed_of(window.rule, window.zone),
    }


def blank(zone: str, now: datetime, monitors: list[str]) -> dict[str, Any]:
    """A new one begins at the next full hour."""
    start = now.astimezone(ZoneInfo(zone)).replace(minute=0, second=0) + timedelta(hours=1)
    return {
        "zone": zone,
        "start": _clock(start),
        "end": _clock(start + timedelta(hours=1)),
        "lasts": "1 h",
        "scope": "chosen",
        "monitors": monitors,
        **repeating.typed_of("", zone),
    }


def _minutes(text: str) -> int | str:
    """A bare number counts as minutes; what is no length of time stays text, and is refused as such."""
    if text.isascii() and text.isdigit() and len(text) < 8:
        return int(text)
    seconds = seconds_of(text)
    return text if seconds is None else seconds // 60


def _clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")

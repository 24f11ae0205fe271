"""Turn a posted form into the definition that scripts send too, so that both get the same answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from monitors.controls import Typed, numeric
from monitors.maintenance.forms import Boxes
from notifications.models import Schedule
from notifications.oncall import definition
from notifications.oncall.describing import DAYS, SHORT
from notifications.oncall.drafting import Draft
from notifications.oncall.planning import NewOverride
from notifications.oncall.rota import moment
from pulse.fields import ConfigError
from tenants import zones

TYPED = {"autocomplete": "off", "spellcheck": "false"}
ROTATIONS = [("daily", "Every day"), ("weekly", "Every week"), ("custom", "After a time of its own")]
UNITS = [("hours", "hours"), ("days", "days"), ("weeks", "weeks")]
# For which rotations a field is of use, and what stands in it untouched.
ONLY = {"every": ("custom", "12"), "unit": ("custom", "hours"), "weekday": ("weekly custom", "0")}
CLOCK = {"type": "datetime-local", "autocomplete": "off"}
WORDS = "Write a date and time like 2027-01-31T22:00."


class LayerForm(forms.Form):
    """One layer but its people, whose number is free: `people` are the chosen ones, each in a place of its own."""

    name = Typed(label="Name", widget=forms.TextInput(attrs=TYPED))
    rotation = forms.ChoiceField(label="Hands over", choices=ROTATIONS)
    every = numeric("After", "So many of them make a turn.")
    unit = forms.ChoiceField(label="Of these", choices=UNITS)
    weekday = forms.ChoiceField(label="On", choices=list(enumerate(DAYS)), help_text="Of turns of weeks.")
    handoff = Typed(label="At", widget=forms.TextInput(attrs={"type": "time"}))
    start = Typed(
        label="From",
        help_text="The day on which the first person begins.",
        widget=forms.TextInput(attrs={"type": "date"}),
    )
    limited = forms.ChoiceField(
        label="Holds",
        choices=[("all", "At all hours"), ("chosen", "Only at these hours")],
        widget=forms.RadioSelect,
    )
    days = Boxes(label="Days", choices=[(str(place), day) for place, day in enumerate(SHORT)], required=False)
    begins = Typed(label="From", widget=forms.TextInput(attrs={"type": "time"}))
    ends = Typed(
        label="Until",
        help_text="Not later than the start: on the next day.",
        widget=forms.TextInput(attrs={"type": "time"}),
    )

    def __init__(self, typed: Mapping[str, Any], place: int, people: Sequence[tuple[str, str]]) -> None:
        prefix = f"layer-{place}"
        super().__init__({f"{prefix}-{name}": value for name, value in typed.items()}, prefix=prefix)
        self.place, self.choices = place, people
        self.people = typed["people"] or [""]
        self.complaint_of_people = ""
        for name, (when, usual) in ONLY.items():
            self.fields[name].widget.attrs |= {
                "data-only": f"{prefix}-rotation",
                "data-only-for": when,
                "data-only-default": usual,
            }

    def complain(self, name: str, words: str) -> None:
        name = {"hours": "days", "from": "begins", "to": "ends"}.get(name, name)
        if name == "people":
            self.complaint_of_people = words
        else:
            self.add_error(name if name in self.fields else "name", words)


class HeadForm(forms.Form):
    name = Typed(label="Name", widget=forms.TextInput(attrs=TYPED))
    zone = Typed(
        label="Time zone",
        help_text="Hand-overs follow the clocks there, like Europe/Vienna.",
        widget=forms.TextInput(attrs={**TYPED, "list": "zones"}),
    )


class ScheduleForm:
    """Name, zone and layers as they are typed; `read` judges them, and keeps the complaints beside their fields."""

    def __init__(self, draft: Draft, members: Mapping[UUID, str], schedule: Schedule | None = None) -> None:
        self.draft, self.members, self.schedule = draft, members, schedule
        left = (definition.people_of(schedule.layers) if schedule else set()) - set(members)
        people = [(str(pk), name) for pk, name in members.items()]
        people += [(str(pk), "somebody who left") for pk in sorted(left)]
        self.head = HeadForm({"name": draft.name, "zone": draft.zone})
        self.layers = [LayerForm(typed, place, people) for place, typed in enumerate(draft.layers)]
        self.complaint, self.is_refused = "", False

    @property
    def zones(self) -> list[str]:
        return zones.names()

    def read(self, now: datetime) -> dict[str, Any] | None:
        """What `definition.read` returns, or None: then the form says what to change."""
        try:
            return definition.read(self.draft.as_json(), now, self.members, self.schedule)
        except ConfigError as error:
            self.refuse(error)
        return None

    def refuse(self, error: ConfigError) -> None:
        self.is_refused = True
        for pointer, words in error.errors:
            self._complain(pointer.split("/")[1:], words)

    def _complain(self, path: Sequence[str], words: str) -> None:
        if len(path) >= 3 and path[0] == "layers":
            self.layers[int(path[1])].complain(path[2], words)
        elif path and path[0] in self.head.fields:
            self.head.add_error(path[0], words)
        else:
            self.complaint = words


class OverrideForm(forms.Form):
    """`cleaned_data["override"]` is what was asked for; times are on the clocks of whoever reads."""

    person = forms.ChoiceField(label="Who takes over")
    starts_at = Typed(label="From", widget=forms.TextInput(attrs=CLOCK))
    ends_at = Typed(label="Until", widget=forms.TextInput(attrs=CLOCK))

    def __init__(
        self, data: QueryDict | None = None, *, members: Mapping[UUID, str], zone: str, now: datetime
    ) -> None:
        self.zone = ZoneInfo(zone)
        start = now.astimezone(self.zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        usual = {"starts_at": _clock(start), "ends_at": _clock(start + timedelta(hours=8))}
        super().__init__(data, initial=usual)
        self.fields["person"].choices = [(str(pk), name) for pk, name in members.items()]  # type: ignore[attr-defined]

    def clean_starts_at(self) -> datetime:
        return moment_of(self.cleaned_data["starts_at"], self.zone)

    def clean_ends_at(self) -> datetime:
        return moment_of(self.cleaned_data["ends_at"], self.zone)

    def wanted(self) -> NewOverride:
        values = self.cleaned_data
        return NewOverride(UUID(values["person"]), values["starts_at"], values["ends_at"])

    def refuse(self, error: ConfigError) -> None:
        for pointer, words in error.errors:
            self.add_error(pointer.strip("/") or None, words)


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """A time on clocks as a moment; raises ValidationError where it is none."""
    try:
        local = datetime.fromisoformat(text)
        if not 2000 <= local.year <= 9000:
            raise ValueError
    except ValueError:
        raise forms.ValidationError(WORDS) from None
    return local if local.tzinfo else moment(local, zone)


def _clock(local: datetime) -> str:
    return local.strftime("%Y-%m-%dT%H:%M")

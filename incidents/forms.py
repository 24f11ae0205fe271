"""Turn posted forms into the definitions that scripts send too, so that both get the same answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from incidents import declaring
from incidents.models import Incident
from monitors.controls import Typed
from monitors.models import Monitor
from pulse.fields import ConfigError

TEXTAREA = forms.Textarea(attrs={"rows": 5})
IMPACTS = [(value, label.capitalize()) for value, label in Incident.Impact.choices]
SEVERITIES = [(value, label.capitalize()) for value, label in Incident.Severity.choices]
PUBLIC = [(value, label.capitalize()) for value, label in Incident.PublicState.choices]


class Ticked(forms.MultipleChoiceField):
    """What was ticked, as it came: the definition judges it, in the words that the API uses too."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> list[str]:
        return [str(item) for item in value or ()]


class NewIncidentForm(forms.Form):
    """`cleaned_data` is what `declaring.read` returned."""

    title = Typed(label="What is wrong", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    monitors = Ticked(label="Affected monitors", required=False)
    severity = forms.ChoiceField(label="Severity", choices=SEVERITIES, initial="major")
    impact = forms.ChoiceField(label="Impact", choices=IMPACTS, required=False)
    note = Typed(label="What is known so far", required=False, widget=TEXTAREA)
    tell = forms.BooleanField(
        label="Tell people",
        required=False,
        initial=True,
        help_text="As the rules for these monitors say; without a monitor, those for all monitors. Who is told of it"
        " hears of its end.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, monitors: Iterable[str] = ()) -> None:
        super().__init__(data, initial={"monitors": list(monitors), "tell": True, "severity": "major"})
        ticked = {str(item) for item in self["monitors"].value() or ()}
        rows = [
            (str(pk), name) for pk, name in Monitor.objects.order_by("name", "pk").values_list("pk", "name")
        ]
        field: Any = self.fields["monitors"]
        field.choices = sorted(rows, key=lambda row: row[0] not in ticked)

    def clean(self) -> dict[str, Any]:
        return _read(self, declaring.read)


class EditForm(forms.Form):
    """`cleaned_data` is what `declaring.read_edit` returned, without the version."""

    title = Typed(label="Title", required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    severity = forms.ChoiceField(label="Severity", choices=SEVERITIES)
    impact = forms.ChoiceField(
        label="Impact", choices=IMPACTS, required=False, help_text="What those who use the service notice."
    )
    public_state = forms.ChoiceField(
        label="Public state", choices=PUBLIC, help_text="How far it is, in the words of status pages."
    )
    root_cause = Typed(label="Root cause", required=False, widget=TEXTAREA)
    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, incident: Incident) -> None:
        initial = {name: getattr(incident, name) for name in (*declaring.EDIT,)}
        super().__init__(data, initial=initial)
        self.seen: int | None = None
        if incident.monitor_no:
            field = self.fields["title"]
            field.help_text = f"Empty: the name of the monitor, {incident.monitor_snapshot.get('name', '')}."

    def clean(self) -> dict[str, Any]:
        def read(typed: dict[str, Any]) -> dict[str, Any]:
            number = str(typed.pop("version", ""))
            seen = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
            values, self.seen = declaring.read_edit(typed | {"version": seen})
            return values

        return _read(self, read)


class PostmortemForm(forms.Form):
    """A text and the version that the writer began with."""

    text = Typed(label="Postmortem", widget=forms.Textarea(attrs={"rows": 30}))
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


def _read(form: forms.Form, read: Any) -> dict[str, Any]:
    typed = dict(form.cleaned_data)
    try:
        values: dict[str, Any] = read(typed)
    except ConfigError as error:
        for pointer, words in error.errors:
            name = pointer.rpartition("/")[2]
            known = name if name in form.fields else None
            if known is None or known not in form.errors:
                form.add_error(known, words)
        return form.cleaned_data
    return values

"""The form that starts a fire drill."""

from __future__ import annotations

from typing import Any

from django import forms

from incidents.models import Incident
from monitors.models import Monitor
from pulse.fields import ConfigError, FieldError, choice, read_fields


class DrillForm(forms.Form):
    monitor = forms.ModelChoiceField(
        Monitor.objects.none(), label="As if this monitor failed", empty_label="Choose a monitor"
    )
    severity = forms.ChoiceField(
        label="As bad as", choices=Incident.Severity.choices, initial=Incident.Severity.MAJOR
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["monitor"].queryset = Monitor.objects.order_by("name", "pk")  # type: ignore[attr-defined]


def read(data: object) -> tuple[Monitor, str]:
    """What a script asks for: (monitor, severity), or ConfigError."""
    severities = [value.value for value in Incident.Severity]
    values = read_fields(data, {"monitor": _monitor, "severity": choice(*severities)})
    if "monitor" not in values:
        raise ConfigError([("/monitor", "Name the monitor that is to seem to fail, by its id.")])
    return values["monitor"], values.get("severity", Incident.Severity.MAJOR)


def _monitor(value: Any) -> Monitor:
    try:
        return Monitor.objects.get(pk=value) if isinstance(value, str) else Monitor.objects.none().get()
    except (Monitor.DoesNotExist, ValueError, forms.ValidationError):
        raise FieldError("There is no such monitor: use an id from the list of monitors.") from None

"""What people choose for themselves, whatever organisation they are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from tenants import zones
from tenants.models import User


class TimeZoneForm(forms.Form):
    time_zone = forms.CharField(
        label="Time zone",
        max_length=64,
        required=False,
        help_text="Like Europe/Vienna or UTC.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User) -> None:
        self.user = user
        super().__init__(data, initial={"time_zone": user.time_zone})

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        if name and not zones.is_zone(name):
            raise forms.ValidationError(f"Use the name of a time zone like Europe/Vienna; {name} is none.")
        return name

    def save(self) -> None:
        self.user.time_zone = self.cleaned_data["time_zone"]
        self.user.save(update_fields=["time_zone"])

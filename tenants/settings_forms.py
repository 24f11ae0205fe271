"""What people fill in about their organisation: members, keys, mute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from tenants.abilities import SCOPES, Role
from tenants.bounds import RESULTS_LEAST_DAYS, RESULTS_MOST_DAYS, RESULTS_USUAL_DAYS
from tenants.models import Membership

DURATIONS = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "4h": timedelta(hours=4),
             "8h": timedelta(hours=8), "1d": timedelta(days=1), "7d": timedelta(days=7)}  # fmt: skip
DURATION_CHOICES = [
    ("30m", "30 minutes"), ("1h", "1 hour"), ("4h", "4 hours"), ("8h", "8 hours"), ("1d", "1 day"), ("7d", "7 days"),
]  # fmt: skip
EXPIRIES = [("never", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")]


class MuteForm(forms.Form):
    duration = forms.ChoiceField(choices=DURATION_CHOICES, label="For how long")

    def clean_duration(self) -> timedelta:
        return DURATIONS[self.cleaned_data["duration"]]


class RetentionForm(forms.Form):
    days = forms.IntegerField(
        label="Days to keep raw results",
        required=False,
        min_value=RESULTS_LEAST_DAYS,
        max_value=RESULTS_MOST_DAYS,
        help_text=f"{RESULTS_LEAST_DAYS} to {RESULTS_MOST_DAYS}; empty for the usual {RESULTS_USUAL_DAYS}.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init__(data, auto_id="retention_%s", **more)


class RoleForm(forms.Form):
    """A role, none above one's own."""

    role = forms.ChoiceField(label="Role")

    def __init__(self, data: Mapping[str, Any] | None = None, *, by: Membership) -> None:
        super().__init__(data, auto_id="member_%s")
        given = [role for role in reversed(Role) if role.rank <= Role(by.role).rank]
        field = self.fields["role"]
        field.choices = [(role.value, role.value.capitalize()) for role in given]  # type: ignore[attr-defined]
        field.error_messages["invalid_choice"] = (
            f"You are {by.role}: give one of the roles {', '.join(given)}."
        )


class MemberForm(RoleForm):
    email = forms.EmailField(label="E-mail")
    field_order = ("email", "role")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class KeyForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120, help_text="What will use it.")
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, "Everything" if scope == "*" else scope) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    expires = forms.ChoiceField(label="Stops working", choices=EXPIRIES)

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="key_%s")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        days = cleaned.get("expires")
        cleaned["expires_at"] = (
            timezone.now() + timedelta(days=int(days)) if days and days != "never" else None
        )
        return cleaned

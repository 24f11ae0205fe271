"""What a person fills in to sign up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import slugify

from tenants.models import SLUG, Organisation, User
from tenants.provisioning import request_organisation


class OrganisationSignupForm(forms.Form):
    """Asked beside e-mail and password; allauth calls `signup` in the same transaction as the user."""

    name = forms.CharField(label="Your name", max_length=120)
    organisation = forms.CharField(
        label="Organisation", max_length=120, help_text="Its address will be made of this name."
    )

    field_order = ["name", "email", "password1", "organisation"]

    def clean_organisation(self) -> str:
        name = str(self.cleaned_data["organisation"]).strip()
        slug = slugify(name)[:40].strip("-")
        if not slug:
            raise forms.ValidationError("Use at least one letter from a to z or a digit in the name.")
        SLUG(slug)
        if Organisation.objects.filter(slug=slug).exists():
            raise forms.ValidationError(f"The address /o/{slug}/ is taken: choose another name.")
        self.cleaned_data["slug"] = slug
        return name

    def signup(self, request: Any, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
        request_organisation(self.cleaned_data["slug"], self.cleaned_data["organisation"], user)

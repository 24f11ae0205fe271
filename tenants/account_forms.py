"""Sign-in, sign-up and password forms: allauth's, in our words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from django.db import transaction
from django.http import HttpRequest

from tenants.models import User

LABELS = {
    "login": "E-mail",
    "email": "E-mail",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password again",
}
NEW_PASSWORD = "At least 10 characters. A few words in a row make a good one."  # noqa: S105  # help, no secret


class InOurWords:
    """Labels above the fields instead of inside them, and one sentence on passwords instead of a list."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)
            if name == "password":
                field.help_text = ""
            if name == "password1":
                field.help_text = NEW_PASSWORD


class SignInForm(InOurWords, allauth.LoginForm):  # type: ignore[misc]
    pass


class SignUpForm(InOurWords, allauth.SignupForm):  # type: ignore[misc]
    """Person and organisation are written together, so that none is left without the other."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "Password"

    def save(self, request: HttpRequest) -> User:
        with transaction.atomic():
            user: User = super().save(request)
        return user


class ResetPasswordForm(InOurWords, allauth.ResetPasswordForm):  # type: ignore[misc]
    pass


class ResetPasswordKeyForm(InOurWords, allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class ChangePasswordForm(InOurWords, allauth.ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPasswordForm(InOurWords, allauth.SetPasswordForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(InOurWords, allauth.ReauthenticateForm):  # type: ignore[misc]
    pass


class ChangeEmailForm(InOurWords, allauth.AddEmailForm):  # type: ignore[misc]
    pass

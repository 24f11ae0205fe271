"""Refuse weak passwords where no form stands before them."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from tenants.models import User


def check_password(password: str, email: str) -> None:
    """Raise CommandError with what to change."""
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None

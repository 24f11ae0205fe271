"""Decide who may sign up, where they land afterwards, and in which words sign-in refuses."""

from __future__ import annotations

from typing import Any, ClassVar

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

from pulse.net.errors import OutboundError
from pulse.net.smtp import SMTPException
from tenants.models import Organisation

log = structlog.get_logger(__name__)


def signup_is_open() -> bool:
    """PULSE_SIGNUP says; unset, the first visitor of a new installation may, and nobody after."""
    if settings.PULSE_SIGNUP:
        return bool(settings.PULSE_SIGNUP == "open")
    return not Organisation.objects.exists()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    # The same words whether the address is unknown, the password wrong or the account closed.
    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "E-mail or password is wrong. Try again, or reset the password below.",
        "email_taken": "This address cannot be used to sign up. Known here already? Then sign in instead.",
        "too_many_login_attempts": "Too many tries with this address: wait five minutes, then try again.",
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "This is not your password.",
        "rate_limited": "Too many tries: wait a minute, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return signup_is_open()

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away stops nobody from signing up, and says so to who waits for the mail."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OutboundError, SMTPException) as error:
            log.warning("mail_not_sent", mail=template_prefix, error=str(error)[:200])
            messages.error(
                self.request, "The mail could not be sent: try again later, or ask who runs this Pulse."
            )

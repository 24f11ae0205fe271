"""A bearer key selects the organisation and what may be done in it."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants import keys
from tenants.models import ApiKey

CHALLENGE = 'Bearer realm="Pulse"'
REFUSED = "Send a valid API key as `Authorization: Bearer ppk_live_…`."


class ApiKeyAuthentication(BaseAuthentication):
    """Unknown, expired, revoked and malformed keys get one and the same answer."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey]:
        scheme, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed(REFUSED)
        try:
            row = keys.find(key.strip(), timezone.now())
        except keys.KeyRefused:
            raise AuthenticationFailed(REFUSED) from None
        return None, row

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE

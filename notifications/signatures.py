"""Whether a request is really from the provider that it says: Twilio's and Slack's signatures.

https://www.twilio.com/docs/usage/security#validating-requests and https://api.slack.com/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from twilio.request_validator import RequestValidator

from notifications import channels
from notifications.answering import Asked
from notifications.ledger.models import Delivery
from notifications.models import NotificationChannel
from pulse import links
from pulse.crypto import SealError
from pulse.fields import ConfigError
from pulse.scoping import in_tenant
from tenants.models import Organisation

SLACK_VALID_S = 300


def twilio_sent(request: HttpRequest, tenant_no: int | None = None, delivery_no: int | None = None) -> bool:
    """By the token of the account that sent the message, which may be the channel's own."""
    given = request.headers.get("X-Twilio-Signature", "")
    url = links.absolute(request.get_full_path())
    tokens = [settings.TWILIO_AUTH_TOKEN]
    if tenant_no is not None:
        tokens.append(getattr(_config(tenant_no, delivery_no), "auth_token", ""))
    # Twilio's own check sorts the fields and compares in constant time.
    fields = request.POST.dict()
    return any(token and RequestValidator(token).validate(url, fields, given) for token in tokens)


def slack_sent(request: HttpRequest, asked: Asked) -> bool:
    """`v0:timestamp:body` signed with the app's secret; what is older than five minutes is a replay."""
    secret = getattr(_config(asked.organisation.no, asked.delivery.no), "signing_secret", "")
    stamp = request.headers.get("X-Slack-Request-Timestamp", "")
    if not secret or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        return False
    if abs(timezone.now().timestamp() - int(stamp)) > SLACK_VALID_S:
        return False
    base = b"v0:" + stamp.encode() + b":" + request.body
    wanted = "v0=" + hmac.new(secret.encode(), base, sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), request.headers.get("X-Slack-Signature", "").encode())


def _config(tenant_no: int, delivery_no: int | None) -> Any:
    """The typed settings of the channel that a delivery went by; None for a person's way, or one that is gone."""
    organisation = Organisation.objects.filter(no=tenant_no, state=Organisation.State.READY).first()
    if organisation is None or delivery_no is None:
        return None
    with in_tenant(organisation):
        delivery = Delivery.objects.filter(tenant_no=tenant_no, no=delivery_no).first()
        channel = NotificationChannel.objects.filter(pk=delivery.channel_id).first() if delivery else None
        try:
            return channels.open_config(organisation, channel) if channel else None
        except (SealError, ConfigError):
            return None

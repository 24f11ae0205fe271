"""Short signed names of deliveries, for links that a receiver follows: one names one message to one receiver.

`<organisation>-<delivery>-<signature>`, numbers in base 36; HMAC-SHA256 cut to 120 bits. An SMS has room for no more.
"""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256

from django.conf import settings
from django.utils.http import base36_to_int, int_to_base36

SIGNATURE_BYTES = 15
LONGEST = 64


def token_of(tenant_no: int, delivery_no: int, purpose: str) -> str:
    """`purpose` keeps a token that acknowledges apart from one that reports a receipt."""
    name = f"{int_to_base36(tenant_no)}-{int_to_base36(delivery_no)}"
    return f"{name}-{_sign(name, purpose, settings.SECRET_KEY)}"


def read(token: str, purpose: str) -> tuple[int, int] | None:
    """(tenant number, delivery number), or None where it was not made here for this purpose."""
    parts = token.split("-", 2) if len(token) <= LONGEST and token.isascii() else []
    if len(parts) != 3:
        return None
    name = f"{parts[0]}-{parts[1]}"
    keys = map(str, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    if not any(hmac.compare_digest(_sign(name, purpose, key), parts[2]) for key in keys):
        return None
    return base36_to_int(parts[0]), base36_to_int(parts[1])


def _sign(name: str, purpose: str, key: str) -> str:
    digest = hmac.new(f"pulse.delivery.{purpose}:{key}".encode(), name.encode(), sha256).digest()
    return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode()

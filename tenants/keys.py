"""Make, find and retire API keys.

`ppk_live_` + 30 base62 characters (178 bits) + 6 of CRC-32: a mistyped or invented key is refused
without a look-up, and scanners can recognise a leaked one.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tenants.abilities import SCOPES
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import ApiKey, Handle, Organisation

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX = "ppk_live_"
LAST_USED_RESOLUTION = timedelta(minutes=1)


class KeyRefused(Exception):
    """The key is unknown, expired, revoked or malformed; callers never say which."""


def create(
    organisation: Organisation, name: str, scopes: list[str], by: Actor, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Return the row and the key itself, which is shown this once and never stored."""
    if not 1 <= len(name.strip()) <= 120 or not name.isprintable():
        raise ValueError("Give the key a name of 1 to 120 printable characters.")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise ValueError(f"Unknown scope {', '.join(unknown) or '(none)'}: use {', '.join(SCOPES)}.")
    body = "".join(secrets.choice(ALPHABET) for _ in range(30))
    key = PREFIX + body + _checksum(body)
    with transaction.atomic():
        row = ApiKey.objects.create(
            organisation=organisation,
            name=name.strip(),
            prefix=key[:13],
            last_four=key[-4:],
            scopes=scopes,
            expires_at=expires_at,
        )
        Handle.objects.create(kind="api-key", key=digest(key), organisation=organisation, object_id=row.pk)
        record(organisation, by, "created", "api key", row.pk, name, {"scopes": scopes})
    return row, key


def revoke(row: ApiKey, by: Actor) -> None:
    """A revoked key stops at its next request."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record(row.organisation, by, "revoked", "api key", row.pk, row.name)


def find(key: str, now: datetime) -> ApiKey:
    """The live key's row with its organisation, or KeyRefused."""
    if not is_well_formed(key):
        raise KeyRefused
    handle = Handle.objects.filter(kind="api-key", key=digest(key)).first()
    row = handle and ApiKey.objects.select_related("organisation").filter(pk=handle.object_id).first()
    if not row or row.revoked_at or (row.expires_at and row.expires_at <= now):
        raise KeyRefused
    if row.organisation.state != Organisation.State.READY:
        raise KeyRefused
    if row.last_used_at is None or now - row.last_used_at > LAST_USED_RESOLUTION:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


def is_well_formed(key: str) -> bool:
    """Whether it could be a key at all, by its checksum."""
    body = key[len(PREFIX) : -6]
    return key.startswith(PREFIX) and len(body) == 30 and key.isascii() and _checksum(body) == key[-6:]


def find_live(digests: Collection[str], now: datetime) -> dict[str, ApiKey]:
    """The live keys among these digests, each with its organisation."""
    handles = dict(Handle.objects.filter(kind="api-key", key__in=digests).values_list("object_id", "key"))
    rows = ApiKey.objects.select_related("organisation").filter(
        pk__in=handles, revoked_at=None, organisation__state=Organisation.State.READY
    )
    live = [row for row in rows if row.expires_at is None or row.expires_at > now]
    used = [
        row.pk for row in live if row.last_used_at is None or now - row.last_used_at > LAST_USED_RESOLUTION
    ]
    if used:
        ApiKey.objects.filter(pk__in=used).update(last_used_at=now)
    return {handles[row.pk]: row for row in live}


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, remainder = divmod(number, 62)
        digits = ALPHABET[remainder] + digits
    return digits

"""Seal secrets at rest: AES-256-GCM, bound to the very row and column that holds them.

A sealed value is `v1.<key id>.<nonce>.<ciphertext>` (base64url without padding). Each context's
key is derived from the master key with HKDF-SHA256 (RFC 5869) over the organisation's id, and the
associated data names organisation, table, column and row, length-prefixed: a ciphertext copied to
another row or organisation does not open (NIST SP 800-38D on AES-GCM).
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = "v1"


class SealError(Exception):
    """The value cannot be opened: wrong key, wrong place, or damaged."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret lives; a sealed value opens only there."""

    organisation: str
    table: str
    column: str
    row: str

    def associated_data(self) -> bytes:
        parts = (self.organisation, self.table, self.column, self.row)
        return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def seal(plaintext: str, place: Place) -> str:
    """Encrypt under the newest key."""
    key_id = next(iter(_master_keys(settings.PULSE_ENCRYPTION_KEYS)))
    nonce = os.urandom(12)
    sealed = _cipher(key_id, place.organisation).encrypt(nonce, plaintext.encode(), place.associated_data())
    return ".".join((VERSION, key_id, _encode(nonce), _encode(sealed)))


def unseal(value: str, place: Place) -> str:
    """Decrypt, or raise SealError without saying which of key, place or content was wrong."""
    try:
        version, key_id, nonce, sealed = value.split(".")
        if version != VERSION:
            raise SealError("unknown version of a sealed value")
        opened = _cipher(key_id, place.organisation).decrypt(
            _decode(nonce), _decode(sealed), place.associated_data()
        )
    except (ValueError, KeyError, InvalidTag) as error:
        raise SealError("the sealed value does not open here") from error
    return opened.decode()


@lru_cache(maxsize=4)
def _master_keys(text: str) -> dict[str, bytes]:
    """`k2:<base64>,k1:<base64>`: the first seals, all open. 32 bytes each."""
    keys = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id.isalnum() or len(key) != 32:
            raise ImproperlyConfigured(
                "PULSE_ENCRYPTION_KEYS must be a list of `id:base64 of 32 bytes`, newest first."
            )
        keys[key_id] = key
    if not keys:
        raise ImproperlyConfigured("PULSE_ENCRYPTION_KEYS is empty: secrets cannot be stored.")
    return keys


def _cipher(key_id: str, organisation: str) -> AESGCM:
    return _derived(settings.PULSE_ENCRYPTION_KEYS, key_id, organisation)


@lru_cache(maxsize=2048)
def _derived(text: str, key_id: str, organisation: str) -> AESGCM:
    master = _master_keys(text)[key_id]
    key = HKDF(SHA256(), length=32, salt=None, info=b"pulse organisation " + organisation.encode())
    return AESGCM(key.derive(master))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Strictly: the standard library drops characters that are no base64, and bits that it does not need."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(data) != text:
        raise ValueError("not base64url")
    return data

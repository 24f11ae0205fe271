"""How MySQL and MariaDB prove who signs in; a password itself is only sent over TLS."""

from __future__ import annotations

import hashlib

from monitors.probes.conversation import CheckFailed
from monitors.probes.outcome import ErrorClass

PASSWORD_IN_THE_OPEN = "the server wants the password unencrypted; set the encryption to TLS"  # noqa: S105  # words


def proof(plugin: bytes, password: str, salt: bytes, *, encrypted: bool) -> bytes | None:
    """What answers a server that signs in by `plugin`; None for one that is not known here.

    Raises CheckFailed where the password would travel readable.
    """
    secret = password.encode()
    if plugin == b"mysql_native_password":
        return _native(secret, salt)
    if plugin == b"caching_sha2_password":
        return _caching_sha2(secret, salt)
    if plugin in (b"mysql_clear_password", b"sha256_password", b"dialog"):
        if not encrypted:
            raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, PASSWORD_IN_THE_OPEN)
        return secret + b"\0"
    return None


def _native(secret: bytes, salt: bytes) -> bytes:
    """SHA1(password) XOR SHA1(salt + SHA1(SHA1(password)))."""
    if not secret:
        return b""
    once = hashlib.sha1(secret).digest()  # noqa: S324  # the protocol's choice
    twice = hashlib.sha1(once).digest()  # noqa: S324
    return _xor(once, hashlib.sha1(salt + twice).digest())  # noqa: S324


def _caching_sha2(secret: bytes, salt: bytes) -> bytes:
    """SHA256(password) XOR SHA256(SHA256(SHA256(password)) + salt)."""
    if not secret:
        return b""
    once = hashlib.sha256(secret).digest()
    twice = hashlib.sha256(once).digest()
    return _xor(once, hashlib.sha256(twice + salt).digest())


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))

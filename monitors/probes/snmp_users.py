"""How SNMP 3 proves who asks and hides what is said: the user-based model (RFC 3414, 3826, 7860)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

# Name of the setting: hash and how much of the HMAC is sent.
AUTHENTICATION = {
    "sha256": ("sha256", 24), "sha512": ("sha512", 48), "sha384": ("sha384", 32), "sha224": ("sha224", 16),
    "sha1": ("sha1", 12), "md5": ("md5", 12),
}  # fmt: skip
_STRETCHED = 1 << 20


@lru_cache(256)
def _stretched(algorithm: str, password: str) -> bytes:
    """The hash of a megabyte of the password over and over: 2 ms, so kept."""
    secret = password.encode()
    whole = secret * (_STRETCHED // len(secret) + 1)
    return hashlib.new(algorithm, whole[:_STRETCHED], usedforsecurity=False).digest()


def localised(method: str, password: str, engine: bytes) -> bytes:
    """The key that belongs to one password at one engine."""
    algorithm = AUTHENTICATION[method][0]
    key = _stretched(algorithm, password)
    return hashlib.new(algorithm, key + engine + key, usedforsecurity=False).digest()


def signature(method: str, key: bytes, message: bytes) -> bytes:
    """Over the whole message, with zeros where the signature will stand."""
    algorithm, length = AUTHENTICATION[method]
    return hmac.digest(key, message, algorithm)[:length]


def encrypted(key: bytes, boots: int, time: int, plain: bytes) -> tuple[bytes, bytes]:
    """What was said under AES-128, and the salt that is sent with it."""
    salt = secrets.token_bytes(8)
    return _cfb(key, _start(boots, time, salt), plain, encrypt=True), salt


def decrypted(key: bytes, boots: int, time: int, salt: bytes, hidden: bytes) -> bytes:
    return _cfb(key, _start(boots, time, salt), hidden, encrypt=False)


def _start(boots: int, time: int, salt: bytes) -> bytes:
    return (boots & 0xFFFFFFFF).to_bytes(4, "big") + (time & 0xFFFFFFFF).to_bytes(4, "big") + salt


def _cfb(key: bytes, start: bytes, data: bytes, *, encrypt: bool) -> bytes:
    """CFB with 128 bits, made of single blocks: the library means to drop this mode."""
    block = Cipher(algorithms.AES(key[:16]), modes.ECB()).encryptor()  # noqa: S305  # a building block of CFB
    before, out = start, b""
    for place in range(0, len(data), 16):
        piece = data[place : place + 16]
        mixed = bytes(a ^ b for a, b in zip(piece, block.update(before), strict=False))
        before = mixed if encrypt else piece
        out += mixed
    return out

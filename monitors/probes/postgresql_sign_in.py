"""How PostgreSQL proves who signs in: MD5 (its own) and SCRAM-SHA-256 (RFC 5802, RFC 7677)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable

from monitors.probes.conversation import CheckFailed, Talk
from monitors.probes.outcome import ErrorClass
from monitors.probes.packets import Packet, garbled

# PostgreSQL uses 4,096; the server chooses the number, and each thousand costs us a third of a millisecond.
MOST_ROUNDS = 200_000
_MECHANISM = b"SCRAM-SHA-256"
_NAME = "PostgreSQL sign-in"


def md5_password(username: str, password: str, salt: bytes) -> bytes:
    inner = hashlib.md5((password + username).encode()).hexdigest()  # noqa: S324  # the protocol's choice
    return b"md5" + hashlib.md5(inner.encode() + salt).hexdigest().encode()  # noqa: S324


async def scram(
    talk: Talk,
    password: str,
    offer: Packet,
    say: Callable[[bytes], Awaitable[None]],
    hear: Callable[[], Awaitable[Packet]],
) -> None:
    """Both sides prove that they know the password; raises CheckFailed when the server does not."""
    if _MECHANISM not in offer.rest().split(b"\0"):
        raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, "the server offers no SCRAM-SHA-256")
    nonce = b64encode(secrets.token_bytes(18))
    first = b"n=,r=" + nonce
    request = b"n,," + first
    await say(_MECHANISM + b"\0" + len(request).to_bytes(4, "big") + request)
    challenge = _continued(await hear(), 11)
    salt, rounds, both = _challenge(challenge, nonce)
    salted = await talk.in_thread(lambda: _stretched(password, salt, rounds))
    bare = b"c=biws,r=" + both
    signed = b",".join((first, challenge, bare))
    key = _mac(salted, b"Client Key")
    proof = bytes(a ^ b for a, b in zip(key, _mac(hashlib.sha256(key).digest(), signed), strict=True))
    await say(bare + b",p=" + b64encode(proof))
    final = _continued(await hear(), 12)
    expected = b"v=" + b64encode(_mac(_mac(salted, b"Server Key"), signed))
    if not hmac.compare_digest(final.split(b",")[0], expected):
        raise CheckFailed(ErrorClass.SIGN_IN_REFUSED, "the server does not know the password it checks")


def _stretched(password: str, salt: bytes, rounds: int) -> bytes:
    plain = unicodedata.normalize("NFKC", password).encode()
    return hashlib.pbkdf2_hmac("sha256", plain, salt, rounds)


def _continued(packet: Packet, method: int) -> bytes:
    if packet.big(4) != method:
        raise garbled(_NAME)
    return packet.rest()


def _challenge(text: bytes, nonce: bytes) -> tuple[bytes, int, bytes]:
    """Salt, rounds and the nonce of both sides, of "r=…,s=…,i=4096"."""
    parts = dict(part.split(b"=", 1) for part in text.split(b",") if b"=" in part)
    both, salt, rounds = parts.get(b"r", b""), parts.get(b"s", b""), parts.get(b"i", b"")
    if not (both.startswith(nonce) and rounds.isdigit() and len(rounds) <= 9):
        raise garbled(_NAME)
    if not 1 <= int(rounds) <= MOST_ROUNDS:
        raise CheckFailed(ErrorClass.BAD_RESPONSE, f"the server asks for {int(rounds):,} rounds of hashing")
    try:
        return b64decode(salt, validate=True), int(rounds), both
    except ValueError:
        raise garbled(_NAME) from None


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")

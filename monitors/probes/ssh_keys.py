"""The arithmetic of SSH's key exchange: shared secrets, host keys and their signatures (RFC 5656, 8332, 8709, 8731)."""

from __future__ import annotations

import hashlib
from base64 import b64encode

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from monitors.probes.packets import Packet, garbled

# In the order of preference; curves only, whose cost a hostile server cannot choose.
EXCHANGES = (
    b"curve25519-sha256", b"curve25519-sha256@libssh.org", b"ecdh-sha2-nistp256", b"ecdh-sha2-nistp384",
    b"ecdh-sha2-nistp521",
)  # fmt: skip
HOST_KEYS = (
    b"ssh-ed25519", b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp384", b"ecdsa-sha2-nistp521", b"rsa-sha2-512",
    b"rsa-sha2-256",
)  # fmt: skip
_CURVES: dict[bytes, tuple[type[ec.EllipticCurve], type[hashes.HashAlgorithm], str]] = {
    b"nistp256": (ec.SECP256R1, hashes.SHA256, "sha256"),
    b"nistp384": (ec.SECP384R1, hashes.SHA384, "sha384"),
    b"nistp521": (ec.SECP521R1, hashes.SHA512, "sha512"),
}
_RSA_BITS = range(1024, 16_385)
_NAME = "SSH"


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def number(value: int) -> bytes:
    """An mpint: no superfluous zeros, the first bit kept free for the sign."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


def fingerprint(key: bytes) -> str:
    return "SHA256:" + b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


class Exchange:
    """One side of a Diffie-Hellman exchange over the curve that `name` tells."""

    def __init__(self, name: bytes) -> None:
        self._curve = _CURVES.get(name.removeprefix(b"ecdh-sha2-"))
        self._hash = self._curve[2] if self._curve else "sha256"
        if self._curve is None:
            self._mine = x25519.X25519PrivateKey.generate()
            self.public = self._mine.public_key().public_bytes_raw()
        else:
            self._key = ec.generate_private_key(self._curve[0]())
            self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def shared(self, point: bytes) -> bytes:
        """The secret as an mpint; raises CheckFailed for a point that is none."""
        try:
            if self._curve is None:
                secret = self._mine.exchange(x25519.X25519PublicKey.from_public_bytes(point))
            else:
                theirs = ec.EllipticCurvePublicKey.from_encoded_point(self._curve[0](), point)
                secret = self._key.exchange(ec.ECDH(), theirs)
        except (ValueError, UnsupportedAlgorithm):
            raise garbled(_NAME) from None
        return number(int.from_bytes(secret, "big"))

    def digest(self, data: bytes) -> bytes:
        return hashlib.new(self._hash, data).digest()


def proves(key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether `signature` over `signed` was made by who holds `key`; raises CheckFailed for what is neither."""
    packet, proof = Packet(key, _NAME), Packet(signature, _NAME)
    kind, scheme = packet.take(packet.big(4)), proof.take(proof.big(4))
    raw = proof.take(proof.big(4))
    try:
        if kind == scheme == b"ssh-ed25519":
            ed25519.Ed25519PublicKey.from_public_bytes(packet.take(packet.big(4))).verify(raw, signed)
        elif kind == scheme and kind.startswith(b"ecdsa-sha2-"):
            _verify_ecdsa(packet, raw, signed)
        elif kind == b"ssh-rsa" and scheme in (b"rsa-sha2-512", b"rsa-sha2-256"):
            _verify_rsa(packet, raw, signed, hashes.SHA512() if scheme.endswith(b"512") else hashes.SHA256())
        else:
            raise garbled(_NAME)
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm):
        raise garbled(_NAME) from None
    return True


def _verify_ecdsa(packet: Packet, raw: bytes, signed: bytes) -> None:
    curve = _CURVES.get(packet.take(packet.big(4)))
    if curve is None:
        raise garbled(_NAME)
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve[0](), packet.take(packet.big(4)))
    halves = Packet(raw, _NAME)
    r, s = (int.from_bytes(halves.take(halves.big(4)), "big") for _ in range(2))
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(curve[1]()))


def _verify_rsa(packet: Packet, raw: bytes, signed: bytes, algorithm: hashes.HashAlgorithm) -> None:
    exponent, modulus = (int.from_bytes(packet.take(packet.big(4)), "big") for _ in range(2))
    # The time to verify grows with the square of the length, and with that of the exponent.
    if modulus.bit_length() not in _RSA_BITS or exponent.bit_length() > 64:
        raise garbled(_NAME)
    rsa.RSAPublicNumbers(exponent, modulus).public_key().verify(raw, signed, padding.PKCS1v15(), algorithm)

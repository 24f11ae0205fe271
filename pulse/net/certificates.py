"""What a server's certificates say, and why one was refused, in the same words wherever it happens."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from time import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509 import (
    Certificate,
    DNSName,
    IPAddress,
    Name,
    SubjectAlternativeName,
    load_der_x509_certificate,
)
from cryptography.x509.oid import NameOID

from pulse.net.errors import NotConnected
from pulse.net.failures import Failure

# A chain is three long; a server may send what it likes.
MOST_IN_CHAIN = 8
MOST_NAMES = 20
_DAY_S = 86_400
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

# X509_V_ERR_* of OpenSSL, as in SSLCertVerificationError.verify_code and CURLINFO_SSL_VERIFYRESULT.
_DATES = {9: "is not valid yet", 10: "has expired"}
OTHER_NAME, _OTHER_ADDRESS = 62, 64
_UNTRUSTED = {
    2: "the issuer of an authority in its chain is unknown",
    18: "it is self-signed",
    19: "its chain ends in an unknown root",
    20: "its issuer is unknown or an intermediate certificate is missing",
    21: "its chain is incomplete",
}


def why_refused(code: int, host: str) -> tuple[Failure, str]:
    """The failure and the sentence for OpenSSL's verdict `code` on the certificate of `host`."""
    if code in _DATES:
        return Failure.CERTIFICATE_EXPIRED, f"the certificate of {host} {_DATES[code]}"
    if code in (OTHER_NAME, _OTHER_ADDRESS):
        other = "address" if code == _OTHER_ADDRESS else "name"
        return Failure.HOSTNAME_MISMATCH, f"the certificate is for another {other} than {host}"
    reason = _UNTRUSTED.get(code, f"OpenSSL error {code}")
    return Failure.CERTIFICATE_UNTRUSTED, f"the certificate of {host} is not trusted: {reason}"


def certificate_refused(error: ssl.SSLCertVerificationError, host: str) -> NotConnected:
    """The same as an error, for a certificate that Python's ssl did not accept."""
    return NotConnected(*why_refused(error.verify_code, host))


def chain_of(tls: ssl.SSLObject, *, verified: bool = False) -> list[bytes]:
    """The certificates that the server sent, its own first, in DER; `verified`: those that lead to a trusted one.

    Python 3.13 has methods for both; before, only the object behind has, and its certificates are objects.
    Without either it is the server's own certificate alone.
    """
    name = "get_verified_chain" if verified else "get_unverified_chain"
    public = getattr(tls, name, None)
    inner = getattr(getattr(tls, "_sslobj", None), name, None)
    found: list[Any] = (public or inner or list)() or []
    chain = [one if isinstance(one, bytes) else one.public_bytes(_DER) for one in found[:MOST_IN_CHAIN]]
    own = tls.getpeercert(binary_form=True)
    return chain or ([own] if own else [])


_DER = 2  # _ssl.ENCODING_DER


def end_of(tls: ssl.SSLObject, *, verified: bool) -> datetime | None:
    """When the first certificate expires that the connection relies on; None where none can be read.

    Of a `verified` chain the root is left out; where nothing was verified, the server's own certificate counts.
    """
    counting = chain_of(tls, verified=True)[:-1] if verified else []
    # A certificate that is itself the trusted one has nothing before it.
    return first_end([one for der in counting or chain_of(tls)[:1] if (one := read(der))])


def first_end(chain: Iterable[Certificate]) -> datetime | None:
    """When the first of these expires; None where none can be read."""
    ends = []
    for one in chain:
        with suppress(Exception):  # dates are read when they are asked for
            ends.append(one.not_valid_after_utc)
    return min(ends, default=None)


def days_until(ends: datetime) -> int:
    """Whole days until then, negative when it is over."""
    return int((ends.timestamp() - time()) // _DAY_S)


def read(der: bytes) -> Certificate | None:
    """The certificate, None for what is none."""
    try:
        return load_der_x509_certificate(der)
    except Exception:  # of many kinds, whatever the server put together
        return None


def read_pem(text: str) -> Certificate | None:
    """The same; cryptography's own reader of PEM takes five times as long."""
    try:
        return read(ssl.PEM_cert_to_DER_cert(text))
    except ValueError:
        return None


def all_of_pem(text: str) -> list[Certificate | None]:
    """Every certificate of a bundle in its order, whatever stands between them; None for what is none."""
    return [read_pem(block) for block in _BLOCK.findall(text)]


def issuer_of(certificate: Certificate) -> str:
    """The issuer's distinguished name (RFC 4514), "" when it cannot be read."""
    try:
        return _text(certificate.issuer)
    except Exception:
        return ""


def describe(certificate: Certificate | None) -> dict[str, Any]:
    """The certificate for evidence, as JSON; {"unreadable": True} for what is none."""
    try:
        return _described(certificate) if certificate else {"unreadable": True}
    except Exception:
        return {"unreadable": True}


def _described(certificate: Certificate) -> dict[str, Any]:
    return {
        "subject": _common_name(certificate.subject),
        "names": _names(certificate),
        "issuer": _text(certificate.issuer),
        "serial": f"{certificate.serial_number:x}",
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "days_left": days_until(certificate.not_valid_after_utc),
        "key": _key(certificate),
        "signature": certificate.signature_algorithm_oid._name,  # noqa: SLF001  # the only place with its name
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }


def _names(certificate: Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except (
        Exception
    ):  # there is none, it is there twice, or has names of a kind that cryptography does not know
        return []
    found = [*names.get_values_for_type(DNSName), *map(str, names.get_values_for_type(IPAddress))]
    return [name[:253] for name in found[:MOST_NAMES]]


def _common_name(name: Name) -> str:
    attributes = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(attributes[0].value)[:200] if attributes else _text(name)


def _text(name: Name) -> str:
    return name.rfc4514_string()[:300]


def _key(certificate: Certificate) -> str:
    try:
        key = certificate.public_key()
    except Exception:
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    return (
        "Ed25519"
        if isinstance(key, ed25519.Ed25519PublicKey)
        else ("Ed448" if isinstance(key, ed448.Ed448PublicKey) else "unknown")
    )

"""Certificates that no authority would sign: a server may send them all the same, and nothing breaks on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pulse.net.certificates import describe, first_end, issuer_of, read, why_refused
from pulse.net.failures import Failure

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SAN, IAN = "2.5.29.17", "2.5.29.18"
AN_EDI_PARTY, A_NAME = bytes.fromhex("3004a5020500"), bytes.fromhex("3003820161")


def made(*extensions: tuple[str, bytes]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odd")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, NOW, NOW + timedelta(days=90))
    for oid, value in extensions:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


ODD = {
    "a version that there is not": made().replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05", 1),
    "a curve that nobody knows": made().replace(
        bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d030102")
    ),
    "a key of no kind": made().replace(
        bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d0209")
    ),
    "a name of a kind that is not read": made((SAN, AN_EDI_PARTY)),
    "an extension that is there twice": made((SAN, A_NAME), (IAN, A_NAME)).replace(
        bytes.fromhex("0603551d12"), bytes.fromhex("0603551d11")
    ),
    "a month that there is not": made().replace(b"260101000000Z", b"261301000000Z"),
    "nothing": b"",
    "something else": b"\x30\x03\x02\x01\x05",
}


@pytest.mark.parametrize("what", ODD)
def test_a_certificate_with(what: str) -> None:
    certificate = read(ODD[what])

    described = describe(certificate)

    assert described.get("unreadable") or described["subject"] == "odd"
    if certificate is not None:
        assert issuer_of(certificate) in ("", "CN=odd")
        assert first_end([certificate]) in (None, NOW + timedelta(days=90))


@pytest.mark.parametrize("code", [2, 18, 19, 20, 21])
def test_a_chain_that_leads_nowhere_is_told_of_in_words(code: int) -> None:
    failure, words = why_refused(code, "a.test")

    assert failure is Failure.CERTIFICATE_UNTRUSTED
    assert not any(letter.isdigit() for letter in words)

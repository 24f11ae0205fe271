"""Certificates for tests: an authority of our own, and servers' certificates good and bad."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """Writes into `folder`; `ca_file` is what a client has to trust."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        certificate = self._signed(self._name, self._key.public_key(), 10, [], constraints)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server_context(self, *names: str, days_left: int = 10) -> ssl.SSLContext:
        """A server's context certified for `names` (or addresses); negative `days_left` is expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=False, path_length=None)
        certificate = self._signed(_name(names[0]), key.public_key(), days_left, list(names), constraints)
        path = self._folder / f"{names[0]}{days_left}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def client_pair(self, name: str) -> tuple[str, str]:
        """A client's certificate and key, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=False, path_length=None)
        certificate = self._signed(_name(name), key.public_key(), 10, [name], constraints)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        days_left: int,
        names: list[str],
        constraints: x509.BasicConstraints,
    ) -> x509.Certificate:
        return sign((self._name, self._key), subject, key, days_left, names, constraints)


class Chain:
    """A root that only `ca_file` has, and what a server of 127.0.0.1 sends: its own certificate and an intermediate.

    With `old_root` it also sends the root as an authority had signed it that ended long ago. `sent` is all that in
    PEM, in this order.
    """

    def __init__(self, folder: Path, *, own: int, intermediate: int, old_root: bool = False) -> None:
        root, middle = pair_of("Test root"), pair_of("R11")
        former, server = pair_of("Former root"), pair_of("127.0.0.1")
        ca = x509.BasicConstraints(ca=True, path_length=None)
        leaf = x509.BasicConstraints(ca=False, path_length=None)
        trusted = sign(root, root[0], root[1].public_key(), 90, [], ca)
        sent = [
            sign(middle, server[0], server[1].public_key(), own, ["127.0.0.1"], leaf),
            sign(root, middle[0], middle[1].public_key(), intermediate, [], ca),
        ]
        if old_root:
            sent.append(sign(former, root[0], root[1].public_key(), -20, [], ca))
        self.ca_file, path = folder / "root.pem", folder / "chain.pem"
        self.sent = [one.public_bytes(serialization.Encoding.PEM).decode() for one in sent]
        self.ca_file.write_bytes(trusted.public_bytes(serialization.Encoding.PEM))
        path.write_text(_private(server[1]).decode() + "".join(self.sent))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path)


Pair = tuple[x509.Name, ec.EllipticCurvePrivateKey]


def pair_of(name: str) -> Pair:
    """A name in several parts, as public authorities have, and a key for it."""
    parts = (
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.ORGANIZATION_NAME, "Let's Encrypt, Inc."),
        (NameOID.COMMON_NAME, name),
    )
    return x509.Name([x509.NameAttribute(*part) for part in parts]), ec.generate_private_key(ec.SECP256R1())


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *form)


def sign(
    issuer: Pair,
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    days_left: int,
    names: list[str],
    constraints: x509.BasicConstraints,
) -> x509.Certificate:
    now = datetime.now(UTC)  # noqa: TID251  # certificates live by the clock on the wall
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0])
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 30 * DAY)
        .not_valid_after(now + days_left * DAY)
        .add_extension(constraints, critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_alternative, names))), False)
    return builder.sign(issuer[1], hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)

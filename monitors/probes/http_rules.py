"""Readers of an HTTP monitor's settings, and what of them does not go together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from monitors.assertions.body import parse_json
from monitors.probes.http_config import HttpConfig, header_pairs
from pulse.fields import ConfigError, FieldError
from pulse.net.endpoints import Endpoint, parse_endpoint
from pulse.net.urls import UrlError, parse_url

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110, 5.6.2
# What frames a message is Pulse's own business; anything else could make one request look like two.
FRAMING = frozenset(
    {
        "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te", "trailer",
        "upgrade", "expect",
    }
)  # fmt: skip
# CONNECT is a proxy's; TRACE would echo credentials into the body.
_NO_METHODS = frozenset({"CONNECT", "TRACE"})

LARGEST_KEY = 4096
MOST_LINES = 50


def read_method(value: Any) -> str:
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or value.upper() in _NO_METHODS:
        raise FieldError(
            "Use a method like GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS; not CONNECT or TRACE."
        )
    return value.upper()


def read_header_lines(value: str) -> str:
    lines = value.splitlines()
    if len(lines) > MOST_LINES:
        raise FieldError(f"Use at most {MOST_LINES} lines; there are {len(lines):,}.")
    for number, line in enumerate(lines, 1):
        name, colon, content = line.partition(":")
        if not line.strip():
            continue
        if not colon or not _TOKEN.fullmatch(name.strip()):
            raise FieldError(f"Write line {number} as “Name: value”.")
        if name.strip().lower() in FRAMING | {"host"}:
            raise FieldError(f"Remove line {number}: Pulse sets {name.strip()} itself.")
        if any(ord(character) < 32 or ord(character) == 127 for character in content):
            raise FieldError(f"Remove the control characters from line {number}.")
    return value


def read_token_url(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write it as text.")
    try:
        return str(parse_url(value)) if value else ""
    except UrlError as error:
        raise FieldError(str(error)) from None


def read_proxy(value: Any) -> Endpoint | None:
    if not isinstance(value, str):
        raise FieldError("Write it as text.")
    try:
        return parse_endpoint(value) if value.strip() else None
    except UrlError as error:
        raise FieldError(str(error)) from None


def read_certificate(value: Any) -> str:
    try:
        if value and value.strip():
            x509.load_pem_x509_certificates(value.encode())
    except (ValueError, AttributeError):
        raise FieldError("Paste a certificate in PEM, from -----BEGIN CERTIFICATE----- to the end.") from None
    return str(value or "").strip()


def read_key(value: str) -> str:
    try:
        bits = getattr(_key(value), "key_size", 0) if value.strip() else 0
    except (ValueError, TypeError, UnsupportedAlgorithm):
        words = "Paste a key in PEM without a password, from -----BEGIN PRIVATE KEY----- to the end."
        raise FieldError(words) from None
    if bits > LARGEST_KEY:
        raise FieldError(f"Use a key of at most {LARGEST_KEY:,} bits: to sign with this one takes too long.")
    return value.strip()


def _key(pem: str) -> Any:
    """Without looking whether RSA's numbers are primes: half a second for 4,096 bits, in which nothing else runs."""
    return load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)


def check_together(config: HttpConfig) -> None:
    """Raises ConfigError with everything that does not go together."""
    errors = [
        (f"/{name}", words) for name, words in (*_request(config), *_sign_in(config), *_connection(config))
    ]
    if errors:
        raise ConfigError(errors)


def _request(config: HttpConfig) -> Iterator[tuple[str, str]]:
    if config.method == "HEAD" and config.body_type != "none":
        yield "body_type", "Choose no body, or another method: HEAD is sent without one."
    if config.body and config.body_type == "none":
        yield "body_type", "Choose what the body is, or empty it."
    if config.body_type == "json":
        try:
            parse_json(config.body)
        except ValueError as error:
            yield "body", f"Write the body as JSON: {error}."
    if config.body_type == "form" and any(ord(character) <= 32 for character in config.body):
        yield "body", "Write the form on one line, percent-encoded, as in name=a%20b&c=d."


def _sign_in(config: HttpConfig) -> Iterator[tuple[str, str]]:
    needed = {
        "basic": (("username", "Enter the user name."),),
        "bearer": (("bearer_token", "Enter the token."),),
        "oauth2": (
            ("token_url", "Enter the URL where the token is fetched."),
            ("client_id", "Enter the client id."),
            ("client_secret", "Enter the client secret."),
        ),
    }
    for name, words in needed.get(config.auth, ()):
        if not getattr(config, name):
            yield name, words
    if ":" in config.username:
        yield "username", "Remove the colon: Basic sign-in cannot carry it in a user name."
    names = {name.lower() for name, _ in (*config.headers, *header_pairs(config.secret_headers))}
    if config.auth != "none" and "authorization" in names:
        yield "auth", "Remove the header Authorization, or choose no sign-in: only one of them can be sent."
    if any(not 33 <= ord(character) <= 126 for character in config.bearer_token):
        yield "bearer_token", "Remove the white space and odd characters from the token."


def _connection(config: HttpConfig) -> Iterator[tuple[str, str]]:
    if bool(config.client_certificate) != bool(config.client_key):
        name = "client_key" if config.client_certificate else "client_certificate"
        yield name, "Give both the client certificate and its key, or neither."
    elif config.client_certificate and not _belong_together(config.client_certificate, config.client_key):
        yield "client_key", "Paste the key that belongs to the client certificate: this one does not."
    if config.http_version == "3" and config.proxy:
        yield "http_version", "Choose another version: HTTP/3 does not go through an HTTP proxy."
    if config.proxy_username and not config.proxy:
        yield "proxy", "Enter the proxy that the user name is for, or remove the user name."
    if ":" in config.proxy_username:
        yield "proxy_username", "Remove the colon: Basic sign-in cannot carry it in a user name."
    if config.keep_connection and config.keep_cookies:
        yield "keep_cookies", "Switch off either this or keeping the connection."


def _belong_together(certificate: str, key: str) -> bool:
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    try:
        own = x509.load_pem_x509_certificates(certificate.encode())[0].public_key()
        return bool(_key(key).public_key().public_bytes(*form) == own.public_bytes(*form))
    except (ValueError, UnsupportedAlgorithm):
        return False

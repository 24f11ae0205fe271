"""Settings that several transports have: addresses, numbers, tokens, and what must not be left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from monitors.probes.settings import Setting, secret, text
from notifications.transports.asking import policy_of_users
from pulse.fields import ConfigError, FieldError, named_lines
from pulse.net.urls import UrlError, parse_url, refused_literal

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # a token of RFC 9110
RESERVED = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "user-agent",
        "accept-encoding",
    }
)


def url(  # a keyword for each way in which addresses differ
    name: str,
    label: str,
    help_text: str = "",
    *,
    default: str = "",
    optional: bool = False,
    longest: int = 2048,
) -> Setting:
    """An address that an organisation chooses; empty it is the default, where it may be."""

    def read(value: Any) -> str:
        if isinstance(value, str) and not value.strip() and (optional or default):
            return default
        return read_url(value)

    return replace(
        text(name, label, help_text, longest=longest, default=default, read=read),
        leads_to=lambda value: parse_url(value) if value else None,
    )


def secret_url(
    name: str, label: str, help_text: str = "", *, optional: bool = False, longest: int = 500
) -> Setting:
    """An address that is a credential too: whoever has it can write to that place."""
    plain = url(name, label, help_text, optional=optional, longest=longest)
    return replace(secret(name, label, help_text, longest=longest), read=plain.read, leads_to=plain.leads_to)


def token(name: str, label: str, help_text: str = "") -> Setting:
    """A key as it stands in a header: printable ASCII in one word."""
    plain = secret(name, label, help_text, longest=500)

    def read(value: Any) -> Any:
        words = plain.read(value.strip() if isinstance(value, str) else value)
        if not (isinstance(words, str) and words.isascii() and words.isprintable() and " " not in words):
            raise FieldError("Copy it again: it is one word of letters, digits and signs.")
        return words

    return replace(plain, read=read)


def email_address(name: str, label: str, help_text: str = "") -> Setting:
    return text(name, label, help_text, longest=320, read=read_email)


def phone(name: str, label: str, help_text: str = "", *, optional: bool = False) -> Setting:
    def read(value: Any) -> str:
        return "" if optional and value == "" else read_phone(value)

    return text(name, label, help_text, longest=40, read=read)


def needed(words: Mapping[str, str]) -> Callable[[Any], None]:
    """What `together` is where these settings cannot be left out."""

    def check(config: Any) -> None:
        missing = [(f"/{name}", said) for name, said in words.items() if not getattr(config, name)]
        if missing:
            raise ConfigError(missing)

    return check


def read_email(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write one e-mail address as text, like ops@example.com.")
    try:
        validate_email(value.strip())
    except ValidationError:
        raise FieldError("Enter one e-mail address, like ops@example.com.") from None
    return value.strip()


def read_phone(value: Any) -> str:
    """A number that can exist, in the form of E.164."""
    if not isinstance(value, str):
        raise FieldError("Write the number as text, like +49 30 901820.")
    try:
        number = phonenumbers.parse(value.strip(), None)
    except phonenumbers.NumberParseException:
        raise FieldError("Enter the number with + and its country, like +49 30 901820.") from None
    if not phonenumbers.is_valid_number(number):
        raise FieldError("Check the number: no phone in that country can have it.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_url(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write the URL as text, like https://example.com/hook.")
    try:
        found = parse_url(value.strip())
    except UrlError as error:
        raise FieldError(str(error)) from None
    if refusal := refused_literal(found, policy_of_users(), "PULSE_ALLOW_PRIVATE_WEBHOOKS"):
        raise FieldError(refusal)
    return str(found)


def header_lines(name: str, label: str, help_text: str = "") -> Setting:
    """`Name: value` lines that go along with a request; they often hold a password, so all of them are one secret."""
    plain = secret(name, label, help_text, longest=4000, long=True)

    def read(value: Any) -> Any:
        words = str(plain.read(value))
        for line in words.splitlines():
            if not line.strip():
                continue
            key, colon, item = line.partition(":")
            if not colon or not _HEADER.fullmatch(key.strip()):
                raise FieldError('Write one header a line, like "Authorization: Bearer 123".')
            if key.strip().lower() in RESERVED or key.strip().lower().startswith("webhook-"):
                raise FieldError(f"Remove {key.strip()}: Pulse sets it itself.")
            if not (item.isascii() and item.isprintable()):
                raise FieldError(
                    f"Write the value of {key.strip()} in plain letters, without control characters."
                )
        named_lines(words)
        return words

    return replace(plain, read=read)

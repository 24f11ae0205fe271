"""What the mail protocols have in common: settings, and answers of lines."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed
from monitors.probes.outcome import ErrorClass
from monitors.probes.securing import (
    EVERYWHERE,
    NO_TLS,
    STARTTLS,
    TLS,
    Secured,
    plain_sign_in,
    refuse_plain_sign_in,
    tls_section,
)  # fmt: skip
from monitors.probes.settings import Section, Setting, secret, section, text

# Lines of one answer; real ones have some twenty.
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class MailConfig(Secured):
    username: str = ""
    password: str = field(default="", repr=False)
    plain_sign_in: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password in each form in which it is sent, and in which a server could echo it."""
        plain = self.password.encode()
        return (self.password, b64encode(plain).decode(), sasl_plain(self).decode()) if plain else ()


def mail_sections(
    *more: Setting, sources: tuple[Source, ...], starttls_first: bool = False
) -> tuple[Section, ...]:
    """The sections of a mail check; `more` settings stand beside its assertions."""
    choices = (STARTTLS, TLS, NO_TLS) if starttls_first else (TLS, STARTTLS, NO_TLS)
    return (
        section(
            "Sign-in",
            text("username", "User name", "Empty: no sign-in.", longest=250),
            secret("password", "Password", longest=500),
            plain_sign_in(),
        ),
        tls_section(*choices),
        section("What a good answer is", *more, asserting(*EVERYWHERE, *sources)),
    )


def together(config: MailConfig) -> None:
    refuse_plain_sign_in(config.security, config.username, config.plain_sign_in)


def sasl_plain(config: MailConfig) -> bytes:
    """The one message of SASL PLAIN (RFC 4616), in base64."""
    return b64encode(f"\0{config.username}\0{config.password}".encode())


def no_starttls(host: str) -> CheckFailed:
    return CheckFailed(ErrorClass.TLS_FAILED, f"{host} does not offer STARTTLS; choose another encryption")


def too_many_lines(host: str) -> CheckFailed:
    return CheckFailed(ErrorClass.BAD_RESPONSE, f"{host} sent an answer of more than {MOST_LINES} lines")

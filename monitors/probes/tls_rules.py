"""What a TLS session and its certificate must be: the settings, the facts and the judgement."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from time import monotonic_ns
from typing import Any

from monitors.assertions.model import Source
from monitors.probes.conversation import CheckFailed, Talk
from monitors.probes.outcome import ErrorClass
from monitors.probes.securing import Secured, note_end
from monitors.probes.settings import Setting, choose, number, optional, refuse, text
from monitors.probes.tls_starttls import ask_for_tls
from pulse.fields import FieldError
from pulse.net.certificates import chain_of, describe, issuer_of, read
from pulse.net.endpoints import parse_host
from pulse.net.streams import Phases, Stream
from pulse.net.trust import client_context

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CertificateRules(Secured):
    """The settings of `rules`; the base of a config. Days are whole ones until the certificate expires."""

    server_name: str = ""
    minimum_tls: str = "1.2"
    warn_days: int | None = 14
    fail_days: int | None = None
    issuer: str = ""
    issuer_change: str = "ignore"
    fingerprint: str = ""


def read_server_name(value: str) -> str:
    if not value:
        return ""
    try:
        return parse_host(value).host
    except ValueError as error:
        raise FieldError(str(error)) from None


def read_fingerprint(value: str) -> str:
    """A SHA-256 fingerprint without its colons; raises FieldError."""
    plain = re.sub(r"[:\s]", "", value).lower().removeprefix("sha256")
    if plain and not _FINGERPRINT.fullmatch(plain):
        raise FieldError("Write the SHA-256 fingerprint as 64 hexadecimal digits, with or without colons.")
    return plain


def rules() -> tuple[Setting, ...]:
    return (
        text("server_name", "Server name", "Sent as SNI and looked for in the certificate; empty: the target's host.",
             longest=253, read=read_server_name),
        choose("minimum_tls", "Oldest TLS version", [("1.2", "TLS 1.2"), ("1.3", "TLS 1.3")]),
        optional(
            number("warn_days", "Degraded before it expires", "Fewer days left make it degraded; empty: never.",
                   1, 3650, "days", default=14),
        ),
        number("fail_days", "Down before it expires", "Fewer days left make it down; empty: when it has expired.",
               1, 3650, "days", default=None),
        text("issuer", "Expected issuer", "Text that the issuer's name contains, like O=Let's Encrypt."),
        choose("issuer_change", "Another issuer",
               [("ignore", "Ignore it"), ("degraded", "Degraded"), ("down", "Down")],
               "Than the first good check saw at each location, until somebody accepts another."),
        text("fingerprint", "Expected fingerprint", "SHA-256 of the certificate; another certificate makes it down.",
             read=read_fingerprint),
    )  # fmt: skip


def check_rules(config: CertificateRules) -> None:
    """What of `rules` does not go together, as ConfigError."""
    if config.warn_days and config.fail_days and config.warn_days < config.fail_days:
        raise refuse("warn_days", "Use at least as many days as for down, so that the warning comes first.")


# An issuer whose name is not written as it should be: another one all the same.
UNREADABLE = "a name that cannot be read"


@dataclass(frozen=True, slots=True)
class Session:
    """What a handshake brought: `chain` is what the server sent, its own certificate first, in DER."""

    version: str
    cipher: str
    chain: list[bytes]

    def as_json(self) -> dict[str, Any]:
        """As evidence keeps it."""
        chain = [describe(read(one)) for one in self.chain]
        return {"version": self.version, "cipher": self.cipher, "chain": chain}


async def go_secure(
    talk: Talk, stream: Stream, *, verify: bool = True, phases: Phases | None = None
) -> Session:
    """TLS as the settings want it, STARTTLS included; the certificate becomes facts and notes, good or bad."""
    config: CertificateRules = talk.config
    if config.security != "tls":
        began = monotonic_ns()
        await ask_for_tls(stream, config.security)
        talk.notes["starttls_us"] = (monotonic_ns() - began) // 1000
    verify = verify and config.verify_tls
    context = client_context(talk.out.ca_file, verify=verify, own_ca=config.ca)
    await stream.secure(context, phases or talk.phases, config.server_name)
    tls = stream.tls
    assert tls is not None
    cipher = tls.cipher()
    session = Session(tls.version() or "TLS", cipher[0] if cipher else "", chain_of(tls))
    talk.notes["tls"] = session.as_json
    own = read(session.chain[0]) if session.chain else None
    note_end(talk, tls, verified=verify)
    talk.facts[Source.ISSUER] = issuer_of(own) if own else None
    return session


def judge_certificate(talk: Talk, session: Session) -> str:
    """The words about a good certificate; raises CheckFailed, or warns, where the settings want another one."""
    config: CertificateRules = talk.config
    version, chain = session.version, session.chain
    days: int | None = talk.facts.get(Source.CERTIFICATE_DAYS)
    if config.minimum_tls == "1.3" and version != "TLSv1.3":
        raise CheckFailed(ErrorClass.TLS_FAILED, f"the server speaks {version}, expected TLS 1.3")
    if config.fingerprint and (not chain or hashlib.sha256(chain[0]).hexdigest() != config.fingerprint):
        raise CheckFailed(
            ErrorClass.TLS_UNTRUSTED, "the certificate is another one than expected (fingerprint)"
        )
    issuer = talk.facts.get(Source.ISSUER) or ""
    if config.issuer and config.issuer not in issuer:
        raise CheckFailed(
            ErrorClass.TLS_UNTRUSTED, f"the certificate's issuer is {issuer[:100]}, not as expected"
        )
    if config.issuer_change != "ignore" and chain:
        talk.issuer = issuer or UNREADABLE
    if days is None:
        return f"{version}, no readable certificate"
    if days < 0:  # seen only where nothing is verified
        raise CheckFailed(ErrorClass.TLS_CERTIFICATE_EXPIRED, "the certificate has expired")
    words = f"the certificate expires in {days} {'day' if days == 1 else 'days'}"
    if config.fail_days and days < config.fail_days:
        raise CheckFailed(ErrorClass.EXPIRES_SOON, f"{words}, limit {config.fail_days}")
    if config.warn_days and days < config.warn_days:
        talk.warn(ErrorClass.EXPIRES_SOON, f"{words}, limit {config.warn_days}")
    return f"{version}, {words}"

"""A domain's registration: it ends soon, it has ended, it is being deleted. Asked of the registry by RDAP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import time

from monitors.assertions.model import Assertion, Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.dns_records import DnsName, parse_name
from monitors.probes.outcome import ErrorClass
from monitors.probes.probe import Probe
from monitors.probes.rdap import registries
from monitors.probes.settings import Settings, number, optional, refuse, section, text
from pulse.fields import FieldError
from pulse.net.urls import UrlError, parse_url

SOURCES = (Source.DOMAIN_DAYS, Source.CONNECTED)
# States (RFC 8056) of a domain that is as good as lost.
_ENDING = frozenset({"redemption period", "pending delete", "pending restore"})
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class DomainConfig:
    warn_days: int | None = 30
    fail_days: int | None = 7
    rdap_server: str = ""
    assertions: tuple[Assertion, ...] = ()


def parse_domain(target: str) -> DnsName:
    """The domain as typed; raises UrlError with a sentence that says what to change."""
    name = parse_name(target)
    if "." not in name.host or ":" in name.host or name.host.rpartition(".")[2].isdigit():
        raise UrlError("Write a domain, as in example.com.")
    return name


def read_server(value: str) -> str:
    """The base URL of an RDAP server; raises FieldError."""
    if value.strip():
        try:
            return str(parse_url(value))
        except UrlError as error:
            raise FieldError(str(error)) from None
    return ""


async def check(talk: Talk) -> str:
    config: DomainConfig = talk.config
    try:
        name = parse_domain(talk.job.target).host
    except ValueError as error:
        raise CheckFailed(ErrorClass.INVALID_TARGET, str(error)) from None
    domain = await registries(talk.out).find(talk, name, config.rdap_server)
    talk.notes["domain"] = domain.as_json()
    days = None if domain.expires is None else int((domain.expires.timestamp() - time()) // _DAY_S)
    talk.ends, talk.facts[Source.DOMAIN_DAYS] = domain.expires, days
    ending = sorted(_ENDING.intersection(state.lower() for state in domain.states))
    if ending:
        raise CheckFailed(ErrorClass.EXPIRES_SOON, f"{domain.name} is being given up ({ending[0]})")
    if days is None:
        raise CheckFailed(ErrorClass.SOURCE_EMPTY, f"the registry does not tell when {domain.name} expires")
    if days < 0:
        raise CheckFailed(ErrorClass.EXPIRES_SOON, f"{domain.name} has expired")
    words = f"{domain.name} expires in {days} {'day' if days == 1 else 'days'}"
    if config.fail_days and days < config.fail_days:
        raise CheckFailed(ErrorClass.EXPIRES_SOON, f"{words}, limit {config.fail_days}")
    if config.warn_days and days < config.warn_days:
        talk.warn(ErrorClass.EXPIRES_SOON, f"{words}, limit {config.warn_days}")
    return words


def _together(config: DomainConfig) -> None:
    if config.warn_days and config.fail_days and config.warn_days < config.fail_days:
        raise refuse("warn_days", "Use at least as many days as for down, so that the warning comes first.")


SETTINGS = Settings(
    DomainConfig,
    section(
        "What a good answer is",
        optional(
            number("warn_days", "Degraded before it expires",
                   "Fewer days left make the monitor degraded; empty: never.", 1, 3650, "days", default=30),
        ),
        optional(
            number("fail_days", "Down before it expires", "Fewer days left make it down; empty: when it has expired.",
                   1, 3650, "days", default=7),
        ),
        asserting(*SOURCES),
    ),
    section(
        "Registry",
        replace(
            text("rdap_server", "RDAP server",
                 "URL, for domains that IANA's list knows no server of; empty: by that list.",
                 longest=500, read=read_server),
            leads_to=lambda url: parse_url(url) if url else None,
        ),
    ),
    together=_together,
)  # fmt: skip
PROBE = Probe(
    title="Domain expiry",
    settings=SETTINGS,
    check_target=parse_domain,
    start=starting(check),
    sources=frozenset(SOURCES),
    target_label="Domain",
    placeholder="example.com",
    target_help="A host in it will do; the registered domain is found.",
)

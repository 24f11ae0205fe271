"""DNS: ask a name server for the records of a name, by UDP, TCP, TLS or HTTPS, and compare what comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import dns.flags
import dns.message
import dns.rcode

from monitors.assertions.model import Assertion, Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk, starting
from monitors.probes.dns_records import (
    TYPES,
    Wanted,
    excerpts,
    impossible,
    missing_and_other,
    parse_name,
    values,
    wanted_of,
)
from monitors.probes.outcome import ErrorClass
from monitors.probes.probe import Probe
from monitors.probes.securing import ca_setting, verify_setting
from monitors.probes.settings import Settings, choose, lines, refuse, section, switch, text
from pulse.fields import FieldError
from pulse.net.dns_asking import Asking, Server, ask
from pulse.net.endpoints import Endpoint, parse_endpoint
from pulse.net.request import Wire
from pulse.net.trust import client_context

SOURCES = (Source.RECORDS, Source.RCODE, Source.RESPONSE_TIME, Source.IP, Source.CONNECTED)
PORTS = {"udp": 53, "tcp": 53, "tls": 853, "https": 443}
RCODES = ("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "any")
# What a resolver may send over UDP without being cut to pieces on the way (DNS flag day 2020).
PAYLOAD = 1232


@dataclass(frozen=True)
class DnsConfig:
    record_type: str = "A"
    resolver: str = ""
    transport: str = "udp"
    doh_path: str = "/dns-query"
    verify_tls: bool = True
    ca: str = ""
    rcode: str = "NOERROR"
    expected: tuple[str, ...] = ()
    expected_mode: str = "any"
    dnssec: bool = False
    recursion: bool = True
    assertions: tuple[Assertion, ...] = ()

    @cached_property
    def wanted(self) -> Wanted:
        """Not at each check: names in other scripts take a while, and all checks wait for it."""
        return wanted_of(self.record_type, self.expected)

    @property
    def place(self) -> Endpoint | None:
        return parse_endpoint(self.resolver, PORTS[self.transport]) if self.resolver else None


def read_resolver(value: str) -> str:
    """The name server as typed, "" for the machine's own; raises FieldError."""
    try:
        if value.strip():
            parse_endpoint(value, 53)
    except ValueError as error:
        raise FieldError(str(error)) from None
    return value.strip()


def read_path(value: str) -> str:
    if not value.startswith("/") or not value.isascii() or " " in value or "#" in value:
        raise FieldError("Write the path with a slash before it, as in /dns-query.")
    return value


async def check(talk: Talk) -> str:
    job = talk.job
    query = _query(talk)
    asking = Asking(talk.out, job.tenant, talk.phases, talk.until, job.agent, job.identity)
    answer, way = await ask(asking, _server(talk), query)
    rcode = dns.rcode.to_text(answer.rcode)
    records = values(answer.records)
    talk.facts[Source.RCODE] = rcode
    talk.facts[Source.RECORDS] = records
    talk.excerpts[Source.RECORDS] = excerpts(records)
    talk.notes["dns"] = {
        "transport": way,
        "flags": dns.flags.to_text(answer.flags).split(),
        "ttl": answer.ttl,
    }
    return _judged(talk, rcode, records, bool(answer.flags & dns.flags.AD))


def _query(talk: Talk) -> dns.message.Message:
    config: DnsConfig = talk.config
    try:
        name = parse_name(talk.job.target)
    except ValueError as error:
        raise CheckFailed(ErrorClass.INVALID_TARGET, str(error)) from None
    if words := _misfit(str(name), config):
        raise CheckFailed(ErrorClass.INVALID_TARGET, words)
    query = dns.message.make_query(
        name.question, config.record_type, use_edns=0, payload=PAYLOAD, want_dnssec=config.dnssec
    )
    if config.dnssec:
        query.flags |= dns.flags.AD
    if not config.recursion:
        query.flags &= ~dns.flags.RD
    return query


def _server(talk: Talk) -> Server:
    config: DnsConfig = talk.config
    if config.transport == "tls":
        context = client_context(talk.out.ca_file, verify=config.verify_tls, own_ca=config.ca)
        return Server(config.place, "tls", context=context)
    wire = Wire(verify=config.verify_tls, ca_pem=config.ca)
    return Server(config.place, config.transport, config.doh_path, wire=wire)


def _judged(talk: Talk, rcode: str, records: list[str], authenticated: bool) -> str:
    config: DnsConfig = talk.config
    kind = config.record_type
    by_assertion = config.rcode == RCODES[0] and talk.is_asserted(Source.RCODE)
    if config.rcode not in (rcode, "any") and not by_assertion:
        raise CheckFailed(
            ErrorClass.UNEXPECTED_ANSWER, f"the name server answered {rcode}, expected {config.rcode}"
        )
    if config.dnssec and not authenticated:
        raise CheckFailed(
            ErrorClass.UNEXPECTED_ANSWER, "the resolver did not validate the answer (no AD flag)"
        )
    if rcode != "NOERROR" and not config.expected:
        return f"answered {rcode}"
    if not records and not talk.is_asserted(Source.RECORDS):
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"there is no {kind} record")
    missing, other = missing_and_other(kind, config.wanted, records)
    count = f"{len(records)} {kind} {'record' if len(records) == 1 else 'records'}"
    if config.expected_mode == "any" and config.expected and len(missing) == len(config.expected):
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"none of the expected records is among {count}")
    if config.expected_mode != "any" and missing:
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"{count}, but {_shown(missing)} is missing")
    if config.expected_mode == "exactly" and other:
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, f"{count}, among them {_shown(other)}, not expected")
    return f"answered {count}"


def _shown(records: list[str]) -> str:
    first = records[0] if len(records[0]) <= 80 else f"{records[0][:79]}…"
    return first if len(records) == 1 else f"{first} (and {len(records) - 1} more)"


def _misfit(target: str, config: DnsConfig) -> str:
    if config.record_type != "PTR" and parse_name(target).is_address:
        return f"Write a name: it has {config.record_type} records, an address has PTR records only."
    return ""


def _together(config: DnsConfig) -> None:
    if config.transport in ("tls", "https") and not config.resolver:
        raise refuse("resolver", "Name the name server: the machine's own is asked over UDP or TCP only.")
    if config.expected_mode != "any" and not config.expected:
        raise refuse("expected", "Write the expected records, one on each line.")


def _can_hold(config: DnsConfig) -> None:
    if config.expected and config.rcode not in ("NOERROR", "any"):
        raise refuse("expected", f"Leave it empty: an answer of {config.rcode} holds no records.")
    if odd := impossible(config.record_type, config.expected):
        raise refuse("expected", odd)


SETTINGS = Settings(
    DnsConfig,
    section(
        "Question",
        choose("record_type", "Record type", [(kind, kind) for kind in TYPES]),
        replace(
            text("resolver", "Name server", "Host or address, with a port if it is unusual; empty: the machine's own.",
                 read=read_resolver),
            leads_to=lambda place: parse_endpoint(place, 53) if place else None,
        ),
        choose("transport", "Transport", [
            ("udp", "UDP, and TCP for long answers"), ("tcp", "TCP"), ("tls", "DNS over TLS"),
            ("https", "DNS over HTTPS"),
        ]),
        text("doh_path", "Path", "Of DNS over HTTPS.", default="/dns-query", read=read_path),
        verify_setting(),
        ca_setting(),
        switch("recursion", "Ask for recursion", "Off asks for the server's own data only.", default=True),
    ),
    section(
        "What a good answer is",
        choose("rcode", "Response code", [(code, code) for code in RCODES], "NXDOMAIN if the name must not exist."),
        lines("expected", "Expected records", "One on each line, like 192.0.2.7 or 10 mail.example.com."),
        choose("expected_mode", "Of these", [
            ("any", "at least one"), ("all", "all, others may be there"), ("exactly", "exactly these"),
        ]),
        switch("dnssec", "Validated by DNSSEC", "The resolver must have validated the answer (AD flag)."),
        asserting(*SOURCES),
    ),
    together=_together,
    when_saved=_can_hold,
)  # fmt: skip
PROBE = Probe(
    title="DNS",
    settings=SETTINGS,
    check_target=parse_name,
    start=starting(check),
    sources=frozenset(SOURCES),
    target_label="Name to look up",
    placeholder="example.com",
    target_help="For PTR an address will do.",
    through="resolver",
    misfit=_misfit,
)

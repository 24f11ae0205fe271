"""What an HTTP answer was: the facts that are asserted on, and the evidence that is kept, without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography.x509 import Certificate

from monitors.assertions.body import Body
from monitors.assertions.decoding import is_wide
from monitors.assertions.model import Checked, Source
from monitors.probes.hiding import HIDDEN, without
from monitors.probes.http_config import HttpConfig
from pulse.net.certificates import days_until, describe, first_end, issuer_of, read_pem
from pulse.net.chains import authorities, relied_on
from pulse.net.exchange import Exchange
from pulse.net.request import EXCERPT

# Of an answer's headers: whoever reads the evidence must not be able to take over a session.
_NOT_SHOWN = frozenset(
    {"set-cookie", "set-cookie2", "authorization", "proxy-authorization", "authentication-info", "cookie"}
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})")
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip


def facts_of(config: HttpConfig, exchange: Exchange, total_us: int) -> dict[Source, Any]:
    """What assertions read; nothing of an answer when there was none, of certificates only what is asked for."""
    facts: dict[Source, Any] = {
        Source.CONNECTED: exchange.failure is None,
        Source.RESPONSE_TIME: total_us / 1000,
        Source.IP: exchange.address,
    }
    if exchange.failure is None:
        headers = joined(exchange.headers)
        facts[Source.STATUS] = exchange.status
        facts[Source.HEADER] = headers
        facts[Source.SIZE] = exchange.body_size
        facts[Source.BODY] = Body(exchange.body, charset_of(headers, exchange.body), is_cut=exchange.body_cut)
    if Source.CERTIFICATE_DAYS in config.sources and (ends := end_of(config, exchange)):
        facts[Source.CERTIFICATE_DAYS] = days_until(ends)
    if Source.ISSUER in config.sources and (chain := _chain_of(exchange)):
        facts[Source.ISSUER] = issuer_of(chain[0])
    return facts


def joined(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Values by lower-case name; those of one name are joined by a comma (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def charset_of(headers: Mapping[str, str], body: bytes) -> str:
    """By byte order mark, header, the document's own word, else UTF-8 (the order of the HTML standard)."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    match = _CHARSET.search(headers.get("content-type", ""))
    if match:
        return match[1]
    own = _META.search(body[:1024]) or _XML.search(body[:200])
    name = own[1].decode() if own else "utf-8"
    # A word that could be read as ASCII is wrong if it says UTF-16, as that of what .NET writes into a text does.
    return "utf-8" if is_wide(name) else name


def _chain_of(exchange: Exchange) -> list[Certificate]:
    """The certificates that the server sent, its own first; none where libcurl tells of none."""
    sent = (dict(one).get(b"Cert", b"") for one in exchange.certificates or ())
    return [read for one in sent if (read := read_pem(one.decode("ascii", "replace")))]


def end_of(config: HttpConfig, exchange: Exchange) -> datetime | None:
    """When the first certificate ends that is relied on; None where libcurl told of none."""
    chain = _chain_of(exchange)
    if config.verify_tls:
        chain = relied_on(chain, authorities(exchange.ca_file, config.ca))
    return first_end(chain if config.verify_tls else chain[:1])


def _certificate(exchange: Exchange) -> dict[str, Any] | None:
    """The server's certificate, and when each of its chain ends; None where there was none."""
    chain = [describe(one) for one in _chain_of(exchange)]
    brief = [
        {name: one.get(name) for name in ("subject", "issuer", "not_after", "days_left")} for one in chain
    ]
    return {**chain[0], "chain": brief} if chain else None


def _shown(checked: Checked) -> Checked:
    """Without the text of a header that is not shown either; how long it is may be known."""
    assertion = checked.assertion
    is_hidden = assertion.source is Source.HEADER and assertion.name in _NOT_SHOWN
    return replace(checked, value=HIDDEN) if is_hidden and isinstance(checked.value, str) else checked


def evidence_of(
    config: HttpConfig, exchange: Exchange, secrets: Sequence[str], checked: Sequence[Checked]
) -> dict[str, Any]:
    """JSON: what was asked, by which way, what came, and what the assertions found in it.

    `secrets` are those besides the config's own.
    """
    headers = exchange.headers
    url = exchange.url.beginning if exchange.url else ""
    body = Body(exchange.body[:EXCERPT], charset_of(joined(headers), exchange.body))
    notes: dict[str, Any] = {
        "request": f"{exchange.method or config.method} {url}".strip(),
        "chain": [
            {"url": visit.url, "status": visit.status, "address": visit.address} for visit in exchange.chain
        ],
        "http_version": exchange.http_version,
        "headers": [[name, HIDDEN if name.lower() in _NOT_SHOWN else value] for name, value in headers],
        "body": body.text,
        "size": exchange.body_size if exchange.status else None,
        "cut": exchange.body_cut,
        "certificate": _certificate(exchange),
    }
    facts = {
        "status": exchange.status,
        "response_time": exchange.total_us / 1000,
        "size": exchange.body_size if exchange.status else None,
        "ip": exchange.address,
        "connected": exchange.failure is None,
    }
    evidence = {
        "facts": {name: value for name, value in facts.items() if value is not None},
        "notes": {name: value for name, value in notes.items() if value not in (None, "", [])},
        "assertions": [_shown(one).as_json() for one in checked],
    }
    cleaned: dict[str, Any] = without(evidence, (*config.secrets, *secrets))
    return cleaned

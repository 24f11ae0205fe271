"""DNS names and records as people write them, and how the expected ones are compared with those that came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.reversename

from pulse.net.addresses import Address
from pulse.net.urls import UrlError

TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "CAA", "SOA", "PTR")
MOST_RECORDS = 200
# So much of each is compared: a key for DKIM of 8,192 bits has 1,500 characters. As much is shown as can be expected.
LONGEST_RECORD = 4096
LONGEST_SHOWN = 1000
_IN_ORDER = ("MX", "SRV")  # a number or more stand before the host

Form = Address | str
Wanted = tuple[tuple[str, set[Form]], ...]


@dataclass(frozen=True, slots=True)
class DnsName:
    """What is asked for: a name in ASCII without the final dot, or an address for PTR."""

    host: str
    literal: Address | None = None

    def __str__(self) -> str:
        return self.host

    @property
    def is_address(self) -> bool:
        return _is_address(self.host)

    @property
    def question(self) -> dns.name.Name:
        """The name to ask for; an address is turned round."""
        return dns.reversename.from_address(self.host) if self.is_address else dns.name.from_text(self.host)


def parse_name(text: str) -> DnsName:
    """The name or address as typed; raises UrlError with a sentence that says what to change."""
    text = text.strip()
    if _is_address(text):
        if "%" in text:
            raise UrlError("Remove the zone id (the part after %) from the IPv6 address.")
        return DnsName(str(ip_address(text)))  # nothing connects to it, so no policy is asked
    if not text or "://" in text or "/" in text or ":" in text or " " in text:
        raise UrlError("Write the name to look up, without scheme, port or path, as in example.com.")
    try:
        name = _name(text)
    except (dns.exception.DNSException, UnicodeError, ValueError):
        raise UrlError(
            f"Write a DNS name, as in example.com: {text[:60]!r} is none (labels have 1 to 63 characters)."
        ) from None
    return DnsName(name.to_text(omit_final_dot=True).lower())


def values(records: Iterable[dns.rdata.Rdata]) -> list[str]:
    """The records that came, each once, sorted, as `written` writes them."""
    return [record[:LONGEST_RECORD] for record in sorted(set(map(written, records)))[:MOST_RECORDS]]


def excerpts(records: Iterable[str]) -> list[str]:
    """The same as evidence keeps them."""
    return [
        record if len(record) <= LONGEST_SHOWN else f"{record[: LONGEST_SHOWN - 1]}…" for record in records
    ]


def written(rdata: dns.rdata.Rdata) -> str:
    """A record as its owner writes it: names in lower case without the final dot, TXT as one text."""
    if rdata.rdtype == dns.rdatatype.TXT:
        strings: tuple[bytes, ...] = getattr(rdata, "strings", ())
        return b"".join(strings).decode("utf-8", "backslashreplace")
    text = rdata.to_text()
    if rdata.rdtype == dns.rdatatype.CAA:
        return text
    return " ".join(word.removesuffix(".") or "." for word in text.lower().split())


def wanted_of(kind: str, expected: Iterable[str]) -> Wanted:
    """The expected records, each with the forms in which it may come."""
    return tuple((one, _forms_expected(kind, one)) for one in expected)


def missing_and_other(kind: str, wanted: Wanted, came: Iterable[str]) -> tuple[list[str], list[str]]:
    """What was expected and did not come, and what came and was not expected.

    Each text is read once: fifty addresses held against two hundred would otherwise be twenty thousand.
    """
    left = [(record, _forms_of(kind, record)) for record in came]
    all_wanted = set[Form]().union(*(forms for _, forms in wanted))
    all_left = set[Form]().union(*(forms for _, forms in left))
    missing = [one for one, forms in wanted if all_left.isdisjoint(forms)]
    return missing, [record for record, forms in left if all_wanted.isdisjoint(forms)]


def impossible(kind: str, expected: Iterable[str]) -> str:
    """A sentence about the first that no record of this kind can be; "" if all can."""
    version = {"A": 4, "AAAA": 6}.get(kind)
    if version is None:
        return ""
    odd = next((one for one in expected if not _is_address(one) or ip_address(one).version != version), None)
    return (
        f"Write IPv{version} addresses: {odd[:40]} is none, and {kind} records hold nothing else."
        if odd
        else ""
    )


def _forms_expected(kind: str, expected: str) -> set[Form]:
    """In which forms a record is the expected one; of MX and SRV the host alone is enough."""
    if kind == "TXT":
        return {expected.strip().strip('"'), expected}
    if kind in ("A", "AAAA"):
        return {ip_address(expected)} if _is_address(expected) else set()
    plain = " ".join(_in_ascii(word.removesuffix(".")) or "." for word in expected.lower().split())
    return {plain.replace('"', "") if kind == "CAA" else plain}


def _forms_of(kind: str, record: str) -> set[Form]:
    if kind == "TXT":
        return {record}
    if kind in ("A", "AAAA"):
        return {ip_address(record)}
    if kind == "CAA":
        return {record.replace('"', "").lower()}
    plain = " ".join(record.split())
    return {plain, plain.rpartition(" ")[2]} if kind in _IN_ORDER else {plain}


def _name(text: str) -> dns.name.Name:
    """As everywhere in Pulse and in browsers: with the rules of 2003, straße.de would be somebody else's strasse.de."""
    return dns.name.from_text(text, idna_codec=dns.name.IDNA_2008_Practical)


def _in_ascii(word: str) -> str:
    """A host name as records hold it; what is none stays as it is."""
    if word.isascii():
        return word
    try:
        return _name(word).to_text(omit_final_dot=True)
    except (dns.exception.DNSException, UnicodeError, ValueError):
        return word


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

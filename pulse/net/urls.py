"""The one URL parser: what a form, the API, a probe and a webhook agree to call an address."""

import re
import unicodedata
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from typing import Protocol
from urllib.parse import quote, urljoin

import idna

from pulse.net.addresses import Address, Policy

MAX_LENGTH = 2048
# Of what no person typed: a query of 4,000 characters is up to twelve times as long in a URL, and a sign-in
# redirects to a URL of some KiB with a signed request in it.
LONGEST_MADE = 64 << 10
DEFAULT_PORTS = {"http": 80, "https": 443}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_EVERYTHING = Policy((ip_network("0.0.0.0/0"), ip_network("::/0")))
_PATH_SAFE = "/?:@!$&'()*+,;=-._~%[]|"


class UrlError(ValueError):
    """A URL that Pulse does not accept; the text is one sentence for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Url:
    """A vetted http or https URL.

    `host` is lower case and ASCII, without brackets or trailing dot; `path` starts with "/" and holds the
    query; `literal` is set when the host is an address and not a name. `text` is all of it: each check needs it.
    """

    scheme: str
    host: str
    port: int
    path: str
    literal: Address | None
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.origin + self.path)

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if isinstance(self.literal, IPv6Address) else self.host
        return f"{self.scheme}://{host}" + (
            "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        )

    @property
    def beginning(self) -> str:
        """As much of it as is kept where it is only told of: a redirect may lead to a long one."""
        return self.text if len(self.text) <= MAX_LENGTH else f"{self.text[: MAX_LENGTH - 1]}…"

    def __str__(self) -> str:
        return self.text


def parse_url(text: str, longest: int = MAX_LENGTH) -> Url:
    """The URL in `text`, normalised; raises UrlError with what to change."""
    _refuse_odd_characters(text, longest)
    scheme, rest = _split_scheme(text)
    authority, path = _split_authority(rest)
    if "@" in authority:
        raise UrlError("Remove the user name and password before the host.")
    host, port = _split_port(authority, scheme)
    name, literal = _parse_host(host)
    return Url(scheme, name, port, path, literal)


def join_url(base: Url, location: str) -> Url:
    """Where a redirect from `base` leads; raises UrlError where that is no URL that Pulse accepts."""
    try:
        joined = urljoin(str(base), location.strip().replace(" ", "%20"))
    except ValueError:
        raise UrlError("The redirect leads to something that is not a URL.") from None
    return parse_url(joined, LONGEST_MADE)


class Named(Protocol):
    """What names a host: a URL, or a host with a port."""

    @property
    def host(self) -> str: ...
    @property
    def literal(self) -> Address | None: ...


def refused_literal(url: Named, policy: Policy, setting: str = "") -> str | None:
    """Why a target that names an address can be refused before any check runs; None if it may be tried.

    A host name gets its verdict when it is resolved, at each check anew. `setting` names the variable
    by which the operator allows more; it is mentioned where that would help.
    """
    if url.literal is None or not (reason := policy.verdict(url.literal)):
        return None
    words = f"Use a public address: Pulse does not connect to {url.host}, because {reason}."
    if setting and not _EVERYTHING.verdict(url.literal):
        words += f" Whoever runs Pulse can allow it with {setting}."
    return words


def _refuse_odd_characters(text: str, longest: int) -> None:
    if not text:
        raise UrlError("Enter a URL like https://example.com/.")
    if len(text) > longest:
        raise UrlError(f"Shorten the URL to at most {longest:,} characters; it has {len(text):,}.")
    plain = (
        text.isascii() and text.isprintable() and " " not in text
    )  # nearly every URL; probes parse at each check
    for character in "" if plain else dict.fromkeys(text):  # each once: a redirect may be long
        if character.isspace():
            raise UrlError("Remove the white space from the URL, or write spaces in its path as %20.")
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}:
            raise UrlError("Remove the control or invisible characters from the URL.")
    if "\\" in text:
        raise UrlError("Replace the backslash in the URL by a slash.")
    if "%00" in text:
        raise UrlError("Remove %00 from the URL.")


def _split_scheme(text: str) -> tuple[str, str]:
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() in DEFAULT_PORTS:
        return scheme.lower(), rest
    match = _SCHEME.match(text)
    if match and match[1].lower() in DEFAULT_PORTS:
        raise UrlError(
            f"Write two slashes after {match[1].lower()}:, as in {match[1].lower()}://example.com/."
        )
    if separator:
        raise UrlError(f"Use http:// or https:// instead of {scheme[:20]}://.")
    raise UrlError("Start the URL with http:// or https://.")


def _split_authority(rest: str) -> tuple[str, str]:
    end = min((index for index in map(rest.find, "/?#") if index >= 0), default=len(rest))
    path = rest[end:].partition("#")[0]
    if not path.startswith("/"):
        path = "/" + path
    return rest[:end], quote(path, safe=_PATH_SAFE)


def _split_port(authority: str, scheme: str) -> tuple[str, int]:
    if authority.startswith("["):
        host, bracket, after = authority.partition("]")
        if not bracket or (after and not after.startswith(":")):
            raise UrlError(
                "Close the IPv6 address with ] and put only a port after it, as in [2001:4860::1]:8080."
            )
        host, separator, port = host + bracket, after[:1], after[1:]
    else:
        host, separator, port = authority.partition(":")
        if ":" in port:
            raise UrlError("Put the IPv6 address in brackets, as in http://[2001:4860::1]/.")
    if not separator:
        return host, DEFAULT_PORTS[scheme]
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise UrlError("Use a port from 1 to 65535 after the colon, or remove the colon.")
    return host, int(port)


def _parse_host(host: str) -> tuple[str, Address | None]:
    if host.startswith("["):
        return _parse_ipv6(host[1:-1])
    if "%" in host:
        raise UrlError("Write the host without % escapes.")
    name = _to_ascii(host).removesuffix(".")
    if not name:
        raise UrlError("Enter a host, as in https://example.com/.")
    labels = name.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        return _parse_ipv4(name, host)
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise UrlError(
            "Check the host name: letters, digits and hyphens, with single dots between its parts."
        )
    return name, None


def _to_ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True, transitional=False).decode("ascii").lower()
    except idna.IDNAError:
        # Full-width digits and circled numbers end here or as an IPv4 address in an odd notation.
        raise UrlError("Check the host name: it has characters that no host name can have.") from None


def _parse_ipv4(name: str, typed: str) -> tuple[str, IPv4Address]:
    try:
        address = IPv4Address(name)
    except AddressValueError:
        raise UrlError("Write the IPv4 address as four decimal numbers, as in 192.0.2.1.") from None
    if not typed.isascii():
        raise UrlError("Write the IPv4 address with plain digits and dots.")
    return str(address), address


def _parse_ipv6(text: str) -> tuple[str, IPv6Address]:
    if "%" in text:
        raise UrlError("Remove the zone id (the part after %) from the IPv6 address.")
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise UrlError("Check the IPv6 address between the brackets.") from None
    return str(address), address

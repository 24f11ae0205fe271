"""Hosts with ports, for everything that is not a URL; the host is read by the one parser of hosts."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from pulse.net.addresses import Address
from pulse.net.urls import UrlError, parse_url

# What stands around a host in a URL; the parser of URLs would take it for that.
_OF_URLS = frozenset("/?#@\\")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`host` is lower case and ASCII; `port` is None where the kind of check has none; `literal` as in Url."""

    host: str
    port: int | None
    literal: Address | None

    def __str__(self) -> str:
        host = (
            f"[{self.host}]" if isinstance(self.literal, IPv6Address) and self.port is not None else self.host
        )
        return host if self.port is None else f"{host}:{self.port}"


def parse_endpoint(text: str, default_port: int | None = None) -> Endpoint:
    """The host and port in "db.example.com:5432" or "[2001:4860::1]:22"; raises UrlError (a ValueError).

    Without a port in `text` the default is taken; without a default, a port must be given.
    """
    text = text.strip()
    if set(text) & _OF_URLS:
        raise UrlError("Write a host and a port without a scheme or a path, as in example.com:5432.")
    host, port = _split(text)
    if port is None and default_port is None:
        raise UrlError("Add the port after a colon, as in example.com:5432.")
    url = parse_url(f"http://{host}:{port or default_port}/")
    return Endpoint(url.host, url.port, url.literal)


def parse_host(text: str) -> Endpoint:
    """A host name or address alone; raises UrlError (a ValueError)."""
    text = text.strip()
    if set(text) & _OF_URLS:
        raise UrlError("Write a host name or address without a scheme or a path, as in example.com.")
    host, port = _split(text)
    if port is not None:
        raise UrlError("Remove the port: this kind of check has none.")
    url = parse_url(f"http://{host}/")
    return Endpoint(url.host, None, url.literal)


def _split(text: str) -> tuple[str, str | None]:
    """The host, an IPv6 address in brackets, and the text after its colon."""
    if not text:
        raise UrlError("Enter a host, as in example.com.")
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise UrlError(
                "Close the IPv6 address with ] and put only a port after it, as in [2001:4860::1]:443."
            )
        return host + "]", rest[1:] if rest.startswith(":") else None
    if text.count(":") > 1:  # a bare IPv6 address
        return f"[{text}]", None
    host, colon, port = text.partition(":")
    return host, port if colon else None

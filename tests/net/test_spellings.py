"""Every way to write a host that must not be reached comes to what its table says, at every place where one is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from requests.exceptions import RequestException

from pulse.net.addresses import Policy
from pulse.net.endpoints import parse_endpoint, parse_host
from pulse.net.errors import AddressRefused, OutboundError
from pulse.net.session import outbound_session
from pulse.net.urls import Named, UrlError, join_url, parse_url, refused_literal
from tests.net.spellings import REFUSED, UNREADABLE, hosts, urls
from tests.resolver import DnsServer
from tests.targets import HttpTarget

BASE = parse_url("http://base.example/page")


def verdict(read: Callable[[str], Named], text: str) -> str:
    try:
        named = read(text)
    except UrlError:
        return UNREADABLE
    if named.literal is None:
        return named.host
    return REFUSED if refused_literal(named, Policy()) else f"allowed: {named.host}"


def test_there_are_as_many_as_attackers_know() -> None:
    assert len(hosts()) > 500
    assert len(dict(urls())) > 600


def test_url_is_read_as_its_table_says() -> None:
    assert {url: found for url, expected in urls() if (found := verdict(parse_url, url)) != expected} == {}


@pytest.mark.parametrize(
    "read", [parse_host, lambda host: parse_endpoint(f"{host}:80"), lambda host: parse_endpoint(host, 80)]
)
def test_host_is_read_as_in_a_url(read: Callable[[str], Named]) -> None:
    wrong = {
        host: found
        for host, expected in hosts().items()
        if (found := verdict(read, host)) != expected and host == host.strip()
    }

    assert wrong == {}


def test_redirect_leads_to_no_address_that_a_form_would_refuse() -> None:
    """White space in it is dropped, as browsers do, and what is no URL is a path; then the same rules hold."""
    wrong = {}
    for url, expected in urls():
        found = verdict(lambda location: join_url(BASE, location), url)
        if found != expected and (expected != UNREADABLE or found.startswith("allowed")):
            wrong[url] = found

    assert wrong == {}


def test_webhook_finds_no_way_inside() -> None:
    """What a form accepted is refused when it is connected to; what none accepts is not sent anywhere either."""
    every = [*urls()]
    with DnsServer() as dns, HttpTarget() as inside:
        for name in {expected for _, expected in every} - {REFUSED, UNREADABLE}:
            dns.answers(name, "127.0.0.1")
        every += [(f"http://{host}:{inside.port}/", expected) for host, expected in hosts().items()]
        session = outbound_session(Policy(), 3, nameservers=[dns.nameserver])
        for url, expected in every:
            if expected == UNREADABLE:
                with pytest.raises((OutboundError, RequestException, ValueError)):
                    session.get(url)
            else:
                with pytest.raises(AddressRefused):
                    session.get(str(parse_url(url)))

        assert inside.connections == 0

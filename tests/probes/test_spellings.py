"""No way to write an address leads inside, by whatever a check connects to: target, name server, proxy, registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from monitors.probes import PROBES
from monitors.probes.outcome import ErrorClass, Outcome
from pulse.fields import ConfigError
from pulse.net.addresses import Policy
from pulse.net.urls import UrlError
from tests.net.spellings import REFUSED, UNREADABLE, hosts, urls
from tests.probes.running import Probing
from tests.resolver import DnsServer
from tests.targets import HttpTarget

Door = Callable[
    [str], tuple[str, str, dict[str, Any]]
]  # from a host with a port to kind, target and settings

SIGN_IN = {"auth": "oauth2", "client_id": "a", "client_secret": "s3cret"}
DOORS: dict[str, Door] = {
    "http": lambda place: ("http", f"http://{place}/", {}),
    "https": lambda place: ("http", f"https://{place}/", {}),
    "websocket": lambda place: ("websocket", f"ws://{place}/", {}),
    "tcp": lambda place: ("tcp", place, {}),
    "tls": lambda place: ("tls", place, {}),
    "udp": lambda place: ("udp", place, {"send": "x"}),
    "smtp": lambda place: ("smtp", place, {"security": "none"}),
    "metrics": lambda place: ("metrics", f"http://{place}/", {"queries": ["up = up"]}),
    "ping": lambda place: ("icmp", place.rpartition(":")[0], {}),
    "resolver": lambda place: ("dns", "a.test", {"resolver": place}),
    "resolver over HTTPS": lambda place: ("dns", "a.test", {"resolver": place, "transport": "https"}),
    "proxy": lambda place: ("http", "http://example.com/", {"proxy": place}),
    "token URL": lambda place: ("http", "http://example.com/", {**SIGN_IN, "token_url": f"http://{place}/"}),
    "registry": lambda place: ("domain", "shop.test", {"rdap_server": f"http://{place}/"}),
}


@pytest.fixture(scope="module")
def probing() -> Iterator[Probing]:
    """Where the policy of a public installation holds, and every name leads inside."""
    with DnsServer() as dns, Probing(Policy(), [dns.nameserver]) as engine:
        for name in {*hosts().values(), *dict(urls()).values()} - {REFUSED, UNREADABLE}:
            dns.answers(name, "127.0.0.1")
        yield engine


def came_to(probing: Probing, kind: str, target: str, settings: dict[str, Any]) -> Outcome | None:
    """The outcome of a check, None where no form or script would have been able to save it."""
    try:
        if kind == "metrics":  # all others say themselves that they cannot read their target
            PROBES[kind].check_target(target)
        config = PROBES[kind].load(settings)
    except (ConfigError, UrlError):
        return None
    job = probing.job(target, config)
    job.kind = kind
    probing.engine.submit([job])
    return probing.next()[1]


@pytest.mark.parametrize("door", DOORS)
def test_no_spelling_of_a_host_leads_inside(probing: Probing, door: str) -> None:
    wrong = {}
    with HttpTarget() as inside:
        for host, expected in hosts().items():
            outcome = came_to(probing, *DOORS[door](f"{host}:{inside.port}"))
            if outcome is None or outcome.error is ErrorClass.INVALID_TARGET:
                found = UNREADABLE
            else:
                found = REFUSED if "refused to connect to" in outcome.detail else outcome.detail
            if found not in (expected, REFUSED):
                wrong[host] = found

        assert inside.connections == 0
    assert wrong == {}


def test_no_url_leads_inside_that_other_readers_take_for_another(probing: Probing) -> None:
    wrong = {
        url: outcome.detail
        for url, _ in urls()
        if (outcome := came_to(probing, "http", url, {}))
        and outcome.error not in (ErrorClass.INVALID_TARGET, ErrorClass.REFUSED_ADDRESS)
    }

    assert wrong == {}

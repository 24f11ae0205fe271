"""How checks that speak HTTP name Pulse and their monitor, and to whom they name only Pulse."""

from collections.abc import Iterator

import pytest

from tests.certificates import Authority
from tests.http2 import Http2Server
from tests.probes.asking import Asking
from tests.rdap import RdapServer
from tests.targets import HttpTarget

AGENT, MONITOR = BOTH = ("Pulse/9 (+https://pulse.test/about-checks)", "0190-abc")
METRICS = {"queries": ["up = up"]}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


def named(headers: dict[str, str]) -> tuple[str | None, str | None]:
    return headers.get("user-agent"), headers.get("pulse-monitor")


@pytest.mark.parametrize(
    ("kind", "scheme", "settings"),
    [("http", "http", {}), ("websocket", "ws", {}), ("metrics", "http", METRICS)],
)
def test_target_hears_who_asks_and_for_which_monitor(
    asking: Asking, kind: str, scheme: str, settings: dict[str, object]
) -> None:
    with HttpTarget() as target:
        url = target.url.replace("http", scheme)
        asking.ask(kind, url, settings, agent=AGENT, identity=MONITOR)
        asking.ask(kind, url, settings)

        tried = [named(request.headers) for request in target.requests]

    assert tried == [BOTH, ("Pulse (uptime monitor)", None)]


def test_name_server_asked_over_https_hears_both(asking: Asking, authority: Authority) -> None:
    with HttpTarget(tls=authority.server_context("127.0.0.1")) as target:
        resolver = {"resolver": f"127.0.0.1:{target.port}", "transport": "https"}
        asking.ask("dns", "a.test", resolver, agent=AGENT, identity=MONITOR)

        assert [named(request.headers) for request in target.requests] == [BOTH]


def test_grpc_server_hears_both_and_the_authority_of_the_settings(
    asking: Asking, authority: Authority
) -> None:
    with Http2Server(authority.server_context("127.0.0.1")) as server:
        asking.ask("grpc_health", server.place, {"authority": "orders.test"}, agent=AGENT, identity=MONITOR)
        asking.ask("grpc_health", server.place, {})

        first, second = server.requests
        place = server.place

    assert named(first) == BOTH
    assert named(second) == ("Pulse (uptime monitor)", None)
    assert (first[":authority"], second[":authority"]) == ("orders.test", place)


def test_a_user_agent_of_the_settings_takes_the_place_of_ours(asking: Asking) -> None:
    with HttpTarget() as target:
        asking.ask(
            "websocket",
            target.url.replace("http", "ws"),
            {"headers": {"User-Agent": "Mine/1"}},
            agent=AGENT,
            identity=MONITOR,
        )

        assert [named(request.headers) for request in target.requests] == [("Mine/1", MONITOR)]


def test_who_is_asked_once_for_many_monitors_hears_of_none(asking: Asking) -> None:
    with RdapServer() as registry:
        registry.knows("shop.test", "2100-01-01T00:00:00Z")
        asking.ask("domain", "shop.test", {"rdap_server": registry.url}, agent=AGENT, identity=MONITOR)
    with HttpTarget(body=b'{"access_token": "t"}') as issuer, HttpTarget() as target:
        sign_in = {"auth": "oauth2", "token_url": issuer.url, "client_id": "a", "client_secret": "s3cret"}
        asking.ask("http", target.url, sign_in, agent=AGENT, identity=MONITOR)

    [request] = issuer.requests
    assert [named(head) for head in registry.heads] == [(AGENT, None)]
    assert named(request.headers) == (AGENT, None)
    assert named(target.requests[0].headers) == BOTH

"""What the days of a chain and its issuer are: the same for HTTPS, for TLS, and for what begins with TLS."""

import json
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest

from monitors.probes.outcome import Outcome
from tests.certificates import Chain
from tests.peers.websocket import WebSocketPeer
from tests.probes.asking import Asking, facts, notes
from tests.talking import Talking, quiet
from tests.targets import HttpTarget

ISSUER = r"CN=R11,O=Let's Encrypt\, Inc.,C=US"
EARLY, LATE = 9, 59


def judged(outcome: Outcome) -> dict[str, object]:
    """By the name of its source: what each assertion found."""
    assert outcome.evidence is not None
    return {one["assertion"].split("]")[0][1:]: one["value"] for one in outcome.evidence()["assertions"]}


def days_of(outcome: Outcome) -> int:
    """What lists show."""
    assert outcome.ends is not None
    ends = outcome.ends()
    assert ends is not None
    return int((ends.timestamp() - time()) // 86_400)


@pytest.fixture
def hasty(tmp_path: Path) -> Chain:
    """Its intermediate ends before the server's own certificate does."""
    return Chain(tmp_path, own=60, intermediate=10)


@pytest.fixture
def asking(hasty: Chain) -> Iterator[Asking]:
    with Asking(ca_file=str(hasty.ca_file)) as engine:
        yield engine


LINES = {"assertions": ["[CERTIFICATE_DAYS] > 0", f"[ISSUER] == {json.dumps(ISSUER)}"]}


def test_https_counts_to_the_first_end_of_the_chain_and_writes_the_issuer_as_all_kinds(
    asking: Asking, hasty: Chain
) -> None:
    with HttpTarget(tls=hasty.context) as target:
        http = asking.ask("http", target.url, LINES)
        own = asking.ask("http", target.url, LINES | {"ca": hasty.ca_file.read_text()})
        blind = asking.ask("http", target.url, LINES | {"verify_tls": False})

    assert http.ok, http.detail
    assert judged(http) == judged(own) == {"CERTIFICATE_DAYS": EARLY, "ISSUER": ISSUER}
    assert (days_of(http), days_of(own), days_of(blind)) == (EARLY, EARLY, LATE)
    assert judged(blind) == {"CERTIFICATE_DAYS": LATE, "ISSUER": ISSUER}
    certificate = notes(http)["certificate"]
    assert (certificate["subject"], certificate["issuer"]) == ("127.0.0.1", ISSUER)
    assert [(one["subject"], one["days_left"]) for one in certificate["chain"]] == [
        ("127.0.0.1", LATE),
        ("R11", EARLY),
    ]


def test_tls_and_what_begins_with_it_count_the_same(asking: Asking, hasty: Chain) -> None:
    with Talking(quiet, hasty.context) as server:
        tls = asking.ask("tls", server.target, LINES)
        blind = asking.ask("tls", server.target, {"verify_tls": False})
    with WebSocketPeer(hasty.context) as peer:
        websocket = asking.ask("websocket", peer.at("/echo"))
        careless = asking.ask("websocket", peer.at("/echo"), {"verify_tls": False})

    assert judged(tls) == {"CERTIFICATE_DAYS": EARLY, "ISSUER": ISSUER}
    assert notes(tls)["tls"]["chain"][0]["subject"] == "127.0.0.1"
    assert facts(blind)["certificate_days"] == LATE
    assert facts(websocket)["certificate_days"] == EARLY
    assert facts(careless)["certificate_days"] == LATE
    assert [days_of(one) for one in (tls, blind, websocket, careless)] == [EARLY, LATE, EARLY, LATE]


def test_an_authority_s_old_certificate_that_a_server_sends_along_harms_nobody(tmp_path: Path) -> None:
    chain = Chain(tmp_path, own=60, intermediate=90, old_root=True)
    with Asking(ca_file=str(chain.ca_file)) as asking:
        with HttpTarget(tls=chain.context) as target:
            http = asking.ask("http", target.url, LINES)
        with Talking(quiet, chain.context) as server:
            tls = asking.ask("tls", server.target, LINES)

    assert judged(http)["CERTIFICATE_DAYS"] == judged(tls)["CERTIFICATE_DAYS"] == LATE


OWN, INTERMEDIATE = 0, 1


@pytest.mark.parametrize("trusted", [OWN, INTERMEDIATE])
@pytest.mark.parametrize("by_setting", [True, False])
def test_what_is_trusted_ends_a_chain_for_every_kind_though_it_is_no_root(
    tmp_path: Path, trusted: int, by_setting: bool
) -> None:
    chain = Chain(tmp_path, own=60, intermediate=90)
    pem = chain.sent[trusted]
    (tmp_path / "trusted.pem").write_text(pem)
    settings = LINES | ({"ca": pem} if by_setting else {})
    with Asking(ca_file=str(chain.ca_file if by_setting else tmp_path / "trusted.pem")) as asking:
        with HttpTarget(tls=chain.context) as target:
            http = asking.ask("http", target.url, settings)
        with Talking(quiet, chain.context) as server:
            tls = asking.ask("tls", server.target, settings)
            tcp = asking.ask("tcp", server.target, settings | {"security": "tls"})
        with WebSocketPeer(chain.context) as peer:
            websocket = asking.ask("websocket", peer.at("/echo"), {"ca": settings.get("ca", "")})

    found = (http, tls, tcp, websocket)
    assert [one.detail for one in found if not one.ok] == []
    assert [days_of(one) for one in found] == [LATE] * 4


def test_a_kept_connection_keeps_the_certificate_that_it_began_with(asking: Asking, hasty: Chain) -> None:
    with HttpTarget(tls=hasty.context, keep_alive=True) as target:
        found = [
            asking.ask("http", target.url, LINES | {"keep_connection": True}, identity="one")
            for _ in range(3)
        ]

    assert target.connections == 1
    assert [judged(outcome)["CERTIFICATE_DAYS"] for outcome in found] == [EARLY] * 3
    assert [days_of(outcome) for outcome in found] == [EARLY] * 3

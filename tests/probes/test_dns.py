"""The DNS check against a real Unbound on every transport."""

from collections.abc import Iterator

import pytest

from monitors.probes.dns import SETTINGS
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from tests.certificates import Authority
from tests.peers.unbound import KEY, UnboundPeer, unbound
from tests.probes.asking import Asking, facts, notes
from tests.resolver import DnsServer
from tests.talking import Talking, quiet


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[UnboundPeer]:
    with unbound(authority) as peer:
        yield peer


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with DnsServer() as own, Asking([own.nameserver], str(authority.ca_file)) as engine:
        own.answers("www.test", "192.0.2.1")
        yield engine


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls", "https"])
def test_each_transport_brings_the_records(asking: Asking, server: UnboundPeer, transport: str) -> None:
    settings = {"resolver": server.at(transport), "transport": transport, "expected": ["192.0.2.7"]}

    outcome = asking.ask("dns", "web.plain.test", settings)

    assert (outcome.ok, outcome.detail) == (True, "answered 2 A records")
    assert facts(outcome)["records"] == ["192.0.2.7", "192.0.2.8"]
    assert facts(outcome)["rcode"] == "NOERROR"
    assert outcome.address == "127.0.0.1"
    assert outcome.wait_us
    assert (outcome.tls_us is not None) == (transport in ("tls", "https"))
    assert notes(outcome)["dns"]["transport"] == transport


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("web.plain.test", "AAAA", "2001:DB8:0::7"),
        ("www.plain.test", "CNAME", "WEB.plain.test."),
        ("www.plain.test", "A", "192.0.2.8"),
        ("plain.test", "MX", "10 mail.plain.test"),
        ("plain.test", "MX", "other.plain.test"),
        ("plain.test", "NS", "ns.plain.test"),
        ("plain.test", "TXT", "v=spf1 -all; more"),
        ("plain.test", "CAA", '0 issue "letsencrypt.org"'),
        ("plain.test", "SOA", "ns.plain.test admin.plain.test 1 3600 600 86400 60"),
        ("_sip._tcp.plain.test", "SRV", "10 5 5060 sip.plain.test"),
        ("192.0.2.7", "PTR", "web.plain.test"),
    ],
)
def test_each_type_is_compared_as_people_write_it(
    asking: Asking, server: UnboundPeer, name: str, kind: str, expected: str
) -> None:
    settings = {"resolver": server.at("udp"), "record_type": kind, "expected": [expected]}

    outcome = asking.ask("dns", name, settings)

    assert outcome.ok, (outcome.detail, facts(outcome))


@pytest.mark.parametrize(
    ("mode", "expected", "detail"),
    [
        ("any", ["192.0.2.9"], "none of the expected records is among 2 A records"),
        ("all", ["192.0.2.7", "192.0.2.9"], "2 A records, but 192.0.2.9 is missing"),
        ("exactly", ["192.0.2.7"], "2 A records, among them 192.0.2.8, not expected"),
        ("all", ["192.0.2.7"], ""),
        ("exactly", ["192.0.2.8", "192.0.2.7"], ""),
        ("any", ["192.0.2.9", "192.0.2.8"], ""),
    ],
)
def test_any_all_or_exactly(
    asking: Asking, server: UnboundPeer, mode: str, expected: list[str], detail: str
) -> None:
    settings = {"resolver": server.at("udp"), "expected_mode": mode, "expected": expected}

    outcome = asking.ask("dns", "web.plain.test", settings)

    if detail:
        assert (outcome.ok, outcome.error, outcome.detail) == (False, ErrorClass.UNEXPECTED_ANSWER, detail)
    else:
        assert outcome.ok


def test_name_that_must_not_exist(asking: Asking, server: UnboundPeer) -> None:
    gone = asking.ask("dns", "gone.plain.test", {"resolver": server.at("udp")})
    wanted = asking.ask("dns", "gone.plain.test", {"resolver": server.at("udp"), "rcode": "NXDOMAIN"})
    empty = asking.ask("dns", "ns.plain.test", {"resolver": server.at("udp"), "record_type": "AAAA"})
    either = {"resolver": server.at("udp"), "rcode": "any", "expected": ["192.0.2.7"]}
    lost = asking.ask("dns", "gone.plain.test", either)

    assert (gone.ok, gone.detail) == (False, "the name server answered NXDOMAIN, expected NOERROR")
    assert (wanted.ok, wanted.detail) == (True, "answered NXDOMAIN")
    assert (empty.ok, empty.detail) == (False, "there is no AAAA record")
    assert (lost.ok, lost.detail) == (False, "there is no A record")


@pytest.mark.parametrize(
    ("name", "settings", "lines", "detail"),
    [
        ("gone.plain.test", {}, ["[DNS_RCODE] == NXDOMAIN"], "answered NXDOMAIN"),
        ("gone.plain.test", {}, ["[RCODE] in NOERROR, NXDOMAIN"], "answered NXDOMAIN"),
        ("ns.plain.test", {"record_type": "AAAA"}, ["len([RECORDS]) == 0"], "answered 0 AAAA records"),
        ("web.plain.test", {}, ["[RCODE] == NXDOMAIN"], ""),
        ("gone.plain.test", {"rcode": "SERVFAIL"}, ["[RCODE] == NXDOMAIN"], ""),
    ],
)
def test_an_assertion_takes_the_place_of_the_rule_that_nobody_chose(
    asking: Asking, server: UnboundPeer, name: str, settings: dict[str, str], lines: list[str], detail: str
) -> None:
    outcome = asking.ask("dns", name, {"resolver": server.at("udp"), "assertions": lines, **settings})

    assert outcome.ok is bool(detail)
    assert not detail or outcome.detail == detail


@pytest.mark.parametrize("kind", ["A", "TXT", "MX"])
def test_only_ptr_is_asked_about_an_address(asking: Asking, server: UnboundPeer, kind: str) -> None:
    outcome = asking.ask("dns", "192.0.2.7", {"resolver": server.at("udp"), "record_type": kind})

    assert (outcome.ok, outcome.error) == (False, ErrorClass.INVALID_TARGET)
    assert outcome.detail == f"Write a name: it has {kind} records, an address has PTR records only."


def test_dnssec_wants_a_validated_answer(asking: Asking, server: UnboundPeer) -> None:
    settings = {"resolver": server.at("udp"), "dnssec": True}

    signed = asking.ask("dns", "web.signed.test", settings)
    plain = asking.ask("dns", "web.plain.test", settings)

    assert signed.ok, signed.detail
    assert "AD" in notes(signed)["dns"]["flags"]
    assert (plain.ok, plain.detail) == (False, "the resolver did not validate the answer (no AD flag)")


def test_answer_too_long_for_udp_is_fetched_by_tcp(asking: Asking, server: UnboundPeer) -> None:
    outcome = asking.ask("dns", "long.plain.test", {"resolver": server.at("udp"), "record_type": "TXT"})

    assert outcome.ok
    assert notes(outcome)["dns"]["transport"] == "tcp, because it was cut off over udp"


@pytest.mark.parametrize(
    "settings",
    [{"expected": [KEY], "expected_mode": "exactly"}, {"assertions": [f"[RECORDS] contains {KEY}"]}],
)
def test_long_key_is_compared_whole(asking: Asking, server: UnboundPeer, settings: dict[str, object]) -> None:
    asked = {"resolver": server.at("udp"), "record_type": "TXT", **settings}

    good = asking.ask("dns", "key.plain.test", asked)
    long = asking.ask("dns", "long.plain.test", asked)

    assert good.ok, good.detail
    assert facts(good)["records"] == [KEY]
    assert (long.ok, len(facts(long)["records"][0])) == (False, 1000)


def test_assertions_on_records(asking: Asking, server: UnboundPeer) -> None:
    lines = [
        "[RECORDS] contains 192.0.2.7",
        "[DNS_RCODE] == NOERROR",
        "len([RECORDS]) == 2",
        "[IP] == 127.0.0.1",
    ]

    outcome = asking.ask("dns", "web.plain.test", {"resolver": server.at("udp"), "assertions": lines})

    assert outcome.ok, outcome.detail


def test_without_a_resolver_the_machine_s_own_is_asked(asking: Asking) -> None:
    outcome = asking.ask("dns", "www.test", {"expected": ["192.0.2.1"]})

    assert outcome.ok, outcome.detail


def test_resolver_that_policy_forbids_is_never_asked(asking: Asking) -> None:
    outcome = asking.ask("dns", "www.test", {"resolver": "10.0.0.1"})

    assert (outcome.ok, outcome.error) == (False, ErrorClass.REFUSED_ADDRESS)


def test_certificate_of_the_resolver_is_verified(
    asking: Asking, server: UnboundPeer, authority: Authority
) -> None:
    context = authority.server_context("other.test", days_left=60)
    with Talking(quiet, context) as stranger:
        tls = asking.ask("dns", "a.test", {"resolver": stranger.target, "transport": "tls"})
        https = asking.ask("dns", "a.test", {"resolver": stranger.target, "transport": "https"})

    assert (tls.error, https.error) == (ErrorClass.TLS_HOSTNAME_MISMATCH, ErrorClass.TLS_HOSTNAME_MISMATCH)


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"transport": "tls"}, "/resolver"),
        ({"expected_mode": "all"}, "/expected"),
        ({"resolver": "https://dns.test"}, "/resolver"),
        ({"doh_path": "query"}, "/doh_path"),
        ({"record_type": "ANY"}, "/record_type"),
    ],
)
def test_wrong_setting_is_named(settings: dict[str, object], pointer: str) -> None:
    with pytest.raises(ConfigError) as complaint:
        SETTINGS.load(settings)

    assert complaint.value.errors[0][0] == pointer


@pytest.mark.parametrize(
    "settings",
    [
        {"expected": ["192.0.2.7"], "rcode": "NXDOMAIN"},
        {"expected": ["192.0.2.7", "web.test"]},
        {"expected": ["192.0.2.7"], "record_type": "AAAA"},
    ],
)
def test_what_could_never_come_is_refused_when_it_is_saved_and_not_later(settings: dict[str, object]) -> None:
    saved = SETTINGS.load(settings)

    with pytest.raises(ConfigError) as complaint:
        SETTINGS.accept(saved)

    assert complaint.value.errors[0][0] == "/expected"

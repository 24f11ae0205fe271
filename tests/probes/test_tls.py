"""Certificates good and bad, on real servers, at once and after STARTTLS."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from monitors.probes.outcome import ErrorClass
from monitors.probes.tls import SETTINGS
from pulse.fields import ConfigError
from tests.certificates import Authority
from tests.peers.dovecot import dovecot
from tests.peers.mariadb import mariadb
from tests.peers.postgres import postgres
from tests.peers.smtp import SmtpPeer
from tests.peers.tls_front import TlsFront
from tests.probes.asking import Asking, facts, notes
from tests.resolver import DnsServer
from tests.talking import Talking, quiet


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with DnsServer() as dns, Asking([dns.nameserver], str(authority.ca_file)) as engine:
        dns.answers("shop.test", "127.0.0.1")
        yield engine


def test_good_certificate_is_up_with_its_facts(asking: Asking, authority: Authority) -> None:
    with Talking(quiet, authority.server_context("shop.test", "127.0.0.1", days_left=60)) as server:
        outcome = asking.ask("tls", f"shop.test:{server.port}")

    assert (outcome.ok, outcome.soft, outcome.error) == (True, False, ErrorClass.NONE)
    assert outcome.detail == "TLSv1.3, the certificate expires in 59 days"
    assert None not in (outcome.dns_us, outcome.connect_us, outcome.tls_us)
    assert facts(outcome)["certificate_days"] == 59
    assert outcome.ends is not None
    assert f"{outcome.ends()}" == notes(outcome)["tls"]["chain"][0]["not_after"].replace("T", " ")
    assert facts(outcome)["issuer"] == "CN=Test authority"
    tls = notes(outcome)["tls"]
    own = tls["chain"][0]
    assert tls["version"] == "TLSv1.3"
    assert (own["subject"], own["names"]) == ("shop.test", ["shop.test", "127.0.0.1"])
    assert (own["key"], own["days_left"]) == ("EC secp256r1", 59)
    assert own["serial"]
    assert "SHA256" in own["signature"]


def test_certificate_that_ends_soon_is_degraded_then_down(asking: Asking, authority: Authority) -> None:
    with Talking(quiet, authority.server_context("127.0.0.1", days_left=10)) as server:
        soon = asking.ask("tls", server.target)
        very_soon = asking.ask("tls", server.target, {"fail_days": 10, "warn_days": 20})
        asserted = asking.ask(
            "tls", server.target, {"warn_days": 5, "assertions": ["[CERTIFICATE_EXPIRATION] > 240h"]}
        )

    assert (soon.ok, soon.soft, soon.error) == (True, True, ErrorClass.EXPIRES_SOON)
    assert soon.detail == "the certificate expires in 9 days, limit 14"
    assert (very_soon.ok, very_soon.error) == (False, ErrorClass.EXPIRES_SOON)
    assert (asserted.ok, asserted.error) == (False, ErrorClass.ASSERTION_FAILED)
    assert asserted.detail == "[CERTIFICATE_DAYS] >= 10 failed: it was 9"


@pytest.mark.parametrize(
    ("names", "days", "error"),
    [
        (["127.0.0.1"], -1, ErrorClass.TLS_CERTIFICATE_EXPIRED),
        (["other.test"], 60, ErrorClass.TLS_HOSTNAME_MISMATCH),
    ],
)
def test_refused_certificate_is_down_and_shown(
    asking: Asking, authority: Authority, names: list[str], days: int, error: ErrorClass
) -> None:
    with Talking(quiet, authority.server_context(*names, days_left=days)) as server:
        outcome = asking.ask("tls", server.target)

    assert (outcome.ok, outcome.error) == (False, error)
    assert notes(outcome)["tls"]["chain"][0]["subject"] == names[0]
    assert facts(outcome)["certificate_days"] == days - 1


def test_certificate_of_a_stranger_is_untrusted_unless_told_otherwise(asking: Asking, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    with Talking(quiet, stranger.server_context("127.0.0.1", days_left=60)) as server:
        refused = asking.ask("tls", server.target)
        own = asking.ask("tls", server.target, {"ca": stranger.ca_file.read_text()})
        blind = asking.ask("tls", server.target, {"verify_tls": False})

    assert (refused.ok, refused.error) == (False, ErrorClass.TLS_UNTRUSTED)
    assert own.ok
    assert blind.ok


def test_expired_certificate_is_down_even_where_nothing_is_verified(
    asking: Asking, authority: Authority
) -> None:
    with Talking(quiet, authority.server_context("127.0.0.1", days_left=-3)) as server:
        outcome = asking.ask("tls", server.target, {"verify_tls": False})

    assert (outcome.ok, outcome.error) == (False, ErrorClass.TLS_CERTIFICATE_EXPIRED)
    assert outcome.detail == "the certificate has expired"


def test_server_name_is_sent_and_looked_for(asking: Asking, authority: Authority) -> None:
    with Talking(quiet, authority.server_context("mail.test", days_left=60)) as server:
        outcome = asking.ask("tls", server.target, {"server_name": "MAIL.test"})

    assert outcome.ok


def test_change_of_issuer_or_certificate_is_down(asking: Asking, authority: Authority) -> None:
    with Talking(quiet, authority.server_context("127.0.0.1", days_left=60)) as server:
        fingerprint = notes(asking.ask("tls", server.target))["tls"]["chain"][0]["sha256"]
        as_pinned = {"issuer": "CN=Test", "fingerprint": fingerprint.upper()}
        good = asking.ask("tls", server.target, as_pinned)
        other_issuer = asking.ask("tls", server.target, {"issuer": "Let's Encrypt"})
        other = asking.ask("tls", server.target, {"fingerprint": ":".join(["00"] * 32)})

    assert good.ok
    assert (other_issuer.ok, other_issuer.error) == (False, ErrorClass.TLS_UNTRUSTED)
    assert other_issuer.detail == "the certificate's issuer is CN=Test authority, not as expected"
    assert (other.ok, other.error) == (False, ErrorClass.TLS_UNTRUSTED)


def test_older_version_than_wanted_is_down(asking: Asking, authority: Authority) -> None:
    context = authority.server_context("127.0.0.1", days_left=60)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with Talking(quiet, context) as server:
        outcome = asking.ask("tls", server.target, {"minimum_tls": "1.3"})
        accepted = asking.ask("tls", server.target)

    assert (outcome.ok, outcome.error) == (False, ErrorClass.TLS_FAILED)
    assert outcome.detail == "the server speaks TLSv1.2, expected TLS 1.3"
    assert accepted.ok


def test_server_without_tls_and_one_that_hangs_end_in_time(asking: Asking) -> None:
    def readable(connection: socket.socket) -> None:
        connection.sendall(b"220 welcome\r\n")
        quiet(connection)

    with Talking(readable) as server:
        plain = asking.ask("tls", server.target)
    with Talking(quiet) as server:
        began = monotonic()
        hanging = asking.ask("tls", server.target, timeout_s=0.3)

    assert (plain.ok, plain.error) == (False, ErrorClass.TLS_FAILED)
    assert (hanging.ok, hanging.error) == (False, ErrorClass.TIMEOUT)
    assert monotonic() - began < 3  # of 5 without its own limit


def test_starttls_of_real_servers(asking: Asking, authority: Authority, tmp_path: Path) -> None:
    context = authority.server_context("127.0.0.1", days_left=60)
    mail = SmtpPeer(starttls=context)
    mail.start()
    try:
        smtp = asking.ask("tls", mail.target, {"security": "smtp"})
    finally:
        mail.stop()
    with dovecot(authority) as peer:
        imap = asking.ask("tls", peer.at(peer.imap), {"security": "imap", "warn_days": 5})
        pop3 = asking.ask("tls", peer.at(peer.pop3), {"security": "pop3", "warn_days": 5})
    with mariadb(tmp_path, authority) as database:
        mysql = asking.ask("tls", database.target, {"security": "mysql", "warn_days": 5})

    assert [one.detail for one in (smtp, imap, pop3, mysql) if not one.ok or one.soft] == []


def test_starttls_of_postgresql(
    asking: Asking, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with postgres(tmp_path_factory.mktemp("postgres")) as peer:
        context = authority.server_context("127.0.0.1", days_left=60)
        with TlsFront(context, peer.port, asked=8, answer=b"S") as front:
            secured = asking.ask("tls", f"127.0.0.1:{front.port}", {"security": "postgresql"})
        refused = asking.ask("tls", peer.target, {"security": "postgresql"})

    assert secured.ok
    assert (refused.ok, refused.error) == (False, ErrorClass.TLS_FAILED)
    assert refused.detail == "127.0.0.1 does not offer TLS in the way of PostgreSQL"


def test_readable_bytes_smuggled_in_before_tls_are_refused(asking: Asking) -> None:
    def smuggler(connection: socket.socket) -> None:
        connection.sendall(b"+OK\r\n")
        connection.recv(100)
        connection.sendall(b"+OK\r\n+OK welcome\r\n")
        quiet(connection)

    with Talking(smuggler) as server:
        outcome = asking.ask("tls", server.target, {"security": "pop3"})

    assert (outcome.ok, outcome.error) == (False, ErrorClass.TLS_FAILED)
    assert outcome.detail == "127.0.0.1 sent something readable where TLS had to begin"


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"fingerprint": "abc"}, "/fingerprint"),
        ({"server_name": "https://a"}, "/server_name"),
        ({"ca": "no pem"}, "/ca"),
        ({"warn_days": 3, "fail_days": 7}, "/warn_days"),
        ({"assertions": ["[STATUS] == 200"]}, "/assertions"),
    ],
)
def test_wrong_setting_is_named(settings: dict[str, object], pointer: str) -> None:
    with pytest.raises(ConfigError) as complaint:
        SETTINGS.load(settings)

    assert complaint.value.errors[0][0] == pointer

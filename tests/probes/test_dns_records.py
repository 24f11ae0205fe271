"""DNS names and records are compared as people write them."""

from time import thread_time

import dns.rdata
import pytest

from monitors.probes.dns import SETTINGS
from monitors.probes.dns_records import excerpts, missing_and_other, parse_name, values, wanted_of
from pulse.net.urls import parse_url


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Example.COM.", "example.com"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        # By the rules of 2003 these two would be strasse.de and fass.de, which are somebody else's.
        ("_dmarc.straße.de", "_dmarc.xn--strae-oqa.de"),
        ("FAß.de", "xn--fa-hia.de"),
        ("日本語。jp", "xn--wgv71a119e.jp"),
        ("*.example.com", "*.example.com"),
        ("2001:db8::0:7", "2001:db8::7"),
    ],
)
def test_name_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert str(parse_name(typed)) == stored


@pytest.mark.parametrize(
    "typed", ["", "https://a.test", "a.test/x", "a..b", "x" * 64 + ".test", "a b", "☃.test"]
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="Write"):
        parse_name(typed)


@pytest.mark.parametrize("host", ["straße.de", "bücher.example", "\uff26\uff2f\uff2f.example", "日本語。jp"])
def test_a_name_is_the_same_to_a_website_and_to_a_look_up(host: str) -> None:
    assert str(parse_name(host)) == parse_url(f"https://{host}/").host


def test_zone_id_is_refused_like_everywhere() -> None:
    with pytest.raises(ValueError, match="Remove the zone id"):
        parse_name("fe80::1%eth0")


@pytest.mark.parametrize(
    ("kind", "expected", "came", "missing", "other"),
    [
        ("AAAA", ["2001:DB8:0::7"], ["2001:db8::7"], [], []),
        ("AAAA", ["2001:db8::7", "::8"], ["2001:db8::7"], ["::8"], []),
        ("A", ["192.0.2.1"], ["192.0.2.1", "192.0.2.2"], [], ["192.0.2.2"]),
        ("A", ["no address"], ["192.0.2.1"], ["no address"], ["192.0.2.1"]),
        ("MX", ["mail.test"], ["10 mail.test", "20 other.test"], [], ["20 other.test"]),
        ("MX", ["10 MAIL.test.", "30 mail.test"], ["10 mail.test"], ["30 mail.test"], []),
        ("SRV", ["host.test."], ["1 2 53 host.test"], [], []),
        ("TXT", ['"v=spf1 -all"'], ["v=spf1 -all"], [], []),
        ("TXT", ["'x'"], ["x"], ["'x'"], ["x"]),
        ("TXT", [' "x" '], ['"x"', "x"], [], ['"x"']),
        ("TXT", ['"x"'], ['"x"'], [], []),
        ("CAA", ["0 issue ca.test"], ['0 issue "ca.test"'], [], []),
        ("CNAME", ["WEB.test."], ["web.test"], [], []),
        ("CNAME", ["Straße.test"], ["xn--strae-oqa.test"], [], []),
        ("MX", ["10 bücher.test."], ["10 xn--bcher-kva.test"], [], []),
        ("NS", ["..ä"], ["ns.test"], ["..ä"], ["ns.test"]),
        ("NS", [], ["ns.test"], [], ["ns.test"]),
    ],
)
def test_expected_records_are_found_as_their_owners_write_them(
    kind: str, expected: list[str], came: list[str], missing: list[str], other: list[str]
) -> None:
    assert missing_and_other(kind, wanted_of(kind, expected), came) == (missing, other)


def text_record(text: str) -> dns.rdata.Rdata:
    """As a name server has it: in strings of at most 255 bytes."""
    pieces = [f'"{text[at : at + 250]}"' for at in range(0, len(text), 250)]
    return dns.rdata.from_text("IN", "TXT", " ".join(pieces))


@pytest.mark.parametrize(
    ("came", "compared", "shown"),
    [
        (["k" * 750], ["k" * 750], ["k" * 750]),
        (["k" * 750, "k" * 750], ["k" * 750], ["k" * 750]),
        (["k" * 600 + "a", "k" * 600 + "b"], ["k" * 600 + "a", "k" * 600 + "b"], ["k" * 600 + "a", "k" * 600 + "b"]),
        (["k" * 1500], ["k" * 1500], ["k" * 999 + "…"]),
        (["k" * 5000 + "a", "k" * 5000 + "b"], ["k" * 4096] * 2, ["k" * 999 + "…"] * 2),
    ],
)  # fmt: skip
def test_long_records_are_told_apart_and_cut_only_where_they_are_shown(
    came: list[str], compared: list[str], shown: list[str]
) -> None:
    found = values(map(text_record, came))

    assert found == compared
    assert excerpts(found) == shown


def test_many_addresses_are_each_read_once() -> None:
    """Reading one takes some microseconds: held against each other two by two, these took a third of a second."""
    expected = [f"2001:db8::{number:x}" for number in range(50)]
    came = [f"2001:db8:1::{number:x}" for number in range(200)]
    began = thread_time()

    missing, other = missing_and_other("AAAA", wanted_of("AAAA", expected), came)

    assert thread_time() - began < 0.1
    assert (len(missing), len(other)) == (50, 200)


def test_names_in_other_scripts_are_read_once_and_not_at_each_check() -> None:
    """Fifty lines of them take a fifth of a second, for which nobody else's check would go on."""
    config = SETTINGS.load(
        {"record_type": "CNAME", "expected": [f"{'é.' * 490}{number}" for number in range(50)]}
    )
    assert len(config.wanted) == 50
    began = thread_time()

    for _ in range(10):
        missing, _ = missing_and_other("CNAME", config.wanted, ["a.example"])

    assert thread_time() - began < 0.1
    assert len(missing) == 50

"""The address policy: every family of addresses that must not be reached, and the ways to write them."""

import re
from ipaddress import ip_address

import pytest

from pulse.net.addresses import METADATA, Policy, parse_networks

PUBLIC_ONLY = Policy()
LOCAL = Policy(allow=parse_networks("127.0.0.0/8, ::1, 10.0.0.0/8, 192.168.0.0/16, 100.64.0.0/10, fd00::/8"))
EVERYTHING = Policy(allow=parse_networks("0.0.0.0/0 ::/0"))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "93.184.216.34",
        "172.32.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_public_address_is_allowed(address: str) -> None:
    assert PUBLIC_ONLY.verdict(address) is None


@pytest.mark.parametrize(
    "address",
    [
        # IPv4 special ranges, their first and last addresses
        *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255"),
        *("127.0.0.1", "127.255.255.255", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
        *("192.0.0.1", "192.0.0.8", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1"),
        *("198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
        *("255.255.255.255", "168.63.129.16", "100.100.100.200"),
        # IPv6 special ranges
        *(
            "::",
            "::1",
            "100::1",
            "2001:db8::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "3fff::1",
            "5f00::1",
        ),
        *("fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1"),
        *("4000::1", "8000::1", "1::1", "64:ff9a::1"),
        # IPv4 inside IPv6: mapped, compatible, translated, NAT64 of both kinds, 6to4, Teredo
        *(
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:a9fe:a9fe",
            "::127.0.0.1",
            "::10.1.2.3",
            "::8.8.8.8",
        ),
        *("::ffff:0:127.0.0.1", "::ffff:0:169.254.169.254", "::ffff:0:8.8.8.8"),
        *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b::100.64.0.1"),
        *("64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "64:ff9b:1:7f00:0:100::"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::", "2002:808:808::1", "2001:0:808:808::f5ff:fffe", "2001::1"),
        # no plain address at all
        *("fe80::1%eth0", "2606:4700::1111%1", "example.com", "127.1", "0177.0.0.1", "2130706433", ""),
    ],
)
def test_everything_else_is_refused_with_a_reason(address: str) -> None:
    assert PUBLIC_ONLY.verdict(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.9.8.7",
        "192.168.1.1",
        "100.64.0.1",
        "fd12::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
    ],
)
def test_operator_can_allow_private_space(address: str) -> None:
    assert LOCAL.verdict(address) is None


@pytest.mark.parametrize(
    "address", ["169.254.1.1", "172.16.0.1", "fe80::1", "::127.0.0.1", "2002:7f00:1::", "0.0.0.0"]
)
def test_what_the_operator_did_not_name_stays_refused(address: str) -> None:
    assert LOCAL.verdict(address)


@pytest.mark.parametrize(
    "address",
    [
        *sorted(map(str, METADATA)),
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::",
        "::169.254.169.254",
    ],
)
def test_cloud_metadata_is_refused_whatever_is_allowed(address: str) -> None:
    assert EVERYTHING.verdict(address) == "it is a cloud metadata address"


def test_verdict_takes_address_objects() -> None:
    assert PUBLIC_ONLY.verdict(ip_address("10.0.0.1")) == "it is a private address"


def test_reason_names_the_embedded_address() -> None:
    assert PUBLIC_ONLY.verdict("64:ff9b::7f00:1") == "it stands for 127.0.0.1, and it is a loopback address"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10.0.0.1/8", "'10.0.0.1/8' is not an address range; write 10.0.0.0/8 if that is what you mean"),
        ("10.0.0.0/8, home", "'home' is not an address range; write ranges like 10.0.0.0/8 or ::1"),
        ("10.0.0.0/33", "'10.0.0.0/33' is not an address range"),
    ],
)
def test_wrong_range_is_named_with_its_remedy(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_networks(text)


def test_no_ranges_are_no_ranges() -> None:
    assert parse_networks("") == parse_networks(" , ") == ()

"""Checks of Pingdom as monitors of ours: what is carried over, and what is said to stay behind."""

from __future__ import annotations

from typing import Any

import pytest

from monitors.pingdom.translating import translate

BASE = {"id": 7, "name": "Shop", "hostname": "shop.example.com", "resolution": 5, "status": "up"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"http": {"url": "/", "encryption": False, "port": 80}},
         {"kind": "http", "target": "http://shop.example.com/", "config": {}}),
        ({"http": {"url": "cart", "encryption": True, "port": 443}},
         {"kind": "http", "target": "https://shop.example.com/cart", "config": {}}),
        ({"http": {"url": "/a", "encryption": True, "port": 8443, "verify_certificate": False, "postdata": "a=1",
                   "requestheaders": {"User-Agent": "Pingdom.com_bot", "X-A": "1"}, "shouldnotcontain": "error",
                   "responsetime_threshold": 500, "ssl_down_days_before": 7}},
         {"kind": "http", "target": "https://shop.example.com:8443/a", "config": {
             "headers": {"X-A": "1"}, "method": "POST", "body_type": "form", "body": "a=1", "verify_tls": False,
             "assertions": [
                 {"source": "body", "operator": "not_contains", "expected": "error"},
                 {"source": "response_time", "operator": "at_most", "expected": 500, "soft": True},
                 {"source": "certificate_days", "operator": "more", "expected": 7}]}}),
        ({"tcp": {"port": 22, "stringtosend": "", "stringtoexpect": "SSH"}},
         {"kind": "tcp", "target": "shop.example.com:22", "config": {"expect": "SSH"}}),
        ({"udp": {"port": 123, "stringtosend": "x", "stringtoexpect": "y"}},
         {"kind": "udp", "target": "shop.example.com:123", "config": {"send": "x", "expect": "y"}}),
        ({"ping": {}}, {"kind": "icmp", "target": "shop.example.com", "config": {}}),
        ({"dns": {"expectedip": "2001:db8::7", "nameserver": "ns1.example.com"}},
         {"kind": "dns", "target": "shop.example.com",
          "config": {"record_type": "AAAA", "expected": ["2001:db8::7"], "resolver": "ns1.example.com"}}),
        ({"imap": {"port": 993, "encryption": True}},
         {"kind": "imap", "target": "shop.example.com:993", "config": {"security": "tls"}}),
        ({"smtp": {"encryption": False}},
         {"kind": "smtp", "target": "shop.example.com:25", "config": {"security": "none"}}),
    ],
)  # fmt: skip
def test_a_check_becomes_the_monitor_that_looks_at_the_same(
    kind: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = translate({**BASE, "type": kind})

    assert found.definition is not None
    assert {name: found.definition[name] for name in expected} == expected
    assert (found.definition["interval_seconds"], found.definition["enabled"]) == (300, True)
    assert found.notes == ()


def test_what_cannot_come_along_is_said() -> None:
    http = {"http": {"url": "/", "encryption": True, "username": "joe", "password": "x"}}
    found = translate({**BASE, "type": http, "probe_filters": ["region: EU"], "status": "paused"})

    assert found.notes == ("its password: enter it in the monitor", "from where it is checked")
    assert found.definition is not None
    assert found.definition["enabled"] is False
    assert "x" not in str(found.definition["config"]).replace("example", "")


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ({**BASE, "type": {"transaction": {}}}, "There is no kind like Pingdom's transaction."),
        ({**BASE, "type": "httpcustom"}, "There is no kind like Pingdom's httpcustom."),
        ({**BASE, "type": None}, "There is no kind like Pingdom's unknown one."),
        ({"id": "7", "type": {"ping": {}}}, "It has no host name."),
        ({}, "There is no kind like Pingdom's unknown one."),
    ],
)
def test_what_cannot_be_a_monitor_says_why(check: dict[str, Any], problem: str) -> None:
    found = translate(check)

    assert (found.definition, found.problem) == (None, problem)


def test_tags_and_names_fit_ours() -> None:
    tags = [{"name": f"t{number}"} for number in range(30)] + [{"name": ""}, 7]
    found = translate({**BASE, "name": "n" * 300, "tags": tags, "type": {"ping": {}}, "resolution": 10**12})

    assert found.definition is not None
    assert (len(found.definition["name"]), len(found.definition["tags"])) == (120, 20)
    assert found.definition["interval_seconds"] == 60

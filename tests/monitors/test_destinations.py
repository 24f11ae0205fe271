"""Settings that name another destination: a private address is refused when it is saved, as a target is."""

from __future__ import annotations

from typing import Any

import pytest

from monitors import definition
from monitors.probes import PROBES
from monitors.telemetry.specs import destination
from tests.api.making import make_monitor, pointers
from tests.monitors.making import make

# (kind, target, setting, how a host is written there, what goes with it)
PLACES = [
    ("http", "https://example.com/", "proxy", "{}:3128", {}),
    ("http", "https://example.com/", "token_url", "http://{}/token",
     {"auth": "oauth2", "client_id": "a", "client_secret": "b"}),
    ("dns", "example.com", "resolver", "{}", {}),
    ("dns", "example.com", "resolver", "{}:853", {"transport": "https"}),
    ("domain", "example.com", "rdap_server", "https://{}/rdap", {}),
]  # fmt: skip
PRIVATE = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]",
           "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "0.0.0.0", "224.0.0.1", "168.63.129.16"]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_private_targets(settings: Any) -> None:
    settings.PULSE_ALLOW_PRIVATE_TARGETS = ""


def test_every_such_setting_is_tried_here() -> None:
    named = {(kind, name) for kind, probe in PROBES.items() for name in probe.settings.destinations}

    assert named == {(kind, name) for kind, _, name, _, _ in PLACES}


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize(("kind", "target", "name", "written", "more"), PLACES)
def test_a_private_address_is_refused(
    api: Any, kind: str, target: str, name: str, written: str, more: dict[str, Any], address: str
) -> None:
    config = more | {name: written.format(address)}

    answer = api.post(
        "monitors", {"name": "a", "kind": kind, "target": target, "interval_seconds": 3600, "config": config}
    )

    assert pointers(answer) == [f"/config/{name}"]
    assert "does not connect to" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    "address", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "①②⑦.⓪.⓪.①", "127。0。0。1"]
)
@pytest.mark.parametrize(("kind", "target", "name", "written", "more"), PLACES)
def test_an_odd_way_to_write_one_is_refused_too(
    api: Any, kind: str, target: str, name: str, written: str, more: dict[str, Any], address: str
) -> None:
    config = more | {name: written.format(address)}

    answer = api.post(
        "monitors", {"name": "a", "kind": kind, "target": target, "interval_seconds": 3600, "config": config}
    )

    assert pointers(answer) == [f"/config/{name}"]


def test_a_public_name_or_address_is_taken(api: Any) -> None:
    made = make_monitor(api, kind="dns", target="example.com", config={"resolver": "1.1.1.1"})

    assert made["config"]["resolver"] == "1.1.1.1"
    assert make_monitor(api, config={"proxy": "proxy.example.com:3128"})


def test_the_form_says_so_at_the_field(as_alice: Any) -> None:
    answer = as_alice.post(
        "/o/acme/monitors/new/?kind=dns",
        {
            "kind": "dns",
            "name": "a",
            "target": "example.com",
            "dns_resolver": "10.0.0.1",
            "resolver": "10.0.0.1",
        },
    )

    assert answer.status_code == 422
    assert "does not connect to 10.0.0.1" in answer.content.decode()


def test_one_that_was_allowed_once_hinders_no_other_change(acme: Any, api: Any, settings: Any) -> None:
    settings.PULSE_ALLOW_PRIVATE_TARGETS = "10.0.0.0/8"
    monitor = make(acme, kind="dns", target="example.com", config={"resolver": "10.0.0.1"})
    settings.PULSE_ALLOW_PRIVATE_TARGETS = ""

    assert api.patch(f"monitors/{monitor.pk}", {"name": "renamed"}).status_code == 200
    assert pointers(api.patch(f"monitors/{monitor.pk}", {"config": monitor.config})) == ["/config/resolver"]


def test_the_policy_is_the_one_of_targets() -> None:
    assert definition.target_policy().allow == ()


@pytest.mark.parametrize(
    ("kind", "target", "config", "expected"),
    [
        ("http", "https://shop.test/cart", {}, "https://shop.test"),
        ("http", "https://shop.test/", {"proxy": "proxy.test:3128"}, "proxy.test:3128"),
        ("http", "https://shop.test/", {"auth": "oauth2", "token_url": "https://id.test/", "client_id": "a",
                                        "client_secret": "b"}, "https://shop.test"),
        ("dns", "shop.test", {}, "shop.test"),
        ("dns", "shop.test", {"resolver": "ns.test"}, "ns.test:53"),
        ("domain", "shop.test", {"rdap_server": "https://rdap.test/"}, "shop.test"),
        ("tcp", "shop.test:25", {}, "shop.test:25"),
        ("tcp", "no port", {}, ""),
    ],
)  # fmt: skip
def test_checks_share_the_place_that_they_connect_to(
    kind: str, target: str, config: dict[str, Any], expected: str
) -> None:
    probe = PROBES[kind]

    assert destination(probe, target, probe.load(config)) == expected

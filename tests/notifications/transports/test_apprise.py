"""Further services: a fixed list, and a child process that can reach nothing but its service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from apprise import Apprise

from notifications import sealing
from notifications.transports import TRANSPORTS, apprise
from notifications.transports.apprise_services import OWN, SERVICES
from notifications.transports.base import DeliveryFailed
from pulse.fields import ConfigError
from tests.notifications.transports.kinds import HOSTILE, message
from tests.peers.providers import Provider, Reply

READS_FILES = {"template", "keyfile", "subfile"}


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """Every scheme that apprise has, with what its address may hold."""
    found = {}
    for service in Apprise().details()["schemas"]:
        for scheme in (*(service["protocols"] or ()), *(service["secure_protocols"] or ())):
            found[scheme] = service["details"]
    return found


@pytest.fixture
def service(monkeypatch: Any) -> Iterator[Provider]:
    """A service on the list, which is a local server."""
    with Provider(lambda _: Reply(200, {})) as provider:
        monkeypatch.setitem(SERVICES, "json", ("127.0.0.1",))
        monkeypatch.delitem(OWN, "json")
        yield provider


def address(provider: Provider, path: str = "canarysecret") -> str:
    return provider.url.replace("http://", "json://") + f"/{path}"


@pytest.mark.parametrize("scheme", sorted(SERVICES))
def test_no_address_of_a_service_that_is_taken_names_a_host_or_a_file(
    scheme: str, known: dict[str, Any]
) -> None:
    assert "host" not in known[scheme]["tokens"]
    assert not READS_FILES & set(known[scheme]["args"])


def test_every_other_service_is_refused_with_the_reason(known: dict[str, Any]) -> None:
    for scheme in known.keys() - SERVICES.keys():
        with pytest.raises(ConfigError, match=r"fixed host|Make a channel of the kind"):
            apprise.SETTINGS.load({"url": f"{scheme}://user:password@10.0.0.1/x"})


def test_what_pulse_speaks_itself_is_named() -> None:
    assert set(OWN.values()) <= set(TRANSPORTS)


@pytest.mark.parametrize(
    "url",
    ["", "nowhere", "pover://a@b c", "pover://a@b?template=/etc/passwd", "pover://a@b?verify=no", "PREFIX+json://x",
     "pover://a@b?attach=http://10.0.0.1/", "file:///etc/passwd", "json://127.0.0.1"],
)  # fmt: skip
def test_an_address_that_could_lead_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        apprise.SETTINGS.load({"url": url})


def test_the_address_is_a_secret_and_its_host_is_shown() -> None:
    kept = sealing.read(TRANSPORTS["apprise"], {"url": "pover://canary@secret"})

    assert kept.shown == {"url": "********", "host": "api.pushover.net"}
    assert TRANSPORTS["apprise"].destination(kept.shown) == "api.pushover.net"


def test_a_message_arrives_by_the_child(service: Provider) -> None:
    answer = apprise.send(message(name=HOSTILE), apprise.SETTINGS.load({"url": address(service)}))

    told = service.asked[0].json
    assert (answer.text, told["type"]) == ("taken by the service", "failure")
    assert told["title"].startswith("Down: <!channel>")
    assert "canarysecret" not in repr(answer)


@pytest.mark.parametrize(("status", "misconfigured"), [(401, True), (403, True), (500, False)])
def test_what_the_service_answers_is_told(service: Provider, status: int, misconfigured: bool) -> None:
    service.instead = Reply(status, raw=b"canarysecret")

    with pytest.raises(DeliveryFailed) as failed:
        apprise.send(message(), apprise.SETTINGS.load({"url": address(service)}))

    assert failed.value.answer.status_code == status
    assert failed.value.misconfigured is misconfigured
    assert "canarysecret" not in repr(failed.value.answer)


def test_a_service_that_hangs_is_killed(service: Provider, monkeypatch: Any) -> None:
    monkeypatch.setattr(apprise, "KILLED_AFTER_S", 2.0)
    service.instead = Reply(hang_s=30)
    began = monotonic()

    with pytest.raises(DeliveryFailed) as failed:
        apprise.send(message(), apprise.SETTINGS.load({"url": address(service)}))

    assert monotonic() - began < 6
    assert failed.value.unknown


def child(
    url: str, hosts: list[str], networks: str = "127.0.0.0/8", python: str = sys.executable
) -> dict[str, Any]:
    order = {"url": url, "title": "t", "body": "b", "type": "info", "hosts": hosts, "networks": networks}
    done = subprocess.run(
        [python, "-I", str(apprise.CHILD)], input=json.dumps(order).encode(), capture_output=True, env={},
        timeout=30, check=False,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_child_reaches_no_other_host(service: Provider) -> None:
    assert child(address(service), ["api.pushover.net"])["sent"] is False
    assert service.asked == []


def test_an_environment_that_is_a_link_is_pythons_own_all_the_same(service: Provider, tmp_path: Path) -> None:
    linked = tmp_path / "environment"
    linked.symlink_to(sys.prefix)

    found = child(address(service), ["127.0.0.1"], python=str(linked / "bin" / "python"))

    assert found["sent"], found


def test_the_child_reaches_no_private_address(service: Provider) -> None:
    assert child(address(service), ["127.0.0.1"], networks="")["sent"] is False
    assert service.asked == []


def test_the_walls_of_the_child_hold(tmp_path: Path) -> None:
    """Run in a process of its own, since an audit hook stays for ever."""
    secret = tmp_path / "secret"
    secret.write_text("canary")
    tries = {
        "file": f"open({str(secret)!r}).read()",
        "write": f"open({str(tmp_path / 'new')!r}, 'w')",
        "program": "__import__('subprocess').run(['true'])",
        "shell": "__import__('os').system('true')",
        "name": "__import__('socket').getaddrinfo('localhost', 80)",
        "connect": "__import__('socket').create_connection(('10.0.0.1', 80), 1)",
        "unix": "__import__('socket').socket(1).connect('/tmp/x')",
    }
    program = f"""
import runpy, sys, subprocess, socket
walls = runpy.run_path({str(apprise.CHILD)!r})["walls"]
sys.addaudithook(walls(["api.pushover.net"], lambda address: "no"))
for name, code in {tries!r}.items():
    try:
        eval(code)
        print(name, "open")
    except PermissionError as error:
        print(name, "shut")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False,
                          env={"PATH": os.environ["PATH"]})  # fmt: skip

    assert dict(line.split() for line in done.stdout.splitlines()) == dict.fromkeys(tries, "shut"), (
        done.stderr
    )


def test_the_child_has_an_empty_environment(service: Provider, monkeypatch: Any) -> None:
    """It would otherwise see the database's and the broker's passwords."""
    seen: dict[str, Any] = {}
    real = subprocess.run

    def spy(argv: list[str], **options: Any) -> Any:
        seen.update(options)
        return real(argv, **options)

    monkeypatch.setattr(subprocess, "run", spy)
    apprise.send(message(), apprise.SETTINGS.load({"url": address(service)}))

    assert (seen["env"], seen["cwd"]) == ({}, "/")

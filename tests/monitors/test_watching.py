"""A check that somebody asked for is shown while it happens, whatever became of another one."""

from __future__ import annotations

import html
import socket
from time import sleep
from typing import Any
from uuid import uuid4

import pytest

from monitors.probes.outcome import ErrorClass, Outcome
from monitors.watching import Onlookers, last_shown
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, step
from tests.ports import free_port
from tests.receivers import wait_until
from tests.talking import Talking


def test_evidence_that_cannot_be_read_is_the_loss_of_one_look(acme: Any) -> None:
    def unreadable() -> dict[str, Any]:
        raise ValueError("a certificate of another age")

    onlookers, one, other = Onlookers(), uuid4(), uuid4()
    _, odd = onlookers.follow(acme.id, str(one))
    onlookers.finish(odd, Outcome(True, ErrorClass.NONE, "answered 200", evidence=unreadable))
    watch, progress = onlookers.follow(acme.id, str(other))
    watch("dns_us", 1200)
    onlookers.finish(progress, Outcome(True, ErrorClass.NONE, "answered 204"))

    wait_until(lambda: "Answered 204" in last_shown(other), 5, "the other check")
    assert "1.2 ms" in last_shown(other)
    assert "Answered 200" in last_shown(one)


@pytest.mark.parametrize(
    ("fields", "port_is_open", "word"),
    [
        ({}, True, "good"),
        ({"upside_down": True}, True, "failed"),
        ({"upside_down": True}, False, "good"),
        ({"policy": {"slow_ms": 1}, "config": {"expect": "late"}}, True, "soft failure"),
        ({"config": {"assertions": ["[ANSWER] == x (soft)"]}}, True, "soft failure"),
    ],
)
def test_what_is_shown_is_what_the_monitor_makes_of_it(
    acme: Any, as_alice: Any, checker: Any, fields: dict[str, Any], port_is_open: bool, word: str
) -> None:
    def late(connection: socket.socket) -> None:
        sleep(0.02)
        connection.sendall(b"late")

    with Talking(late) as server:
        target = server.target if port_is_open else f"127.0.0.1:{free_port()}"
        monitor = make(acme, kind="tcp", target=target, interval_seconds=3600, **fields)
        as_alice.post(f"/o/acme/monitors/{monitor.pk}/check/")
        wait_until(lambda: "Checked" in last_shown(monitor.pk), 10, "the check")

    head = last_shown(monitor.pk).partition("</header>")[0]
    assert f"<span>{word.capitalize()}</span>" in head


def test_a_page_that_opens_late_shows_the_check_that_was_asked_for(
    acme: Any, as_alice: Any, checker: Any, target: Any
) -> None:
    monitor = make(acme, target=target.url, interval_seconds=3600)
    where = as_alice.post(f"/o/acme/monitors/{monitor.pk}/check/")["Location"]
    wait_until(lambda: "Checked" in last_shown(monitor.pk), 10, "the check")

    page = as_alice.get(where.partition("#")[0]).content.decode()

    assert "<h2>Checked</h2>" in page
    assert "<h2>Checked</h2>" not in as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()


def test_evidence_on_an_open_page_is_fetched_when_there_is_newer(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    page = f"/o/acme/monitors/{monitor.pk}/"
    first = as_alice.get(page).content.decode()
    step(monitor, GOOD)
    step(monitor, BAD)

    newer = as_alice.get(address(first))

    assert 'id="evidence"' in newer.content.decode()
    assert as_alice.get(address(newer.content.decode())).status_code == 204
    assert "data-live-url" not in part(as_alice.get(f"{page}?at=2026-01-01T00:00:00Z").content.decode())


def part(page: str) -> str:
    return page[page.index('id="evidence"') :].partition(">")[0]


def address(page: str) -> str:
    return html.unescape(part(page).partition('data-live-url="')[2].partition('"')[0])

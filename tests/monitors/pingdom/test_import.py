"""Take over an account of Pingdom: token, preview, choice, monitors; the token is used once and kept nowhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from monitors.models import Monitor
from monitors.pingdom import fetching
from pulse.scoping import in_tenant
from tests.peers import providers
from tests.peers.providers import KEY, Provider, Reply

PATH = "/o/acme/monitors/pingdom/"


@pytest.fixture
def pingdom(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with Provider(providers.pingdom) as server:
        monkeypatch.setattr(fetching, "BASE", server.url)
        yield server


def monitors(organisation: Any) -> dict[str, tuple[str, str]]:
    with in_tenant(organisation):
        return {row.name: (row.kind, row.target) for row in Monitor.objects.order_by("no")}


def test_the_page_shows_what_would_be_made_and_makes_what_is_chosen(
    acme: Any, as_alice: Any, pingdom: Provider
) -> None:
    assert "API token" in as_alice.get(PATH).content.decode()

    page = as_alice.post(PATH, {"token": KEY}).content.decode()
    assert "5 of 6 checks can be carried over" in page
    assert "https://shop.example.com:8443/cart?x=1" in page
    assert "Stays behind: its password: enter it in the monitor" in page
    assert "There is no kind like Pingdom&#x27;s transaction." in page
    assert KEY not in page
    assert monitors(acme) == {}

    definitions = [html.unescape(text) for text in re.findall(r'name="definition" value="([^"]*)"', page)]
    made = as_alice.post(PATH, {"create": "1", "definition": [definitions[place] for place in (0, 1, 3)]})
    assert made.status_code == 302
    assert monitors(acme) == {
        "Shop": ("http", "https://shop.example.com:8443/cart?x=1"),
        "Database": ("tcp", "db.example.com:5432"),
        "Name": ("dns", "www.example.com"),
    }
    with in_tenant(acme):
        shop, database = Monitor.objects.get(name="Shop"), Monitor.objects.get(name="Database")
    assert (shop.tags, shop.interval_seconds, shop.enabled) == (["eu"], 60, True)
    assert (database.interval_seconds, database.enabled) == (300, False)
    assert "a monitor watches this already" in as_alice.post(PATH, {"token": KEY}).content.decode()


def test_the_token_is_in_no_table(acme: Any, as_alice: Any, api: Any, pingdom: Provider) -> None:
    api.post("monitors/pingdom", {"token": KEY, "create": True})

    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_audit a WHERE a::text LIKE %s", [f"%{KEY}%"])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM monitors_monitor m WHERE m::text LIKE %s", [f"%{KEY}%"])
        assert cursor.fetchone() == (0,)


def test_the_api_shows_first_and_makes_when_it_is_asked_to(acme: Any, api: Any, pingdom: Provider) -> None:
    shown = api.post("monitors/pingdom", {"token": KEY}).json()
    assert [check["problem"] is None for check in shown["checks"]] == [True, True, True, True, False, True]
    assert shown["monitors"] == []
    assert monitors(acme) == {}

    made = api.post("monitors/pingdom", {"token": KEY, "ids": [3, 5], "create": True}).json()
    assert [monitor["name"] for monitor in made["monitors"]] == ["Router"]
    none = api.post("monitors/pingdom", {"token": KEY, "ids": [5], "create": True})
    assert none.status_code == 422


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(403, {}), "refused the key"),
        (Reply(429, {}, {"Req-Limit-Short": "Remaining: 0 Time until reset: 30"}), "asks to wait for 30 s"),
        (Reply(500, {}), "source itself failed"),
        (Reply(200, []), "is odd"),
        (Reply(200, {"checks": 7}), "is odd"),
        (Reply(raw=b"<html>"), "is not JSON"),
        (Reply(302, {}, {"Location": "http://127.0.0.1:9/"}), "keys are not sent on"),
    ],
)
def test_what_pingdom_refuses_is_said_and_the_token_is_not(
    acme: Any, as_alice: Any, api: Any, pingdom: Provider, reply: Reply, words: str
) -> None:
    pingdom.instead = reply

    answer = api.post("monitors/pingdom", {"token": KEY})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    page = as_alice.post(PATH, {"token": KEY})
    assert page.status_code == 422
    assert words in html.unescape(page.content.decode())
    assert KEY not in page.content.decode() + answer.content.decode()


def test_a_check_that_cannot_be_read_is_left_out_and_the_others_are_not(
    acme: Any, api: Any, pingdom: Provider
) -> None:
    usual = providers.pingdom
    pingdom.respond = lambda asked: Reply(500, {}) if asked.path.endswith("/checks/2") else usual(asked)

    checks = api.post("monitors/pingdom", {"token": KEY}).json()["checks"]

    assert checks[1]["problem"] == "It could not be read: the source itself failed (HTTP 500)."
    assert checks[0]["problem"] is None


@pytest.mark.parametrize(
    "body", [{}, {"token": "short"}, {"token": 7}, {"token": KEY, "ids": "all"}, {"tokens": KEY}]
)
def test_what_is_no_account_is_refused_without_asking(
    api: Any, pingdom: Provider, body: dict[str, Any]
) -> None:
    assert api.post("monitors/pingdom", body).status_code == 422
    assert pingdom.asked == []


def test_a_changed_page_makes_nothing_that_the_form_would_not(
    acme: Any, as_alice: Any, pingdom: Provider
) -> None:
    for definition in (
        "{",
        "[]",
        '{"name": "x", "kind": "http", "target": "http://169.254.169.254/"}',
        "[" * 5000,
    ):
        assert as_alice.post(PATH, {"create": "1", "definition": [definition]}).status_code == 302
    assert as_alice.post(PATH, {"create": "1"}).status_code == 302
    assert monitors(acme) == {}


def test_a_stranger_and_a_viewer_get_nowhere(
    acme: Any, as_bob: Any, as_charlie: Any, pingdom: Provider
) -> None:
    assert as_charlie.post(PATH, {"token": KEY}).status_code == 404
    assert as_bob.post(PATH, {"token": KEY}).status_code == 403
    assert pingdom.asked == []

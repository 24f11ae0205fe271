"""Open pages hear of their own organisation, from a real server, for as long as they may."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from pulse import live
from tenants import membership
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tenants.models import Membership, User
from tests.ports import free_port
from tests.receivers import wait_until

ROOT = Path(__file__).resolve().parents[2]
HOST = "localhost"


@pytest.fixture(scope="module")
def port(django_db_setup: None) -> Iterator[int]:
    """Pulse's web process, as it is run, with the origins and hosts of a machine of one's own."""
    number = free_port()
    arguments = ["-m", "uvicorn", "pulse.asgi:application", "--port", str(number), "--log-level", "warning"]
    server = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "pulse.settings.local"},
    )
    try:
        wait_until(lambda: _listens(number), 20, "the server")
        yield number
    finally:
        server.terminate()
        server.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Page:
    """An open page: its socket, with the session of a client."""

    def __init__(self, port: int, client: Client | None, slug: str, **options: Any) -> None:
        cookie = client.cookies["sessionid"].value if client else ""
        options.setdefault("origin", f"http://{HOST}:8000")
        self.socket: ClientConnection = connect(
            f"ws://127.0.0.1:{port}/o/{slug}/live/",
            additional_headers={"Cookie": f"sessionid={cookie}", "Host": f"{HOST}:{port}"},
            proxy=None,
            **options,
        )

    def hears(self, seconds: float = 3) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        return message

    def asks(self) -> dict[str, Any]:
        self.socket.send('{"ping": true}')
        return self.hears()

    def closes(self, within: float) -> int | None:
        """The code it is closed with."""
        started = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            self._read_on(within)
        assert time.monotonic() - started < within
        return closed.value.rcvd.code if closed.value.rcvd else None

    def _read_on(self, within: float) -> None:
        while True:
            self.socket.recv(timeout=within)


@contextmanager
def page(port: int, client: Client | None, slug: str = "acme", **options: Any) -> Iterator[Page]:
    opened = Page(port, client, slug, **options)
    try:
        yield opened
    finally:
        opened.socket.close()


def test_a_member_hears_what_changes(port: int, as_bob: Any, acme: Any) -> None:
    with page(port, as_bob) as open_page:
        assert open_page.asks() == {"pong": True}

        live.publish(acme.id, ["monitors"])

        heard = open_page.hears()
        assert heard["topics"] == ["monitors"]
        assert heard["version"] > 0


@pytest.mark.parametrize("slug", ["acme", "no-such-place"])
def test_strangers_and_visitors_are_shown_out(port: int, as_charlie: Any, slug: str) -> None:
    for client in (as_charlie, None):
        with page(port, client, slug) as open_page:
            assert open_page.closes(within=2) == 4404


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "https://localhost.evil.example", "null", "http://"]
)
def test_another_origin_is_refused(port: int, as_alice: Any, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused, page(port, as_alice, origin=origin):
        raise AssertionError("connected")

    assert refused.value.response.status_code == 403


def test_no_word_of_one_organisation_reaches_another(
    port: int, as_alice: Any, as_charlie: Any, acme: Any, globex: Any
) -> None:
    with page(port, as_alice) as ours, page(port, as_charlie, "globex") as theirs:
        ours.asks()
        theirs.asks()

        for number in range(20):
            live.publish(acme.id, [f"monitor:{number}"])
        live.publish(globex.id, ["the end"])

        assert theirs.hears()["topics"] == ["the end"]
        heard: list[str] = []
        while len(heard) < 20:
            heard += ours.hears()["topics"]
        assert set(heard) == {f"monitor:{number}" for number in range(20)}


def test_groups_are_named_by_the_organisation(acme: Any, globex: Any) -> None:
    assert acme.id.hex in live.group_of_organisation(acme.id)
    assert live.group_of_organisation(acme.id) != live.group_of_organisation(globex.id)


def test_who_is_removed_is_shown_out_within_a_second(port: int, as_bob: Any, bob: Any, acme: Any) -> None:
    with page(port, as_bob) as open_page:
        open_page.asks()
        membership.remove(Membership.objects.get(user=bob), COMMAND_LINE)
        try:
            assert open_page.closes(within=1) == 4404
        finally:
            membership.add(acme, bob, Role.VIEWER, COMMAND_LINE)


def test_a_new_role_makes_the_page_ask_for_everything(port: int, as_bob: Any, bob: Any, acme: Any) -> None:
    with page(port, as_bob) as open_page:
        open_page.asks()

        membership.add(acme, bob, Role.OPERATOR, COMMAND_LINE)

        assert open_page.hears(1) == {"version": 0, "topics": ["*"], "fragments": {}}


def test_signing_out_closes_the_pages_of_that_session_only(port: int, as_bob: Any, bob: Any) -> None:
    elsewhere = Client()
    elsewhere.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    with page(port, as_bob) as here, page(port, elsewhere) as there:
        here.asks()
        there.asks()

        as_bob.post("/accounts/logout/")

        assert here.closes(within=1) == 4404
        assert there.asks() == {"pong": True}


def test_a_changed_password_closes_the_pages_of_other_sessions(port: int, as_bob: Any, bob: Any) -> None:
    elsewhere = Client()
    assert elsewhere.login(email="bob@acme.example", password="correct horse battery")
    with page(port, as_bob) as open_page:
        open_page.asks()
        bob.set_password("correct horse staple")
        bob.save()
        try:
            live.recheck(bob.pk)

            assert open_page.closes(within=1) == 4404
        finally:
            bob.set_password("correct horse battery")
            bob.save()


def test_a_person_switched_off_is_shown_out(port: int, as_bob: Any, bob: Any) -> None:
    with page(port, as_bob) as open_page:
        open_page.asks()
        User.objects.filter(pk=bob.pk).update(is_active=False)
        try:
            live.recheck(bob.pk)

            assert open_page.closes(within=1) == 4404
        finally:
            User.objects.filter(pk=bob.pk).update(is_active=True)


@pytest.mark.parametrize("sent", [b"binary", "x" * 101, "[" * 5000])
def test_what_is_no_ping_ends_the_line_quietly(port: int, as_bob: Any, sent: str | bytes) -> None:
    with page(port, as_bob) as open_page:
        open_page.socket.send(sent)

        assert open_page.closes(within=2) == 4400


def test_a_path_that_leads_nowhere_is_refused(port: int, as_bob: Any) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{port}/nowhere/", origin=Origin(f"http://{HOST}:8000"), proxy=None)

    assert refused.value.response.status_code == 403

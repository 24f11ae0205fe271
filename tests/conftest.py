"""The suite's servers and its cast: acme with alice (owner) and bob (viewer), globex with charlie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cleaning import clean, remember_cast, renew


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """One database per process, made the way an installation makes its own."""
    from django.core.management import call_command
    from django.db import connection

    with django_db_blocker.unblock():
        call_command("prepare_database", quiet=True)
        _make_cast()
        remember_cast()
        connection.set_schema_to_public()  # type: ignore[attr-defined]
    yield
    with django_db_blocker.unblock():
        connection.close()


def _make_cast() -> None:
    from tenants import membership, provisioning
    from tenants.abilities import Role
    from tenants.actors import COMMAND_LINE
    from tenants.models import Organisation

    if Organisation.objects.exists():
        return
    for slug, owner in (("acme", "alice@acme.example"), ("globex", "charlie@globex.example")):
        user, _ = membership.find_or_create_user(owner, "correct horse battery")
        organisation = provisioning.request_organisation(slug, slug.capitalize(), user, COMMAND_LINE)
        provisioning.provision(organisation)
    acme = Organisation.objects.get(slug="acme")
    bob, _ = membership.find_or_create_user("bob@acme.example", "correct horse battery")
    membership.add(acme, bob, Role.VIEWER, COMMAND_LINE)


@pytest.fixture
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits, seen by every thread and process; the rows are gone after the test, the cast stays."""
    from django.core.cache import cache

    with django_db_blocker.unblock():
        yield
        clean()
        cache.clear()
        renew()


def _organisation(slug: str) -> Any:
    from tenants.models import Organisation

    return Organisation.objects.get(slug=slug)


def _person(email: str) -> Any:
    from tenants.models import User

    return User.objects.get(email=email)


@pytest.fixture
def acme(world: None) -> Any:
    return _organisation("acme")


@pytest.fixture
def globex(world: None) -> Any:
    return _organisation("globex")


@pytest.fixture
def alice(world: None) -> Any:
    """Owner of acme."""
    return _person("alice@acme.example")


@pytest.fixture
def bob(world: None) -> Any:
    """Viewer of acme."""
    return _person("bob@acme.example")


@pytest.fixture
def charlie(world: None) -> Any:
    """Owner of globex; a stranger to acme."""
    return _person("charlie@globex.example")


@pytest.fixture
def as_alice(alice: Any) -> Any:
    return _signed_in(alice)


@pytest.fixture
def as_bob(bob: Any) -> Any:
    return _signed_in(bob)


@pytest.fixture
def as_charlie(charlie: Any) -> Any:
    return _signed_in(charlie)


def _signed_in(user: Any) -> Any:
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


class Api:
    """A script with a key of one organisation."""

    def __init__(self, organisation: Any, scopes: list[str]) -> None:
        from django.test import Client

        from tenants import keys
        from tenants.actors import COMMAND_LINE

        self.row, self.key = keys.create(organisation, "suite", scopes, COMMAND_LINE)
        self.client = Client(headers={"Authorization": f"Bearer {self.key}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/v1/{path}", query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/v1/{path}", body, content_type="application/json")

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(f"/v1/{path}", body, content_type="application/json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"/v1/{path}", body, content_type="application/json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/v1/{path}")


@pytest.fixture
def api(acme: Any) -> Api:
    return Api(acme, ["*"])


@pytest.fixture
def globex_api(globex: Any) -> Api:
    return Api(globex, ["*"])


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A webhook receiver with a ledger."""
    from tests.receivers import WebhookReceiver

    server = WebhookReceiver().start()
    yield server
    server.stop()


@pytest.fixture
def smtp(settings: Any) -> Iterator[Any]:
    """A mail server, and Pulse set to use it."""
    from tests.receivers import SmtpReceiver

    server = SmtpReceiver().start()
    settings.EMAIL_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def courier(world: None) -> Iterator[Any]:
    """Relay and deliveries, running."""
    from notifications.courier import Courier

    courier = Courier()
    courier.start()
    yield courier
    courier.stop()


@pytest.fixture
def checker(world: None) -> Iterator[Any]:
    """Claim, engine and record, running."""
    from monitors.checking import Checker

    checker = Checker(max_in_flight=200)
    checker.start()
    yield checker
    checker.stop()


@pytest.fixture
def target() -> Iterator[Any]:
    """An HTTP target with a settable status."""
    from tests.targets import HttpTarget

    with HttpTarget() as server:
        yield server


@pytest.fixture(scope="session")
def pings(django_db_setup: None) -> Iterator[str]:
    """The address of `/ping` on a server of this process."""
    from tests.monitors.heartbeats.serving import served

    with served() as address:
        yield f"{address}/ping"

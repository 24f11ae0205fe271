"""One monitor whose state the test decides, a third person, a second receiver, and who passes every wall."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tenants import membership
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tests.notifications.site import Site
from tests.receivers import WebhookReceiver


@pytest.fixture
def site(acme: Any) -> Site:
    return Site(acme)


@pytest.fixture
def carol(acme: Any) -> Any:
    """An operator of acme."""
    user, _ = membership.find_or_create_user("carol@acme.example", "correct horse battery")
    membership.add(acme, user, Role.OPERATOR, COMMAND_LINE)
    return user


@pytest.fixture
def other() -> Iterator[WebhookReceiver]:
    server = WebhookReceiver().start()
    yield server
    server.stop()


@pytest.fixture
def superuser() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as superuser:
        yield superuser

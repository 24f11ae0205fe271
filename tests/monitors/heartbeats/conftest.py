"""A server that takes pings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitors.heartbeats.serving import served


@pytest.fixture(scope="session")
def pings(django_db_setup: None) -> Iterator[str]:
    """The address of `/ping` on a running server."""
    with served() as address:
        yield f"{address}/ping"

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from monitors.holding import Holding
from monitors.models import Monitor
from tests.monitors.holding.steps import living, make


@pytest.fixture
def worker() -> Iterator[Holding]:
    with living() as holding:
        yield holding


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    return make(acme)

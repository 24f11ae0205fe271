"""Name servers that end with their test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.net.name_servers import Server


@pytest.fixture
def running() -> Iterator[Callable[..., Server]]:
    with ExitStack() as stack:
        yield lambda *words, **options: stack.enter_context(Server(*words, **options))

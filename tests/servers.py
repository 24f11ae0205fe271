"""A pytest plug-in: PostgreSQL and Valkey for each process of the suite, before settings are read."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pulse.embedded.postgres import EmbeddedPostgres
from pulse.embedded.valkey import EmbeddedValkey

_running = ExitStack()


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[Any]:
    """pytest-django reads the settings here; a process that only hands out tests needs no servers."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell that starts the suite in the background has it ignored, and so would every program started here.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    only_hands_out = getattr(early_config.known_args_namespace, "numprocesses", None)
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if only_hands_out and not is_worker:
        os.environ["DJANGO_SETTINGS_MODULE"] = "pulse.settings.types"
    else:
        _start()
    yield


def pytest_unconfigure() -> None:
    _running.close()


def _start() -> None:
    data = Path(_running.enter_context(tempfile.TemporaryDirectory(prefix="pulse-test-")))
    data.chmod(0o755)  # the database runs as a user of its own when the suite runs as root
    postgres = _running.enter_context(EmbeddedPostgres(data, create_db=True, durable=False, temporary=True))
    valkey = _running.enter_context(EmbeddedValkey(data, temporary=True))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "pulse.settings.test",
        "DATABASE_URL": postgres.url,
        "PULSE_TEST_SUPERUSER_URL": postgres.superuser_url,
        "REDIS_URL": valkey.url,
        "SECRET_KEY": "only for the suite, only for the suite, only for it",
        "PULSE_ENCRYPTION_KEYS": "k1:" + "QUFB" * 10 + "QUE=",
        "PULSE_DATA": str(data),
        "PULSE_BASE_URL": "http://localhost:8000",
        "EMAIL_URL": "",
    }


def pytest_collection_finish() -> None:
    """Modules and tests stay: the collector need not look through them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)

"""A pytest plug-in: PostgreSQL and Valkey for each process of the suite, before settings are read."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

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


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling:
    return _Together(config, log)


class _Together(LoadGroupScheduling):  # type: ignore[misc]  # without types
    """Tests of one group on one worker, so that the server they share is started once.

    xdist 3.8 hands the groups on in node ids that pytest 9.2 no longer lets it change: they are read from the
    files' own marks.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid.partition("::")[0]) or nodeid


@lru_cache
def _group(path: str) -> str:
    """The name in a test file's `xdist_group("name")`, "" without one."""
    try:
        found = re.search(r'xdist_group\("(\w+)"\)', Path(path).read_text())
    except OSError:
        return ""
    return found[1] if found else ""

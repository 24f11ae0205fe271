"""A data directory that a database user can reach, and supervisors that end with their test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.supervisor.harness import Outside

StartSupervisor = Callable[..., Outside]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Below a mode-711 directory: tmp_path is closed to the user that PostgreSQL has under root."""
    base = Path(tempfile.mkdtemp(prefix="pulse-test-"))
    base.chmod(0o711)
    yield base / "data"
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def supervise(data_dir: Path) -> Iterator[StartSupervisor]:
    """`supervise({name: shell command})` starts one on `data_dir` (or `on=` another) and waits for ready."""
    started: list[Outside] = []

    def start(
        children: dict[str, str] | None = None,
        *,
        on: Path | None = None,
        wait: bool = True,
        port: int | None = None,
        **more: object,
    ) -> Outside:
        outside = Outside(on or data_dir, {"children": children or {}, **more}, port=port)
        started.append(outside)
        if wait:
            outside.wait_ready()
        return outside

    yield start
    for outside in started:
        outside.end()

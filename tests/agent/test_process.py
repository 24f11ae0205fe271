"""The agent as people run it, against a real Pulse: values arrive, also after either of them was away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from monitors.models import Monitor
from monitors.series.reading import series_of, window
from pulse.scoping import in_tenant
from tests.agent.harness import AgentProcess, Front
from tests.conftest import Api
from tests.receivers import wait_until


@pytest.fixture
def front(world: None) -> Iterator[Front]:
    front = Front()
    front.come()
    yield front
    front.go()


@pytest.fixture
def agent(acme: Any, front: Front, tmp_path: Path) -> Iterator[AgentProcess]:
    agent = AgentProcess(front.url, Api(acme, ["ingest"]).key, tmp_path)
    yield agent
    agent.end(signal.SIGKILL)


def times(organisation: Any, name: str = "load.1m") -> list[datetime]:
    """When the host's series has values."""
    now = timezone.now()
    with in_tenant(organisation):
        monitor = Monitor.objects.filter(kind="host", name="web-1").first()
        if monitor is None:
            return []
        found = [one.no for one in series_of(monitor.no, organisation.no) if one.name == name]
        points = window(found, now - timedelta(hours=1), now + timedelta(minutes=1))
    return [at for number in found for at, _ in points.get(number, [])]


def test_values_arrive_and_what_waits_is_sent_without_gaps(
    acme: Any, front: Front, agent: AgentProcess
) -> None:
    agent.start()
    wait_until(lambda: len(times(acme)) >= 2, 15, "the first values")
    assert times(acme, "memory.used_percent")
    assert times(acme, "cpu.percent")
    assert times(acme, "disk.used_percent")

    front.go()
    wait_until(lambda: len(agent.kept) >= 3, 15, "values to be kept")
    front.come()
    before = len(times(acme))
    wait_until(lambda: len(times(acme)) >= before + 3 and len(agent.kept) <= 1, 20, "the kept values")

    found = times(acme)
    assert found == sorted(found)
    assert max(later - earlier for earlier, later in pairwise(found)) < timedelta(seconds=2.5)
    assert "cannot be reached" in agent.log
    assert "Pulse takes values again" in agent.log
    assert agent.end() == 0


def test_what_was_kept_outlives_a_kill(acme: Any, front: Front, agent: AgentProcess) -> None:
    front.go()
    agent.start()
    wait_until(lambda: len(agent.kept) >= 3, 15, "values to be kept")
    agent.end(signal.SIGKILL)
    kept = agent.kept
    (agent.buffer / "000000000009.part").write_bytes(b"half a batch")

    front.come()
    agent.start()
    wait_until(lambda: not set(agent.kept) & set(kept), 15, "the kept values to be sent")

    assert len(times(acme)) >= len(kept)
    assert not list(agent.buffer.glob("*.part"))


def test_a_bad_key_is_told_and_nothing_is_lost(acme: Any, front: Front, tmp_path: Path) -> None:
    agent = AgentProcess(front.url, "ppk_live_wrong", tmp_path).start()

    wait_until(lambda: "401" in agent.log and len(agent.kept) >= 2, 15, "the refusal")

    assert agent.end() == 0
    assert "unknown, expired or revoked" in agent.log
    assert "ppk_live_wrong" not in agent.log
    assert len(agent.kept) >= 2


def test_check_shows_what_is_sent_and_where_it_went(acme: Any, agent: AgentProcess, front: Front) -> None:
    done = agent.check()

    assert done.returncode == 0, done.stderr
    assert "memory.used_percent: " in done.stdout
    assert "values for web-1: http://localhost:8000/v1/monitors/" in done.stdout

    front.go()
    refused = agent.check()

    assert refused.returncode == 1
    assert "cannot be reached" in refused.stderr


def test_check_runs_commands_too(acme: Any, front: Front, tmp_path: Path) -> None:
    settings = tmp_path / "pulse-agent.ini"
    settings.write_text("[command raid]\nrun = /bin/echo 17\nunit = disks\n")
    done = AgentProcess(front.url, Api(acme, ["ingest"]).key, tmp_path).check("--config", str(settings))

    assert done.returncode == 0, done.stderr
    assert "command.raid: 17 disks" in done.stdout
    assert "command.raid.status: 0" in done.stdout

"""kill -9 while outages that were held back are released: each is told, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.making import make_window
from tests.faults.processes import Worker
from tests.faults.test_killed_workers import expire_leases, prepare, told
from tests.faults.verifying import verify
from tests.monitors.suppression.scene import let_pass
from tests.receivers import WebhookReceiver, wait_until
from tests.test_story import hurry, make_monitor, status_of


@pytest.mark.parametrize("step", ["release.written", "release.committed"])
def test_checks_worker_killed_at(
    step: str, acme: Any, api: Any, target: Any, receiver: WebhookReceiver, courier: Any, tmp_path: Path
) -> None:
    prepare(api, receiver)
    monitor = make_monitor(api, target.url)
    with Worker("run_checks"):
        wait_until(lambda: status_of(api, monitor) == "up", 15, "the monitor to be up")
        window = make_window(api, rule="")
        target.status = 503
        wait_until(lambda: hurry(api, monitor) and is_held(api, monitor), 15, "the outage to be held back")
    assert receiver.ledger == []
    assert window["state"] == "running"
    let_pass(acme, 61)
    Worker("run_checks", step).start().wait_until_killed(20)
    expire_leases()

    with Worker("run_checks", log=tmp_path / "checks.log"):
        wait_until(lambda: receiver.ledger, 15, "the outage to be told")
        target.status = 200
        wait_until(lambda: hurry(api, monitor) and told(api), 15, "both deliveries to be recorded")

    verify(acme, receiver.ledger, outages=1, repeats_allowed=0)


def is_held(api: Any, monitor: dict[str, Any]) -> bool:
    return api.get(f"monitors/{monitor['id']}").json()["held_back"] is not None

"""kill -9 while a policy takes its step, and while what follows a message is written: each goes out once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitors.telemetry.models import Status
from pulse.failpoints import STEPS
from tests.faults.processes import Worker
from tests.faults.test_killed_workers import expire_leases
from tests.notifications.site import Site, let_time_pass
from tests.receivers import WebhookReceiver, wait_until

CALLING = [step for step in STEPS if step.startswith(("policy", "follow"))]


@pytest.mark.parametrize("step", CALLING)
def test_deliveries_worker_killed_at(step: str, acme: Any, receiver: WebhookReceiver, tmp_path: Path) -> None:
    site = Site(acme)
    site.channel("webhook", {"url": receiver.url}, repeat_seconds=600)
    first, second = (site.lonely("webhook", {"url": receiver.url}) for _ in range(2))
    site.policy([first], [second])
    site.becomes(Status.DOWN)
    if step.startswith("follow"):  # which needs something that was sent
        with Worker("run_deliveries"):
            site.wait("sent", "sent")
        let_time_pass()

    Worker("run_deliveries", step).start().wait_until_killed(20)
    expire_leases()
    with Worker("run_deliveries", log=tmp_path / "log"):
        wait_until(lambda: _sent(site) >= 2, 15, "the messages")
        let_time_pass()
        wait_until(lambda: len(site.deliveries()) >= 4, 15, "the reminder and the second step")
        wait_until(lambda: _sent(site) == len(site.deliveries()), 15, "all to be sent")

    keys = [entry.key for entry in receiver.ledger]
    # One that was on its way beside the step may have arrived before the kill: its repeat has its key, and is counted.
    assert len(keys) - len(set(keys)) <= sum(row.repeats for row in site.deliveries())
    assert len(set(keys)) == len(site.deliveries())
    purposes = sorted(row.purpose for row in site.deliveries())
    assert purposes.count("policy") == 2
    assert purposes.count("rule") == 1
    assert sum(text.startswith("Ops, step") for text in site.texts()) == 2


def _sent(site: Site) -> int:
    return sum(row.state == "sent" for row in site.deliveries())

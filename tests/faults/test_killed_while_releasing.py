"""kill -9 while outages that were held back are released: each is told, once."""

from __future__ import annotations

from typing import Any

import pytest

from monitors.suppression import releasing
from pulse.outbox.models import Fact
from pulse.scoping import in_tenant
from tests.faults.processes import Worker
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, step
from tests.monitors.suppression.scene import held, let_pass, open_incidents, window


@pytest.mark.parametrize("step_killed", ["release.written", "release.committed"])
def test_checks_worker_killed_at(step_killed: str, acme: Any) -> None:
    shop = make(acme, interval_seconds=86_400)
    for outcome in (GOOD, BAD, BAD):
        step(shop, outcome)
    window(acme)
    step(shop, BAD)
    assert held(acme, shop) == ["Upgrade"]
    let_pass(acme, 61)

    Worker("run_checks", step_killed).start().wait_until_killed(20)
    was_lost = held(acme, shop) == ["Upgrade"]
    releasing.sweep()

    assert was_lost is (step_killed == "release.written")
    assert (held(acme, shop), open_incidents(acme)) == ([], {"shop"})
    with in_tenant(acme):
        assert Fact.objects.filter(tenant_no=acme.no, kind="incident.opened").count() == 1

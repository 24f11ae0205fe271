"""What is shown after a first result may fail; the result stands."""

from __future__ import annotations

from typing import Any

from monitors import definition, editing, grouping
from monitors.telemetry.models import CheckResult, Status
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import GOOD, status, step
from tests.triggers import REFUSE, trouble


def test_a_first_result_stands_when_its_group_cannot_follow(acme: Any) -> None:
    monitor = make(acme)
    values = {"name": "all", "kind": "group", "config": {"members": [str(monitor.pk)]}}
    with in_tenant(acme):
        group = editing.create(acme, definition.read(values), COMMAND_LINE)

    with trouble("telemetry_livestate", REFUSE, "UPDATE", f"NEW.monitor_no = {group.no}"):
        step(monitor, GOOD)

        assert (status(monitor), status(group)) == (Status.UP, Status.PENDING)
    with as_pipeline():
        assert CheckResult.objects.filter(monitor_no=monitor.no, ok=True).count() == 1
    grouping.settle_everywhere()
    assert status(group) is Status.UP

"""PostgreSQL ends the recorder's connection at the worst moment: the batch is written once, and so is its evidence."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import OperationalError, connection

from incidents.models import Incident
from monitors.recording import record
from monitors.telemetry.models import CheckResult, Evidence
from monitors.telemetry.scheduling import location_no
from pulse.outbox.models import Fact
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, claimed, step
from tests.triggers import CUT, trouble


@pytest.mark.parametrize(
    "table", ["telemetry_checkresult", "telemetry_evidence", "o_acme.incidents_incident", "outbox_fact"]
)
def test_batch_cut_at(table: str, acme: Any) -> None:
    patient = make(acme, "patient", policy={"down_after": 3, "up_after": 1})
    falling = make(acme, "falling", policy={"down_after": 1, "up_after": 1})
    for monitor in (patient, falling):
        step(monitor, GOOD)
    batch = [claimed(monitor, BAD) for monitor in (patient, falling)]
    with as_pipeline():
        location = location_no()

    with trouble(table, CUT), pytest.raises(OperationalError):
        record(batch, location)
    connection.close()
    record(batch, location)
    record(batch, location)  # the recorder cannot know whether a commit got through

    wanted = Counter((result.check.monitor_no, result.check.slot) for result in batch)
    with as_pipeline():
        assert Counter(CheckResult.objects.filter(ok=False).values_list("monitor_no", "slot")) == wanted
        kept = Evidence.objects.filter(slot__in=[slot for _, slot in wanted])
        assert Counter(kept.values_list("monitor_no", "slot")) == wanted
        assert Fact.objects.filter(kind="incident.opened").count() == 1
    with in_tenant(acme):
        assert [incident.monitor_no for incident in Incident.objects.all()] == [falling.no]

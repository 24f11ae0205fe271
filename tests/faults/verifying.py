"""The one verifier of the fault tests: the script of outages, the receiver's ledger and the database must agree."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import connection

from incidents.models import Incident
from notifications.ledger.models import Delivery
from pulse.scoping import as_pipeline, in_tenant

DOUBLED_SLOTS = """
SELECT count(*) FROM telemetry_checkresult r JOIN telemetry_gap g
    ON g.monitor_no = r.monitor_no AND g.location = r.location AND r.slot >= g.slot AND r.slot < g.until
"""
UNMEASURED_SLOTS = """
WITH slots AS (
    SELECT s.monitor_no, s.location,
        generate_series(first.slot, s.slot, make_interval(secs => s.interval_seconds)) AS slot
    FROM telemetry_livestate s
    CROSS JOIN LATERAL (SELECT min(slot) AS slot FROM telemetry_checkresult r
        WHERE r.monitor_no = s.monitor_no AND r.location = s.location AND r.slot = date_bin(
            make_interval(secs => s.interval_seconds), r.slot, to_timestamp(s.phase_ms / 1000.0))) first
    WHERE s.lease_until IS NULL
)
SELECT count(*) FROM slots WHERE NOT EXISTS (
    SELECT FROM telemetry_checkresult r
    WHERE r.monitor_no = slots.monitor_no AND r.location = slots.location AND r.slot = slots.slot)
AND NOT EXISTS (
    SELECT FROM telemetry_gap g WHERE g.monitor_no = slots.monitor_no AND g.location = slots.location
        AND slots.slot >= g.slot AND slots.slot < g.until)
"""


def verify(organisation: Any, ledger: list[Any], *, outages: int, repeats_allowed: int) -> None:
    """Every outage is one incident, told once as opened and once as resolved, in that order, by itself or together
    with those that it is part of; every slot is a result or in a gap, never both; what came twice has the same key and
    is counted."""
    with in_tenant(organisation):
        every = list(Incident.objects.order_by("started_at"))
        singles = [incident for incident in every if incident.monitor_no is not None]
        assert len(singles) == outages, f"{len(singles)} incidents for {outages} outages"
        assert all(incident.resolved_at for incident in every)
        assert all(incident.is_told or incident.part_of_id for incident in singles)
        incidents = [incident for incident in every if incident.is_told]
        deliveries = list(Delivery.objects.filter(tenant_no=organisation.no))
    assert {delivery.state for delivery in deliveries} <= {"sent"}
    assert len(deliveries) == 2 * len(incidents)
    keys = Counter(entry.key for entry in ledger)
    assert set(keys) == {f"msg_{delivery.id.hex}" for delivery in deliveries}
    repeats = sum(count - 1 for count in keys.values())
    assert repeats <= repeats_allowed, f"{repeats} repeats"
    assert repeats <= sum(delivery.repeats for delivery in deliveries), "a repeat was not counted"
    for incident in incidents:
        types = [
            entry.json["type"] for entry in ledger if entry.json["data"]["incident"]["id"] == str(incident.pk)
        ]
        assert list(dict.fromkeys(types)) == ["incident.opened", "incident.resolved"]
    assert _count(DOUBLED_SLOTS) == 0, "a slot is a result and a gap"
    assert _count(UNMEASURED_SLOTS) == 0, "a slot is neither a result nor a gap"


def told_at_all(organisation: Any) -> int:
    """Incidents that are told: those of a mass outage together."""
    with in_tenant(organisation):
        return Incident.objects.filter(is_told=True).count()


def _count(statement: str) -> int:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])

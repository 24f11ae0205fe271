"""What is true now, read from the database when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pulse.scoping import as_pipeline

NOW = """
SELECT
    (SELECT count(DISTINCT monitor_no) FROM telemetry_livestate WHERE next_due_at IS NOT NULL),
    (SELECT count(*) FROM outbox_fact WHERE routed_at IS NULL)
        + (SELECT count(*) FROM ledger_delivery WHERE state IN ('pending', 'sending', 'retrying')),
    coalesce(extract(epoch FROM now() - least(
        (SELECT min(created_at) FROM outbox_fact WHERE routed_at IS NULL AND hold_until IS NULL),
        (SELECT min(created_at) FROM ledger_delivery WHERE state IN ('pending', 'sending', 'retrying'))
    )), 0),
    (SELECT count(DISTINCT monitor_no) FROM telemetry_livestate WHERE status = 3 AND is_head)
"""
FAMILIES = (
    ("active_monitors", "Monitors that are being checked."),
    ("pulse_outbox_depth", "Facts not yet routed and deliveries not yet finished."),
    ("pulse_outbox_oldest_seconds", "Age of the oldest fact or delivery that waits."),
    ("active_incidents", "Incidents that are open."),
)


class Gauges(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        with as_pipeline(), connection.cursor() as cursor:
            cursor.execute(NOW)
            values = cursor.fetchone()
        for (name, words), value in zip(FAMILIES, values, strict=True):
            yield GaugeMetricFamily(name, words, value=float(value))

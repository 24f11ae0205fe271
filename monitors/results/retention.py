"""Keep each organisation's raw results for as long as it wants; most go with the partition of their day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from monitors.telemetry.apps import EVIDENCE_KEPT_DAYS
from pulse.scoping import as_pipeline
from tenants.bounds import RESULTS_USUAL_DAYS
from tenants.models import Organisation

# Rows of the oldest days move to partitions of their own a day before the partition of all others goes.
MOVE = "UPDATE telemetry_packed SET tier = 1 WHERE tier = 0 AND tenant_no = ANY(%s) AND hour < %s"
EXPIRE = "DELETE FROM telemetry_packed WHERE tenant_no = %s AND hour < %s"
EXPIRE_EVIDENCE = """
DELETE FROM telemetry_evidence WHERE tenant_no = %s AND slot < %s
    AND monitor_no IN (SELECT monitor_no FROM telemetry_livestate WHERE tenant_no = %s)
"""


def apply() -> None:
    """Move what is kept for longer than is usual, and remove what organisations keep for less or no longer."""
    now = timezone.now()
    own = Organisation.objects.exclude(results_kept_days=None).order_by("no")
    kept: list[tuple[int, int]] = list(own.values_list("no", "results_kept_days"))
    with as_pipeline():
        _move([no for no, days in kept if days > RESULTS_USUAL_DAYS], now)
        for no, days in kept:
            _expire(no, now - timedelta(days=days), with_evidence=days < EVIDENCE_KEPT_DAYS)


def _move(numbers: Sequence[int], now: datetime) -> None:
    if not numbers:
        return
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [list(numbers), now - timedelta(days=RESULTS_USUAL_DAYS - 1)])


def _expire(tenant_no: int, before: datetime, *, with_evidence: bool) -> None:
    """What failures were judged by holds parts of answers: it goes no later than their results."""
    with connection.cursor() as cursor:
        cursor.execute(EXPIRE, [tenant_no, before - timedelta(hours=1)])
        if with_evidence:
            cursor.execute(EXPIRE_EVIDENCE, [tenant_no, before, tenant_no])

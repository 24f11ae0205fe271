"""Take in what hosts push: find or create their monitors, store their points, and note that they were heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from monitors import definition, editing
from monitors.hosts.finding import KIND, Host, find
from monitors.hosts.model import Received, Report
from monitors.models import Monitor
from monitors.series.model import Stored
from monitors.series.storing import Offer, store_many
from monitors.telemetry.models import REPORTED
from pulse.fields import ConfigError
from tenants.actors import Actor
from tenants.models import Organisation

# A batch that came before is known by its id: its samples may carry no time of their own.
NEW_BATCHES = """
INSERT INTO telemetry_ingestbatch (tenant_no, batch, monitor_no)
SELECT %s, * FROM unnest(%s::uuid[], %s::bigint[]) AS b(batch, monitor_no) ORDER BY batch
ON CONFLICT DO NOTHING RETURNING batch
"""
# `slot` is when it was heard, for people; `last_slot` is what its silence counts from, also after a pause.
# Locked in the order of numbers, as everybody does. A host without thresholds that is up only gets a new deadline.
# One with thresholds is judged soon, but not more often than every 15 s; one that is not up at once.
HEARD = """
WITH host AS (
    SELECT s.monitor_no, coalesce((p.spec #>> '{config,silence_seconds}')::int, 120) AS silence,
        coalesce(jsonb_array_length(p.spec #> '{config,thresholds}'), 0) = 0 AS is_simple
    FROM telemetry_livestate s JOIN telemetry_probespec p USING (monitor_no)
    WHERE s.monitor_no = ANY(%(numbers)s) AND s.tenant_no = %(tenant)s AND s.location = %(location)s AND s.enabled
    ORDER BY s.monitor_no FOR UPDATE OF s
)
UPDATE telemetry_livestate s SET
    slot = now(), last_slot = now(),
    last_checked_at = CASE WHEN is_simple THEN now() ELSE last_checked_at END,
    next_due_at = CASE
        WHEN s.status <> 1 OR s.last_checked_at IS NULL THEN now()
        WHEN is_simple THEN now() + make_interval(secs => silence)
        ELSE least(now() + make_interval(secs => silence), greatest(now(), s.last_checked_at + interval '15 s'))
    END
FROM host WHERE s.monitor_no = host.monitor_no AND s.location = %(location)s
"""
HOSTS = "SELECT count(*) FROM monitors_monitor WHERE kind = 'host'"
# Whoever adds hosts of an organisation does so alone: two that add the same ones in another order would wait for each
# other, and both would count what is there before the other has added.
ALONE = "SELECT pg_advisory_xact_lock(%s, %s)"
LOCK = 0x686F7374  # "host"


def receive(
    organisation: Organisation, reports: Sequence[Report], by: Actor, *, may_create: bool
) -> Received:
    """Store what can be stored, in one transaction: what was acknowledged is in the database."""
    received = Received()
    with transaction.atomic():
        hosts = _hosts(organisation, reports, by, received, may_create=may_create)
        offers, offered = [], []
        known = _known_batches(organisation, hosts)
        for report, host in hosts:
            for pointer, words in report.errors:
                received.refuse(pointer, words)
            if report.batch in known:
                received.duplicates += report.samples
                continue
            offers.append(Offer(organisation.no, host.no, report.series))
            offered.append(report)
        for report, stored in zip(offered, store_many(offers), strict=True):
            _tell(report, stored, received)
        _heard(organisation, [host.no for report, host in hosts if report.samples])
    return received


def _tell(report: Report, stored: Stored, received: Received) -> None:
    received.accepted += stored.accepted
    received.duplicates += stored.duplicates
    if not stored.refused:
        return
    places = report.places
    for refused in stored.refused:
        of_series = places[refused.series]
        place = of_series[refused.point or 0]
        received.refuse(
            report.pointer_of(place), refused.reason, 1 if refused.point is not None else len(of_series)
        )


def _hosts(
    organisation: Organisation, reports: Sequence[Report], by: Actor, received: Received, *, may_create: bool
) -> list[tuple[Report, Host]]:
    """Each report with its monitor: by the host's id, else by its name, else a new one."""
    wanted = {identity for report in reports for identity in (report.host_id, report.host_name) if identity}
    found = find(organisation, wanted)
    hosts: list[tuple[Report, Host]] = []
    for report in reports:
        host = found.get(report.host_id) or found.get(report.host_name)
        created = False
        if host is None and may_create:
            host, created = _created(organisation, report, by, received), True
            if host is not None:
                found[report.host_id or report.host_name] = host
        elif host is None:
            received.unknown += 1
            received.refuse(f"{report.pointer}/host", _nobody(report), max(1, report.samples))
        if host is not None:
            hosts.append((report, host))
            if (host.id, host.name, True) not in received.hosts:
                received.hosts.append((host.id, host.name, created))
    return hosts


def _nobody(report: Report) -> str:
    shown = (report.host_id or report.host_name)[:80]
    return f"No host reports as {shown!r}: add a monitor of the kind host, or send it to the address with ?create=1."


def _created(organisation: Organisation, report: Report, by: Actor, received: Received) -> Host | None:
    identity = report.host_id or report.host_name
    with connection.cursor() as cursor:
        cursor.execute(ALONE, [LOCK, organisation.no])
        if host := find(organisation, [identity]).get(identity):
            return host
        cursor.execute(HOSTS)
        (count,) = cursor.fetchone()
    most = settings.PULSE_HOSTS_PER_ORGANISATION
    if count >= most:
        words = f"Hosts are added by themselves up to {most:,}, and {count:,} are there: remove some, or add this one."
        received.refuse(f"{report.pointer}/host", words, max(1, report.samples))
        return None
    data = {"name": report.host_name or report.host_id, "kind": KIND, "config": {"reports_as": identity}}
    try:
        with transaction.atomic():
            monitor: Monitor = editing.create(organisation, definition.read(data), by)
    except ConfigError as error:
        return _created_meanwhile(organisation, identity, report, received, error)
    return Host(monitor.no, monitor.pk, monitor.name)


def _created_meanwhile(
    organisation: Organisation, identity: str, report: Report, received: Received, error: ConfigError
) -> Host | None:
    """Two first reports of one host at the same moment: the second finds what the first made."""
    if host := find(organisation, [identity]).get(identity):
        return host
    received.refuse(f"{report.pointer}/host", error.errors[0][1], max(1, report.samples))
    return None


def _known_batches(organisation: Organisation, hosts: Sequence[tuple[Report, Host]]) -> set[UUID | None]:
    batches: dict[UUID | None, int] = {
        report.batch: host.no for report, host in hosts if report.batch is not None
    }
    if not batches:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(NEW_BATCHES, [organisation.no, list(batches), list(batches.values())])
        return set(batches) - {row[0] for row in cursor.fetchall()}


def _heard(organisation: Organisation, numbers: Sequence[int]) -> None:
    if numbers:
        values: dict[str, Any] = {"numbers": list(numbers), "tenant": organisation.no, "location": REPORTED}
        with connection.cursor() as cursor:
            cursor.execute(HEARD, values)

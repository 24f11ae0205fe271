"""What each resource looks like in answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.utils import timezone

from incidents.saying import rfc3339
from monitors import definition
from monitors.facts import Suppression
from monitors.heartbeats import keeping
from monitors.kinds import REPORTING
from monitors.models import Monitor
from monitors.probes.outcome import FIRST_UNKNOWN, ErrorClass
from monitors.reading import Place, Standing, result_id, standings
from monitors.results.listing import Result
from monitors.suppression.deciding import Held
from monitors.telemetry.scheduling import location_code
from notifications import channels, rules
from notifications.models import NotificationChannel, Rule
from pulse.links import absolute
from tenants.abilities import scope_allows
from tenants.models import Organisation


def monitor(row: Monitor, standing: Standing, ping_url: str | None) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        **definition.as_json(row),
        "status": standing.word_at(timezone.now()),
        "state": standing.state,
        "maintenance": covering(standing.maintenance),
        "held_back": held_back(standing.held),
        "places": [place(one) for one in standing.places],
        "last_checked_at": rfc3339(standing.checked_at),
        "ping_url": ping_url,
        "expected_at": rfc3339(standing.expected_at),
        "due_at": rfc3339(standing.next_due_at) if row.kind in REPORTING else None,
        "expires_at": rfc3339(standing.expires_at),
        "snoozed_until": rfc3339(row.snoozed_until),
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
        "url": absolute(f"/v1/monitors/{row.pk}"),
    }


def covering(by: Suppression | None) -> dict[str, Any] | None:
    return {"id": str(by.by_id), "name": by.by, "until": rfc3339(by.until)} if by else None


def held_back(held: Held | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return {
        "began": rfc3339(held.began),
        "reason": held.by.reason,
        "by": held.by.by,
        "by_id": str(held.by.by_id),
        "until": rfc3339(held.by.until),
    }


def place(one: Place) -> dict[str, Any]:
    return {
        "location": one.name,
        "status": one.word,
        "since": rfc3339(one.since),
        "detail": one.detail or None,
    }


def monitors(
    rows: Iterable[Monitor], organisation: Organisation | None = None, scopes: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Several at once, with one query for how all of them stand.

    The address at which a heartbeat reports lets others report for it: a key that only reads is not told.
    """
    listed = list(rows)
    prefetch_related_objects(listed, "depends_on")
    standing = standings(listed)
    urls = {}
    if organisation is not None and scope_allows(list(scopes), "monitors:write"):
        urls = keeping.ping_urls([row for row in listed if row.kind == "heartbeat"], organisation)
    return [monitor(row, standing[row.no], urls.get(row.no)) for row in listed]


def result(row: Result, monitor_id: UUID) -> dict[str, Any]:
    identity = str(result_id(row.slot, monitor_id, row.location))
    return {
        "id": identity,
        "at": rfc3339(row.slot),
        "location": location_code(row.location),
        "ok": row.ok,
        "soft": row.soft,
        "unknown": not row.ok and row.error >= FIRST_UNKNOWN,
        "error": error_name(row.error) if row.error else None,
        "detail": row.detail,
        "status_code": row.status_code,
        "address": row.address,
        "lateness_ms": _ms(row.lateness_us),
        "total_ms": _ms(row.total_us),
        "phases_ms": {
            "dns": _ms(row.dns_us),
            "connect": _ms(row.connect_us),
            "tls": _ms(row.tls_us),
            "wait": _ms(row.wait_us),
            "transfer": _ms(row.transfer_us),
        },
        "url": absolute(f"/v1/monitors/{monitor_id}/results/{identity}"),
    }


def error_name(number: int) -> str:
    return ErrorClass(number).name.lower()


def channel(row: NotificationChannel) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        **channels.as_json(row),
        "disabled_at": rfc3339(row.disabled_at),
        "disabled_reason": row.disabled_reason or None,
        "created_at": rfc3339(row.created_at),
        "url": absolute(f"/v1/channels/{row.pk}"),
    }


def rule(row: Rule) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        **rules.as_json(row),
        "created_at": rfc3339(row.created_at),
        "url": absolute(f"/v1/rules/{row.pk}"),
    }


def _ms(microseconds: int | None) -> float | None:
    return None if microseconds is None else round(microseconds / 1000, 3)

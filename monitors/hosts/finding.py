"""Find the monitor of a host by the id or name that it reports under, in one look-up."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from monitors.hosts.settings import SETTINGS
from monitors.models import Monitor
from monitors.telemetry.models import REPORTED
from pulse import scoping
from pulse.fields import ConfigError
from tenants.models import Handle, Organisation

KIND = "host"  # of a handle and of a monitor
REPORTS_AS = "/config/reports_as"
FIND = """
SELECT h.key, m.no, m.id, m.name FROM public.tenants_handle h JOIN monitors_monitor m ON m.id = h.object_id
WHERE h.kind = 'host' AND h.key = ANY(%s) AND h.organisation_id = %s AND m.kind = 'host'
"""
# A resumed host (pending again) is given its time of silence anew; an edit is judged by its new settings at
# once; a new host has no deadline until it has reported.
FIRST_DUE = """
UPDATE telemetry_livestate SET
    last_slot = CASE WHEN status = 0 AND next_due_at IS NULL AND last_slot IS NOT NULL THEN now() ELSE last_slot END,
    next_due_at = CASE WHEN last_slot IS NULL THEN NULL
        WHEN status = 0 AND next_due_at IS NULL THEN now() + make_interval(secs => %s) ELSE now() END
WHERE monitor_no = %s AND tenant_no = %s AND location = %s AND enabled
"""


@dataclass(frozen=True, slots=True)
class Host:
    no: int
    id: UUID
    name: str


def identity_of(name: str, config: Mapping[str, Any]) -> str:
    return str(config.get("reports_as") or name)


def key_of(organisation_no: int, identity: str) -> str:
    return hashlib.sha256(f"{organisation_no}:{_compared(identity)}".encode()).hexdigest()


def _compared(identity: str) -> str:
    """Upper and lower case are the same: host names are written either way."""
    return identity.strip().casefold()


def find(organisation: Organisation, identities: Collection[str]) -> dict[str, Host]:
    """The hosts that report under these, by the identity as given; called in the organisation's scope."""
    keys = {key_of(organisation.no, identity): identity for identity in identities}
    by_key: dict[str, Host] = {}
    with connection.cursor() as cursor:
        cursor.execute(FIND, [list(keys), organisation.no])
        by_key = {row[0]: Host(*row[1:]) for row in cursor.fetchall()}
    wanted = {identity: key_of(organisation.no, identity) for identity in identities}
    return {identity: by_key[key] for identity, key in wanted.items() if key in by_key}


def complaints(merged: Mapping[str, Any], monitor: Monitor | None) -> list[tuple[str, str]]:
    """What stands against saving this definition: another host that reports under the same."""
    if merged["kind"] != KIND:
        return []
    identity = identity_of(merged["name"], merged["config"])
    taken = Handle.objects.filter(kind=KIND, key=key_of(scoping.current().no, identity))
    if monitor is not None:
        taken = taken.exclude(object_id=monitor.pk)
    return [(REPORTS_AS, _taken(identity))] if taken.exists() else []


def doubles(many: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Of definitions that shall be made together: the place of each host that reports as one before it, and of that."""
    seen: dict[str, int] = {}
    for place, one in enumerate(many):
        if one["kind"] == KIND:
            first = seen.setdefault(_compared(identity_of(one["name"], one["config"])), place)
            if first != place:
                yield place, first


def begin(monitor: Monitor, organisation: Organisation) -> None:
    """After a host was saved: let it be found, and set its deadline."""
    identity = identity_of(monitor.name, monitor.config)
    values = {"key": key_of(organisation.no, identity), "organisation": organisation}
    try:
        with transaction.atomic():
            Handle.objects.update_or_create(values, kind=KIND, object_id=monitor.pk)
    except IntegrityError:
        raise ConfigError([(REPORTS_AS, _taken(identity))]) from None
    with connection.cursor() as cursor:
        silence = SETTINGS.one("silence_seconds", monitor.config)
        cursor.execute(FIRST_DUE, [silence, monitor.no, organisation.no, REPORTED])


def forget(monitor: Monitor, organisation: Organisation) -> None:
    Handle.objects.filter(kind=KIND, object_id=monitor.pk, organisation=organisation).delete()


def _taken(identity: str) -> str:
    return f"Another host reports as {identity[:80]!r} already: choose another id here and in its agent."

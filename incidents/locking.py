"""One lock an organisation for what incidents have to do with each other: which are open, and which belong together.

Several workers record the transitions of one organisation at once, and people merge and resolve meanwhile. Each takes
this lock before it looks at more than one incident. The order is always: rows of the schedule, this lock, rows of
incidents. Whoever only changes a single incident takes its row alone, so nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from incidents.models import Incident
from pulse import scoping

_INCIDENTS = 0x696E6364  # "incd", the first key of the advisory lock: no worker may hold the same one


def lock_incidents() -> None:
    """Hold the organisation's lock until the transaction ends; a recorder waits for it as shortly as for a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_INCIDENTS, scoping.current().no])


def lock_one(pk: UUID) -> Incident:
    """One incident's row, held until the transaction ends."""
    return Incident.objects.select_for_update(no_key=True).get(pk=pk)


def lock_rows(ids: Collection[UUID]) -> list[Incident]:
    """Several, in order of their ids, so that nobody waits in a circle."""
    found = Incident.objects.select_for_update(no_key=True).filter(pk__in=ids)
    return list(found.order_by("pk")) if ids else []

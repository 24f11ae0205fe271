"""The SQL of accepted issuers: written once by the first good check, loaded with the spec, forgotten by people."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import connection

# Only for the version that the check was made by: else one that an edit overtook would bring back, for the new target,
# what it saw of the old one. A spec that somebody writes at this moment is left to the next check.
ACCEPT = """
INSERT INTO telemetry_issuer (monitor_no, location, tenant_no, issuer)
SELECT r.monitor_no, %s, p.tenant_no, r.issuer
FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS r(monitor_no, version, issuer)
    JOIN telemetry_probespec p ON p.monitor_no = r.monitor_no AND p.version = r.version
ORDER BY r.monitor_no FOR SHARE OF p SKIP LOCKED
ON CONFLICT DO NOTHING
"""
# A statement of its own, since that one does not see what another worker has just written.
ACCEPTED = """
SELECT i.monitor_no, i.issuer
FROM unnest(%s::bigint[], %s::int[]) AS r(monitor_no, version)
    JOIN telemetry_probespec p ON p.monitor_no = r.monitor_no AND p.version = r.version
    JOIN telemetry_issuer i ON i.monitor_no = r.monitor_no AND i.location = %s
"""
HAS_ACCEPTED = "SELECT EXISTS (SELECT FROM telemetry_issuer WHERE monitor_no = %s AND tenant_no = %s)"
FORGET = """
DELETE FROM telemetry_issuer WHERE monitor_no = %s AND tenant_no = %s AND location <> ALL(%s::smallint[])
RETURNING issuer
"""


def accept(seen: Sequence[tuple[int, int, str]], location: int) -> dict[int, str]:
    """Of (monitor, version of its spec, issuer): what is accepted there from now on, by monitor."""
    numbers, versions, names = (list(column) for column in zip(*seen, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(ACCEPT, [location, numbers, versions, names])
        cursor.execute(ACCEPTED, [numbers, versions, location])
        return dict(cursor.fetchall())


def has_accepted(monitor_no: int, tenant_no: int) -> bool:
    """Whether an issuer is accepted at some location."""
    with connection.cursor() as cursor:
        cursor.execute(HAS_ACCEPTED, [monitor_no, tenant_no])
        return bool(cursor.fetchone()[0])


def forget(monitor_no: int, tenant_no: int, but: Collection[int] = ()) -> list[str]:
    """Accept anew what the next good check sees, at all locations `but` these; what was accepted there.

    Called after the spec was written or deleted: then no check of the version before can accept any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [monitor_no, tenant_no, list(but)])
        return sorted({row[0] for row in cursor.fetchall()})

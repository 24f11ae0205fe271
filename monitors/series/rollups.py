"""Roll samples up to five minutes and to hours, again when late ones arrive; forget series that nobody sends."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from pulse.scoping import as_pipeline

BUCKETS_AT_ONCE = 2_000
LOCK = 0x726F6C6C  # "roll": one process at a time

# A bucket is rolled up a minute after it ended, and whenever samples were stored for it since. The note is taken
# first: its samples were committed with it, so the statement after sees them; what is stored later leaves a new one.
TAKE = """
WITH due AS (
    SELECT DISTINCT monitor_no, at FROM telemetry_samplestored
    WHERE at <= now() - interval '6 minutes' LIMIT %s
), gone AS (
    DELETE FROM telemetry_samplestored s USING due WHERE s.monitor_no = due.monitor_no AND s.at = due.at
    RETURNING s.monitor_no, s.at
)
SELECT DISTINCT monitor_no, at FROM gone ORDER BY monitor_no, at
"""
KEEP = """
ON CONFLICT (series_no, at) DO UPDATE SET total = excluded.total, least = excluded.least, most = excluded.most,
    last = excluded.last, samples = excluded.samples
"""
FIVES = f"""
INSERT INTO telemetry_rollupfive (series_no, at, tenant_no, samples, total, least, most, last)
SELECT n.no, b.at, n.tenant_no, count(*), sum(s.value), min(s.value), max(s.value),
    (array_agg(s.value ORDER BY s.at DESC))[1]
FROM unnest(%s::bigint[], %s::timestamptz[]) AS b(monitor_no, at)
JOIN telemetry_series n ON n.monitor_no = b.monitor_no
JOIN telemetry_sample s ON s.series_no = n.no AND s.at >= b.at AND s.at < b.at + interval '5 minutes'
GROUP BY n.no, b.at, n.tenant_no ORDER BY n.no, b.at
{KEEP}"""
HOURS = f"""
INSERT INTO telemetry_rolluphour (series_no, at, tenant_no, samples, total, least, most, last)
SELECT n.no, b.at, n.tenant_no, sum(s.samples), sum(s.total), min(s.least), max(s.most),
    (array_agg(s.last ORDER BY s.at DESC))[1]
FROM (
    SELECT DISTINCT monitor_no, date_bin('1 hour', at, 'epoch') AS at
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS b(monitor_no, at)
) b
JOIN telemetry_series n ON n.monitor_no = b.monitor_no
JOIN telemetry_rollupfive s ON s.series_no = n.no AND s.at >= b.at AND s.at < b.at + interval '1 hour'
GROUP BY n.no, b.at, n.tenant_no ORDER BY n.no, b.at
{KEEP}"""
# Batches are known for a day; a series goes when its oldest roll-up has gone.
FORGET = """
DELETE FROM telemetry_ingestbatch WHERE received_at < now() - interval '1 day';
DELETE FROM telemetry_series WHERE seen_at < now() - interval '760 days';
"""


def roll_up() -> int:
    """Roll up all that is due, a batch of buckets in each transaction; return how many buckets there were."""
    done = 0
    with as_pipeline():
        while True:
            taken = _once()
            done += taken
            if taken < BUCKETS_AT_ONCE:
                break
        with connection.cursor() as cursor:
            cursor.execute(FORGET)
    return done


def _once() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(TAKE, [BUCKETS_AT_ONCE])
        buckets: list[tuple[int, datetime]] = cursor.fetchall()
        if buckets:
            columns = [list(column) for column in zip(*buckets, strict=True)]
            cursor.execute(FIVES, columns)
            cursor.execute(HOURS, columns)
        return len(buckets)

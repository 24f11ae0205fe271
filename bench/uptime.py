"""Uptime as pages read it: 90 days of 1,000 monitors in one query, and a year of one of them day by day."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

from bench.places import servers
from bench.report import Figure, at_most, info

MONITORS = 1_000
OTHERS = 500  # of other organisations, in the same tables
# Every monitor fails for some minutes every four days, one in twenty every hour of the last week, and today a tenth.
CHANGES = """
INSERT INTO telemetry_statechange (monitor_no, at, tenant_no, location, status)
SELECT no, at + make_interval(mins => part * 7), 1 + (no > %(own)s)::int, 1, CASE part WHEN 0 THEN 3 ELSE 1 END
FROM generate_series(1, %(all)s) AS no, generate_series(0, 1) AS part,
    LATERAL generate_series(%(now)s - interval '365 days' + make_interval(mins => (no * 37 %% 1440)::int),
        %(now)s - interval '1 day', interval '4 days') AS at
UNION ALL
SELECT no, at + make_interval(mins => part * 7), 1, 1, CASE part WHEN 0 THEN 3 ELSE 1 END
FROM generate_series(1, %(own)s, 20) AS no, generate_series(0, 1) AS part,
    generate_series(%(now)s - interval '7 days', %(now)s - interval '1 hour', interval '1 hour') AS at
UNION ALL
SELECT no, %(now)s - interval '2 hours' + make_interval(mins => part * 7), 1, 1, CASE part WHEN 0 THEN 3 ELSE 1 END
FROM generate_series(1, %(own)s, 10) AS no, generate_series(0, 1) AS part;
INSERT INTO telemetry_livestate (monitor_no, tenant_no, location, status, interval_seconds, timeout_seconds, phase_ms,
    spec_version, status_since, next_due_at)
SELECT no, 1 + (no > %(own)s)::int, 1, 1, 60, 10, 0, 1,
    %(now)s - CASE no %% 10 WHEN 1 THEN interval '113 minutes' ELSE interval '30 hours' END, %(now)s + interval '1 hour'
FROM generate_series(1, %(all)s) AS no;
INSERT INTO telemetry_gap (monitor_no, slot, until, tenant_no, location, reason)
SELECT no, %(now)s - make_interval(hours => back), %(now)s - make_interval(hours => back) + interval '5 minutes',
    1 + (no > %(own)s)::int, 1, 1
FROM generate_series(1, %(all)s, 5) AS no, generate_series(3, 700, 100) AS back
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    with servers() as environment:
        os.environ |= environment
        import django

        django.setup()
        yield from measured(datetime.now(UTC))


def measured(now: datetime) -> Iterator[Figure]:
    from django.db import connection

    from monitors.availability.reading import days_of, uptimes
    from monitors.availability.rolling import roll
    from pulse.scoping import as_pipeline, in_tenant
    from tenants import membership, provisioning
    from tenants.actors import COMMAND_LINE

    owner, _ = membership.find_or_create_user("bench@example.org")
    organisations = []
    for slug in ("bench", "others"):
        organisations.append(provisioning.request_organisation(slug, slug, owner, COMMAND_LINE))
        provisioning.provision(organisations[-1])
    assert [organisation.no for organisation in organisations] == [1, 2]
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(CHANGES, {"own": MONITORS, "all": MONITORS + OTHERS, "now": now})
    began = monotonic()
    rolled = roll(600)
    yield info("uptime_first_rolled", (monotonic() - began) / rolled * 1e3, "ms/monitor")
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_statedaydue; ANALYZE")
    numbers = range(1, MONITORS + 1)
    with in_tenant(organisations[0]):
        found = uptimes(numbers, 90, now)
        assert len({uptime.share for uptime in found.values()}) > 1
        for days in (30, 90, 365):
            target = 50 if days == 90 else None
            took = best(partial(uptimes, numbers, days, now))
            name = f"uptime_{days}_days_of_{MONITORS}"
            yield at_most(name, took, "ms", target) if target else info(name, took, "ms")
        yield at_most("uptime_bars_of_a_year", best(partial(days_of, 1, 365, now)), "ms", 20)


def best(of: Callable[[], Any]) -> float:
    """Milliseconds of the fastest of ten: what else the machine does is not measured."""
    found = []
    for _ in range(10):
        began = monotonic()
        of()
        found.append((monotonic() - began) * 1000)
    return min(found)

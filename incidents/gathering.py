"""Gather what failing monitors may have in common, from the schedule's rows, the monitors and their newest results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.utils import timezone

from incidents.grouping import EVERYTHING, WEIGHTS, Fact, Failing, Kind
from monitors.models import Monitor
from monitors.probes.outcome import ErrorClass
from monitors.suppression.used import used
from pulse import scoping

# Beyond this many monitors of one organisation, addresses and certificates are looked up of the failing ones alone.
ASKED_AT_MOST = 5_000
ADDRESS_WITHIN = timedelta(hours=2)
# Served by the index on the organisation; only what fails leaves the database.
FAILING = """
SELECT monitor_no, location, min(coalesce(first_failed_slot, status_since)), max(interval_seconds), max(last_error)
FROM telemetry_livestate
WHERE tenant_no = %s AND enabled AND (failures > 0 OR status IN (3, 4))
    AND coalesce(first_failed_slot, status_since) >= %s
GROUP BY monitor_no, location
"""
LOOKED_AT = """
SELECT DISTINCT monitor_no, location FROM telemetry_livestate
WHERE tenant_no = %s AND enabled AND coalesce(last_slot, last_checked_at) >= %s
"""
PLACES = "SELECT no, code FROM telemetry_location WHERE no = ANY(%s)"
# Of the newest fresh result, or the one that came up last in the newest packed hour (monitors/results/encoding.py).
# The newest result and the newest good one, by their keys: an hour of results would be read to look for them. The
# bounds leave one or two partitions to plan for, of the fifty that there are: that takes longer than all the rest.
ADDRESSES = """
SELECT * FROM (SELECT s.monitor_no, coalesce((
    SELECT host(address) FROM telemetry_checkresult
    WHERE monitor_no = s.monitor_no AND slot = s.last_slot AND location = s.location
        AND slot >= %(since)s AND slot < %(until)s
), (
    SELECT host(address) FROM telemetry_checkresult
    WHERE monitor_no = s.monitor_no AND slot = s.last_good_slot AND location = s.location
        AND slot >= %(since)s AND slot < %(until)s
), (
    SELECT coalesce(kinds -> -1 ->> 4, kinds -> 0 ->> 4) FROM telemetry_packed
    WHERE monitor_no = s.monitor_no AND tenant_no = %(tenant)s AND hour >= %(since)s AND hour < %(until)s
    ORDER BY hour DESC LIMIT 1
)) AS address FROM telemetry_livestate s
WHERE s.tenant_no = %(tenant)s AND s.monitor_no = ANY(%(numbers)s) AND s.location > 0
) known WHERE address IS NOT NULL
"""
# Certificates are kept as evidence of failures alone, so they are known of failing monitors only.
CERTIFICATES = """
SELECT n.no, r.subject FROM unnest(%(numbers)s::bigint[]) AS n(no) CROSS JOIN LATERAL (
    SELECT coalesce(document #>> '{notes,certificate,subject}', document #>> '{notes,tls,chain,0,subject}') AS subject
    FROM telemetry_evidence
    WHERE monitor_no = n.no AND tenant_no = %(tenant)s AND slot >= %(since)s AND slot < %(until)s
    ORDER BY slot DESC LIMIT 1) r
WHERE r.subject <> ''
"""
PARENTS = """
SELECT m.no, 'parent', p.name, p.no FROM monitors_monitor m
JOIN monitors_monitor_depends_on d ON d.from_monitor_id = m.id JOIN monitors_monitor p ON p.id = d.to_monitor_id
WHERE m.no = ANY(%(numbers)s)
UNION ALL
SELECT m.no, 'group', p.name, p.no FROM monitors_monitor m
JOIN monitors_monitor_members d ON d.to_monitor_id = m.id JOIN monitors_monitor p ON p.id = d.from_monitor_id
WHERE m.no = ANY(%(numbers)s)
"""
ALL: frozenset[Kind] = frozenset(WEIGHTS)
CERTIFICATE_ERRORS = (
    ErrorClass.TLS_FAILED,
    ErrorClass.TLS_CERTIFICATE_EXPIRED,
    ErrorClass.TLS_HOSTNAME_MISMATCH,
    ErrorClass.TLS_UNTRUSTED,
    ErrorClass.ISSUER_CHANGED,
)


@dataclass(slots=True)
class Row:
    """What fails of a monitor: since when, and at which locations."""

    since: datetime
    interval: timedelta
    error: int
    locations: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Known:
    """What need not be asked for: monitors that were loaded already, and addresses that outages came with."""

    monitors: Mapping[int, Monitor] = field(default_factory=dict)
    addresses: Mapping[int, str] = field(default_factory=dict)


NOTHING_KNOWN = Known()


def failing_since(earliest: datetime) -> dict[int, Row]:
    """The organisation's monitors that fail, confirmed or not yet, and began to no earlier than that."""
    found: dict[int, Row] = {}
    with connection.cursor() as cursor:
        cursor.execute(FAILING, [scoping.current().no, earliest])
        for number, location, since, interval, error in cursor.fetchall():
            row = found.setdefault(number, Row(since, timedelta(seconds=interval), error))
            row.since, row.error = min(row.since, since), row.error or error
            row.locations.add(location)
    return found


def looked_at_since(since: datetime) -> dict[int, set[int]]:
    """Which monitors were checked since then, and where."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(LOOKED_AT, [scoping.current().no, since])
        for number, location in cursor.fetchall():
            found[number].add(location)
    return found


def kinds_of_places(locations: dict[int, set[int]]) -> set[Kind]:
    """The place may say something where monitors are probed from several."""
    return (
        {"location"}
        if len({one for places in locations.values() for one in places if one > 0}) > 1
        else set()
    )


def failing(rows: dict[int, Row], facts: dict[int, set[Fact]]) -> list[Failing]:
    """Rows and facts as the decision takes them."""
    return [
        Failing(number, row.since, row.interval, frozenset(facts.get(number, set()) | _error(row.error)))
        for number, row in rows.items()
    ]


def facts_of(
    locations: dict[int, set[int]],
    since: datetime,
    *,
    failing: Collection[int] = (),
    untrusted: Collection[int] = (),
    kinds: Collection[Kind] = ALL,
    known: Known = NOTHING_KNOWN,
) -> dict[int, set[Fact]]:
    """What is known of these monitors, besides how they fail, in five queries however many there are.

    `locations` are those where each was looked at, or fails; `untrusted` are those that fail by their certificate.
    Asked for fewer `kinds`, it asks no more than these need: a mass outage has no time to spare.
    """
    numbers = list(locations)
    found: dict[int, set[Fact]] = {number: {EVERYTHING} for number in numbers}
    asked = numbers if len(numbers) <= ASKED_AT_MOST else list(failing)
    sources: list[tuple[set[Kind], Callable[[], Iterable[tuple[int, Fact]]]]] = [
        ({"host", "tag"}, lambda: _of_monitors(numbers, known.monitors)),
        ({"parent", "group"}, lambda: _of_parents(numbers)),
        ({"location"}, lambda: _of_places(locations)),
        ({"address"}, lambda: _of_addresses(asked, since - ADDRESS_WITHIN, known.addresses)),
        ({"certificate"}, lambda: _of_results("certificate", CERTIFICATES, list(untrusted), since)),
    ]
    for brought, source in sources:
        if brought.isdisjoint(kinds):
            continue
        for number, fact in source():
            if number in found:
                found[number].add(fact)
    return found


def facts_of_monitor(monitor: Monitor) -> set[Fact]:
    """What its own settings say."""
    return _settings(monitor.target, monitor.tags)


def _of_monitors(numbers: Collection[int], known: Mapping[int, Monitor]) -> Iterable[tuple[int, Fact]]:
    rows = [(number, known[number].target, known[number].tags) for number in numbers if number in known]
    if rest := [number for number in numbers if number not in known]:
        rows += Monitor.objects.filter(no__in=rest).values_list("no", "target", "tags")
    for number, target, tags in rows:
        for fact in _settings(target, tags):
            yield number, fact


def _settings(target: str, tags: Iterable[str]) -> set[Fact]:
    host = host_of(target)
    return {Fact("tag", tag) for tag in tags} | ({Fact("host", host)} if host else set())


def host_of(target: str) -> str:
    """`shop.example` of a URL, of `shop.example:5432` or of the bare name; '' where there is none."""
    try:
        return urlsplit(target if "://" in target else f"//{target}").hostname or ""
    except ValueError:
        return ""


def _of_parents(numbers: list[int]) -> Iterable[tuple[int, Fact]]:
    """Those that a monitor depends on, and the groups that it is a member of; each counts as its own."""
    around = used(timezone.now())
    if not (around.dependencies or around.groups):
        return
    with connection.cursor() as cursor:
        cursor.execute(PARENTS, {"numbers": numbers})
        rows = cursor.fetchall()
    for number, kind, name, parent in rows:
        yield number, Fact(kind, name)
        yield parent, Fact(kind, name)


def _of_places(locations: dict[int, set[int]]) -> Iterable[tuple[int, Fact]]:
    """Of a monitor that is watched from one place only. Where all are, the place says nothing."""
    probing = {number: {one for one in places if one > 0} for number, places in locations.items()}
    everywhere = set().union(*probing.values()) if probing else set()
    if len(everywhere) < 2:
        return
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [list(everywhere)])
        codes = dict(cursor.fetchall())
    for number, places in probing.items():
        if len(places) == 1 and (code := codes.get(next(iter(places)))):
            yield number, Fact("location", code)


def _of_addresses(
    numbers: Collection[int], since: datetime, known: Mapping[int, str]
) -> Iterable[tuple[int, Fact]]:
    for number in numbers:
        if number in known:
            yield number, Fact("address", known[number])
    yield from _of_results("address", ADDRESSES, [number for number in numbers if number not in known], since)


def _of_results(kind: Any, statement: str, numbers: list[int], since: datetime) -> Iterable[tuple[int, Fact]]:
    if not numbers:
        return
    bounds = {"since": since, "until": timezone.now() + timedelta(hours=1)}
    with connection.cursor() as cursor:
        cursor.execute(statement, {"numbers": numbers, "tenant": scoping.current().no, **bounds})
        rows = cursor.fetchall()
    for number, value in rows:
        yield number, Fact(kind, value)


def _error(number: int) -> set[Fact]:
    try:
        return {Fact("error", ErrorClass(number).name.lower().replace("_", " "))} if number else set()
    except ValueError:
        return set()

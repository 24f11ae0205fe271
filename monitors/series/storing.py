"""Store points of series: set-based, idempotent by (series, time), with the reason for each that is refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from monitors.series.catalogue import Known, adopt_unit, numbers_of
from monitors.series.model import AHEAD_AT_MOST, Point, Points, Refused, Stored, complaint_about, sort_out
from monitors.telemetry.arrays import array

FIVE_MINUTES = 300
# Sorted by the key, so that two batches with the same points never wait for each other in a circle.
WRITE = """
WITH done AS (
    INSERT INTO telemetry_sample (series_no, at, value, tenant_no)
    SELECT * FROM unnest(%s::int[], %s::timestamptz[], %s::float8[], %s::int[])
    ON CONFLICT DO NOTHING RETURNING series_no
)
SELECT series_no, count(*) FROM done GROUP BY series_no
"""
# Appended and never updated: whoever rolls up sees this row only together with its samples, and nobody waits.
NOTE = """
INSERT INTO telemetry_samplestored (monitor_no, at, tenant_no)
SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[])
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """Points of one monitor, on their way in."""

    tenant_no: int
    monitor_no: int
    batch: Sequence[Points]


def store(tenant_no: int, monitor_no: int, batch: Sequence[Points]) -> Stored:
    """Store what can be stored of one monitor's points."""
    return store_many([Offer(tenant_no, monitor_no, batch)])[0]


def store_many(offers: Sequence[Offer]) -> list[Stored]:
    """The same for many monitors, also of several organisations (in the pipeline's scope), in one statement."""
    now = timezone.now()
    window = now - timedelta(days=settings.PULSE_SAMPLES_KEPT_DAYS), now + AHEAD_AT_MOST
    answers = [Stored() for _ in offers]
    with transaction.atomic(savepoint=False):
        # In one order, so that two that add series of the same organisations never wait in a circle.
        ordered = sorted(
            range(len(offers)), key=lambda place: (offers[place].tenant_no, offers[place].monitor_no)
        )
        found = {place: _sort(offers[place], answers[place], window) for place in ordered}
        sorted_out = [found[place] for place in range(len(offers))]
        _write(offers, answers, sorted_out)
    return answers


# By series number: the points to store.
Rows = dict[int, list[Point]]


def _sort(offer: Offer, answer: Stored, window: tuple[datetime, datetime]) -> Rows:
    good: list[tuple[int, Points]] = []
    for place, points in enumerate(offer.batch):
        if words := complaint_about(points):
            answer.refused.append(Refused(place, None, words))
        else:
            good.append((place, points))
    kept = []
    for place, points in good:
        found, bad = sort_out(points, *window)
        answer.refused += [Refused(place, point, words) for point, words in bad]
        if found:
            kept.append((place, points, found))
    known, refused = numbers_of(offer.tenant_no, offer.monitor_no, [points for _, points, _ in kept])
    rows: Rows = defaultdict(list)
    for place, points, found in kept:
        key = (offer.monitor_no, points.name, points.labels)
        if key in refused:
            answer.refused.append(Refused(place, None, refused[key]))
            continue
        series = known[key]
        if points.unit and not series.unit:
            series = known[key] = adopt_unit(offer.tenant_no, key, series, points.unit)
        if words := _contradiction(points, series):
            answer.refused.append(Refused(place, None, words))
            continue
        rows[series.no] += found
    return rows


def _contradiction(points: Points, known: Known) -> str | None:
    if points.unit and points.unit != known.unit:
        return (
            f"{points.name} is measured in {known.unit}, not in {points.unit}:"
            " convert it, or give the series another name."
        )
    if (points.kind == "counter") != known.is_counter:
        kinds = ("counter", "gauge") if known.is_counter else ("gauge", "counter")
        return f"{points.name} is a {kinds[0]}, not a {kinds[1]}: give the series another name."
    return None


def _write(offers: Sequence[Offer], answers: Sequence[Stored], sorted_out: Sequence[Rows]) -> None:
    rows = sorted(
        (number, at, value, offer.tenant_no)
        for offer, series in zip(offers, sorted_out, strict=True)
        for number, points in series.items()
        for at, value in points
    )
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [array(column) for column in zip(*rows, strict=True)])
        written = Counter(dict(cursor.fetchall()))
        notes = sorted({note for pair in zip(offers, sorted_out, strict=True) for note in _notes(*pair)})
        cursor.execute(NOTE, [array(column) for column in zip(*notes, strict=True)])
    for answer, series in zip(answers, sorted_out, strict=True):
        for number, points in series.items():
            new = min(written[number], len(points))
            written[number] -= new
            answer.accepted += new
            answer.duplicates += len(points) - new


def _notes(offer: Offer, series: Rows) -> set[tuple[int, datetime, int]]:
    """The five-minute buckets that now need to be rolled up."""
    buckets = {int(at.timestamp()) // FIVE_MINUTES for points in series.values() for at, _ in points}
    return {
        (
            offer.monitor_no,
            datetime.fromtimestamp(bucket * FIVE_MINUTES, tz=timezone.get_default_timezone()),
            offer.tenant_no,
        )
        for bucket in buckets
    }

"""`/v1/monitors/<id>/series`: what a monitor's numbers are, and their course in any resolution."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.saying import rfc3339
from monitors.models import Monitor
from monitors.series.model import Point
from monitors.series.reading import POINTS_AT_MOST, Bucket, Series, read, series_of, width_for, window
from pulse.api import schema
from pulse.api.base import View, find
from pulse.api.moments import read_moment
from pulse.api.problems import InvalidFields

BUCKETS_AT_MOST = 5_000
RAW_AT_MOST = timedelta(days=1)
RESOLUTION = OpenApiParameter(
    "resolution",
    description="Seconds of a bucket, or raw (of a day at most); unless given, it fits the time.",
)
MOMENTS = [
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="An hour before `to` unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Now unless given."),
]


class SeriesOfMonitor(View):
    resource = "monitors"

    @schema.describe("List a monitor's series", schema.SeriesList, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        found = series_of(monitor.no, self.organisation.no, timezone.now())
        return Response({"results": [shape(one) for one in found], "next": None})


class PointsOfSeries(View):
    resource = "monitors"

    @schema.describe_ranged("Read a series' points", schema.SeriesPoints, *MOMENTS, RESOLUTION)
    def get(self, request: Request, pk: str, number: str) -> Response:
        monitor = find(Monitor.objects.all(), pk)
        every = series_of(monitor.no, self.organisation.no)
        series = next((one for one in every if str(one.no) == number), None)
        if series is None:
            raise Http404
        start, end = _moments(request)
        resolution = request.query_params.get("resolution", "")
        if resolution == "raw":
            return Response(_raw(series, start, end))
        width = _width(resolution, start, end)
        buckets = read([series.no], start, end, width).get(series.no, [])
        return Response({**shape(series), "resolution": width, "points": [_bucket(one) for one in buckets]})


def shape(series: Series) -> dict[str, Any]:
    return {
        "no": series.no,
        "name": series.name,
        "labels": dict(series.labels),
        "unit": series.unit,
        "kind": "counter" if series.is_counter else "gauge",
        "created_at": rfc3339(series.created_at),
        "newest": _point(series.newest) if series.newest else None,
    }


def _raw(series: Series, start: datetime, end: datetime) -> dict[str, Any]:
    if end - start > RAW_AT_MOST:
        raise InvalidFields(
            [("/resolution", "Ask for raw points of a day at most, or for a resolution in seconds.")]
        )
    points = window([series.no], start, end).get(series.no, [])
    return {
        **shape(series),
        "resolution": "raw",
        "points": [_point(point) for point in points[:POINTS_AT_MOST]],
    }


def _point(point: Point) -> dict[str, Any]:
    at, value = point
    return {"at": rfc3339(at), "value": value}


def _bucket(bucket: Bucket) -> dict[str, Any]:
    return {
        "at": rfc3339(bucket.at),
        "samples": bucket.samples,
        "mean": bucket.mean,
        "least": bucket.least,
        "most": bucket.most,
        "last": bucket.last,
    }


def _moments(request: Request) -> tuple[datetime, datetime]:
    end = read_moment(request, "to", timezone.now())
    start = read_moment(request, "from", end - timedelta(hours=1))
    if start >= end:
        raise InvalidFields([("/from", "Use a moment before `to`.")])
    return start, end


def _width(text: str, start: datetime, end: datetime) -> int:
    if not text:
        return width_for(start, end)
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) >= 1):
        raise InvalidFields([("/resolution", "Use a whole number of seconds, or raw.")])
    if (end - start).total_seconds() / int(text) > BUCKETS_AT_MOST:
        raise InvalidFields(
            [("/resolution", f"Ask for at most {BUCKETS_AT_MOST:,} points, by more seconds or less time.")]
        )
    return int(text)

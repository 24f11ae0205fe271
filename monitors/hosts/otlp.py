"""Read OpenTelemetry metrics as OTLP/HTTP sends them in JSON: gauges, cumulative sums, counts and sums of histograms.

https://opentelemetry.io/docs/specs/otlp/ and its metrics.proto; 64-bit whole numbers may be texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitors.hosts.model import HOSTS_AT_MOST, SAMPLES_AT_MOST, Report
from monitors.hosts.settings import IDENTITY_AT_MOST
from monitors.series.model import Kind, Labels
from pulse.fields import ConfigError

HOST = ("host.id", "host.name")
SERVICE = ("service.name", "service.instance.id")
# UCUM codes that Pulse has words for; annotations such as {request} and the unity are no unit.
UNITS = {"1": "", "By": "bytes", "By/s": "bytes/s", "Cel": "°C"}
CUMULATIVE = (2, "AGGREGATION_TEMPORALITY_CUMULATIVE")
NO_RECORDED_VALUE = 1


class Unreadable(ValueError):
    """One data point cannot be taken, and why."""


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric with its data points, and where in the request they stand."""

    name: str
    unit: str
    shape: str
    points: list[Any]
    is_counter: bool
    problem: str
    pointer: str


def read(data: object) -> list[Report]:
    """The reports in an ExportMetricsServiceRequest, one for each resource. Raises ConfigError for what is none."""
    resources = data.get("resourceMetrics", []) if isinstance(data, dict) else None
    if not isinstance(resources, list):
        raise ConfigError([("/resourceMetrics", "Send an ExportMetricsServiceRequest of OTLP in JSON.")])
    if len(resources) > HOSTS_AT_MOST:
        raise ConfigError([("/resourceMetrics", f"Send at most {HOSTS_AT_MOST} resources at once.")])
    try:
        reports = [_report(one, f"/resourceMetrics/{place}") for place, one in enumerate(resources)]
    except (AttributeError, TypeError, KeyError):
        raise ConfigError([("/resourceMetrics", "Send OTLP as its JSON encoding says.")]) from None
    if sum(report.samples for report in reports) > SAMPLES_AT_MOST:
        raise ConfigError([("", f"Send at most {SAMPLES_AT_MOST:,} data points at once.")])
    return reports


def _report(resource: dict[str, Any], pointer: str) -> Report:
    attributes = dict(_attributes(resource.get("resource", {}).get("attributes", [])))
    host_id, host_name = (attributes.get(name, "") for name in HOST)
    service = tuple((name, attributes[name]) for name in SERVICE if attributes.get(name))
    if not (host_id or host_name):
        host_name = attributes.get("service.name", "")
    if not (host_id or host_name) or len(host_id) > IDENTITY_AT_MOST or len(host_name) > IDENTITY_AT_MOST:
        words = "Set host.name, host.id or service.name of the resource, with at most 200 characters."
        raise ConfigError([(f"{pointer}/resource/attributes", words)])
    places: list[str] = []
    report = Report(host_id, host_name or host_id, pointer, places.__getitem__)
    for metric in _metrics(resource, pointer):
        _take(metric, service, report, places)
    return report


def _metrics(resource: dict[str, Any], pointer: str) -> Iterator[_Metric]:
    for scope_place, scope in enumerate(resource.get("scopeMetrics", [])):
        for place, metric in enumerate(scope.get("metrics", [])):
            at = f"{pointer}/scopeMetrics/{scope_place}/metrics/{place}"
            shape = next((name for name in SHAPES if isinstance(metric.get(name), dict)), "")
            body = metric.get(shape, {})
            is_sum, problem = shape == "sum", ""
            if shape in ("sum", "histogram", "exponentialHistogram") and not _is_cumulative(body):
                problem = "Let the exporter send cumulative temporality: deltas cannot be added up when one is lost."
            monotonic = bool(body.get("isMonotonic")) if is_sum else shape != "gauge"
            unit = str(metric.get("unit", ""))
            unit = "" if unit.startswith("{") else UNITS.get(unit, unit)
            points = body.get("dataPoints", [])
            yield _Metric(
                str(metric.get("name", "")), unit, shape, points, monotonic, problem, f"{at}/{shape}"
            )


def _is_cumulative(body: dict[str, Any]) -> bool:
    return body.get("aggregationTemporality") in CUMULATIVE


def _take(metric: _Metric, service: Labels, report: Report, places: list[str]) -> None:
    for place, point in enumerate(metric.points):
        pointer = f"{metric.pointer}/dataPoints/{place}"
        try:
            if int(point.get("flags", 0)) & NO_RECORDED_VALUE:
                continue
            if metric.problem:
                raise Unreadable(metric.problem)
            at = datetime.fromtimestamp(int(point["timeUnixNano"]) / 1e9, tz=UTC)
            labels = tuple(
                sorted({**dict(service), **dict(_attributes(point.get("attributes", [])))}.items())
            )
            values = SHAPES[metric.shape](metric, point)
        except Unreadable as error:
            report.refuse(pointer, str(error))
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            report.refuse(pointer, "Send timeUnixNano and a value, as metrics.proto says.")
        else:
            for suffix, unit, value in values:
                kind: Kind = "counter" if metric.is_counter else "gauge"
                places.append(pointer)
                report.add((metric.name + suffix, labels, unit, kind), at, value, len(places) - 1)


Values = list[tuple[str, str, float]]


def _number(metric: _Metric, point: dict[str, Any]) -> Values:
    return [
        ("", metric.unit, float(point["asDouble"]) if "asDouble" in point else float(int(point["asInt"])))
    ]


def _count_and_sum(metric: _Metric, point: dict[str, Any]) -> Values:
    """Their buckets are left out: their rates give the mean, and how often."""
    found: Values = [(".count", "", float(int(point["count"])))]
    if point.get("sum") is not None:
        found.append((".sum", metric.unit, float(point["sum"])))
    return found


SHAPES = {
    "gauge": _number,
    "sum": _number,
    "histogram": _count_and_sum,
    "exponentialHistogram": _count_and_sum,
    "summary": _count_and_sum,
}


def _attributes(attributes: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Plain values as text; lists and maps are left out."""
    for attribute in attributes:
        value = attribute.get("value", {})
        for name in ("stringValue", "intValue", "doubleValue", "boolValue"):
            if name in value:
                text = str(value[name]).lower() if name == "boolValue" else str(value[name])
                yield str(attribute["key"]), "".join(one if one.isprintable() else "?" for one in text)[:200]
                break

"""Read what `/v1/ingest/metrics` takes: one batch of a host's samples, or a list of batches. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from math import nan
from typing import Any
from uuid import UUID

from monitors.hosts.model import HOSTS_AT_MOST, SAMPLES_AT_MOST, Report
from monitors.hosts.settings import IDENTITY_AT_MOST
from monitors.series.model import Labels
from pulse.fields import ConfigError

BATCH_FIELDS = {"host", "samples", "batch"}
SAMPLE_FIELDS = {"name", "value", "at", "labels", "unit", "kind"}
# A number of this size counts milliseconds, not seconds: it would be the year 5138.
MILLISECONDS_FROM = 1e11


class Unreadable(ValueError):
    """One sample cannot be read; (field, sentence)."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name = name


def read(data: object, now: datetime) -> list[Report]:
    """The reports in decoded JSON. Raises ConfigError when it is no such thing; a bad sample is its report's error."""
    batches: list[Any] = data if isinstance(data, list) else [data]
    if len(batches) > HOSTS_AT_MOST:
        raise ConfigError([("", f"Send at most {HOSTS_AT_MOST} batches at once; these are {len(batches)}.")])
    pointers = [f"/{place}" for place in range(len(batches))] if isinstance(data, list) else [""]
    errors: list[tuple[str, str]] = []
    reports = []
    for pointer, batch in zip(pointers, batches, strict=True):
        found = _complaints(batch, pointer)
        errors += found
        if not found:
            reports.append(_report(batch, pointer))
    total = sum(len(batch["samples"]) for batch in batches) if not errors else 0
    if total > SAMPLES_AT_MOST:
        errors.append(("", f"Send at most {SAMPLES_AT_MOST:,} samples at once; these are {total:,}."))
    if errors:
        raise ConfigError(errors)
    for report, batch in zip(reports, batches, strict=True):
        _read_samples(batch["samples"], report, now)
    return reports


def _complaints(batch: Any, pointer: str) -> list[tuple[str, str]]:
    if not isinstance(batch, dict):
        return [(pointer, "Send an object with host and samples, or a list of such objects.")]
    found = [
        (f"{pointer}/{str(name)[:40]}", "Remove this unknown field; known are host, samples and batch.")
        for name in batch.keys() - BATCH_FIELDS
    ]
    if words := _host_complaint(batch.get("host")):
        found.append((f"{pointer}/host", words))
    if not isinstance(batch.get("samples"), list):
        found.append(
            (f"{pointer}/samples", 'Send a list of samples like {"name": "cpu.percent", "value": 12.5}.')
        )
    if batch.get("batch") is not None and _uuid(batch["batch"]) is None:
        found.append(
            (f"{pointer}/batch", "Send a UUID, new for each batch and the same when it is sent again.")
        )
    return found


def _host_complaint(host: Any) -> str | None:
    named = {"name": host} if isinstance(host, str) else host
    if not isinstance(named, dict) or not named.keys() <= {"id", "name"} or not any(named.values()):
        return 'Say which host it is: {"id": "…", "name": "…"}, one of them, or its name as text.'
    for value in named.values():
        if not isinstance(value, str) or len(value) > IDENTITY_AT_MOST or not value.isprintable():
            return f"Use printable text of at most {IDENTITY_AT_MOST} characters."
    return None


def _report(batch: dict[str, Any], pointer: str) -> Report:
    host = batch["host"]
    named = {"name": host} if isinstance(host, str) else host
    return Report(
        named.get("id", "").strip(),
        named.get("name", "").strip(),
        pointer,
        lambda place: f"{pointer}/samples/{place}",
        _uuid(batch.get("batch")),
    )


def _read_samples(samples: list[Any], report: Report, now: datetime) -> None:
    for place, sample in enumerate(samples):
        try:
            if type(sample) is not dict:
                raise Unreadable("", "Send an object with name and value.")
            name, value, unit = sample.get("name"), sample.get("value"), sample.get("unit", "")
            if type(value) is not float and type(value) is not int:
                raise Unreadable("/value", "Send a number.")
            if type(name) is not str:
                raise Unreadable("/name", "Name the series, like cpu.percent.")
            if type(unit) is not str:
                raise Unreadable("/unit", "Write the unit as text, like bytes, % or s.")
            labels = _labels(sample["labels"]) if sample.get("labels") else ()
            at = _moment(sample["at"]) if sample.get("at") is not None else now
            kind = sample.get("kind", "gauge")
            if kind not in ("gauge", "counter"):
                raise Unreadable("/kind", "Use gauge or counter.")
            if not sample.keys() <= SAMPLE_FIELDS:
                raise Unreadable("", f"Remove unknown fields; known are {', '.join(sorted(SAMPLE_FIELDS))}.")
        except Unreadable as error:
            report.refuse(f"{report.pointer_of(place)}{error.name}", str(error))
        else:
            report.add((name, labels, unit, kind), at, _float(value), place)


def _float(value: float) -> float:
    """A whole number may have more digits than any float: it is refused later, as what is not finite is."""
    try:
        return float(value)
    except OverflowError:
        return nan


def _labels(labels: Any) -> Labels:
    if type(labels) is not dict or not all(type(value) is str for value in labels.values()):
        raise Unreadable("/labels", 'Send an object of names and texts, like {"mount": "/"}.')
    return tuple(sorted(labels.items()))


def _moment(at: Any) -> datetime:
    readers: dict[type, Callable[[Any], datetime]] = {str: _from_text, int: _from_number, float: _from_number}
    reader = readers.get(type(at))
    try:
        if reader is None:
            raise ValueError
        return reader(at)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(
            "/at", "Send the time like 2026-03-01T12:00:00Z, with its zone, or as seconds since 1970."
        ) from None


def _from_text(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _from_number(number: float) -> datetime:
    return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS_FROM else number, tz=UTC)


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None

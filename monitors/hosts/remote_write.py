"""Read what Prometheus writes to remote storage (remote write 1.0): a WriteRequest in protobuf.

https://prometheus.io/docs/specs/prw/remote_write_spec/ gives the messages; only their fields are read here, and
unknown ones passed over as protobuf wants it (https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from monitors.hosts.model import HOSTS_AT_MOST, SAMPLES_AT_MOST, Report
from monitors.hosts.settings import IDENTITY_AT_MOST
from monitors.series.model import Kind, Labels
from pulse.fields import ConfigError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# A series that has ended is marked by this NaN: it is no value.
STALE = 0x7FF0000000000002
COUNTERS = ("_total", "_count", "_sum", "_bucket")


class Malformed(ValueError):
    """The bytes are no such message."""


def read(body: bytes, host: str = "") -> list[Report]:
    """The reports in a WriteRequest: all of one host, or by the label host, else instance without its port.

    Raises ConfigError, or Malformed for what is no protobuf.
    """
    reports: dict[str, Report] = {}
    samples = 0
    for place, content in enumerate(value for number, value in _fields(body) if number == 1):
        labels, points = _series(content)
        samples += len(points)
        if samples > SAMPLES_AT_MOST:
            raise ConfigError(
                [("", f"Send at most {SAMPLES_AT_MOST:,} samples at once: set max_samples_per_send.")]
            )
        name = (host or labels.get("host", "") or labels.get("instance", "").rpartition(":")[0])[
            :IDENTITY_AT_MOST
        ]
        report = reports.setdefault(name, Report("", name, "", lambda at: f"/timeseries/{at}"))
        if not name:
            report.refuse(f"/timeseries/{place}", "Name the host: by ?host=, or by a label host or instance.")
            continue
        _take(labels, points, report, place)
    if len(reports) > HOSTS_AT_MOST:
        raise ConfigError([("", f"Send at most {HOSTS_AT_MOST} hosts at once: set max_samples_per_send.")])
    return list(reports.values())


def _take(labels: dict[str, str], points: list[tuple[int, int]], report: Report, place: int) -> None:
    name = labels.pop("__name__", "")
    kind: Kind = "counter" if name.endswith(COUNTERS) else "gauge"
    unit = "bytes" if "_bytes" in name else "s" if "_seconds" in name else ""
    unit = "" if name.endswith(("_count", "_bucket")) else unit
    key: tuple[str, Labels, str, Kind] = (name, tuple(sorted(labels.items())), unit, kind)
    for bits, milliseconds in points:
        if bits == STALE:
            continue
        try:
            at = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
        except (ValueError, OverflowError, OSError):
            report.refuse(report.pointer_of(place), "Send the time in milliseconds since 1970.")
            continue
        report.add(key, at, struct.unpack("<d", bits.to_bytes(8, "little"))[0], place)


def _series(content: bytes) -> tuple[dict[str, str], list[tuple[int, int]]]:
    """Labels, and samples as (bits of the value, milliseconds)."""
    labels, points = {}, []
    for number, value in _fields(content):
        if number == 1:
            pair = dict(_fields(value))
            labels[_text(pair.get(1, b""))] = _text(pair.get(2, b""))
        elif number == 2:
            sample = dict(_fields(value))
            at = sample.get(2, 0)
            points.append((sample.get(1, 0), at - (1 << 64) if at >= 1 << 63 else at))
    return labels, points


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        raise Malformed("a label is no text")
    return value.decode("utf-8", "replace")


def _fields(content: Any) -> Iterator[tuple[int, Any]]:
    """(number, value): whole numbers for varints and fixed ones, bytes for the rest."""
    if not isinstance(content, bytes):
        raise Malformed("a message is no message")
    place, end = 0, len(content)
    while place < end:
        tag, place = _varint(content, place)
        wire = tag & 7
        value: int | bytes
        if wire == VARINT:
            value, place = _varint(content, place)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
            value, place = int.from_bytes(content[place : place + size], "little"), place + size
        elif wire == BYTES:
            size, place = _varint(content, place)
            value, place = content[place : place + size], place + size
        else:
            raise Malformed(f"there is no wire type {wire}")
        if place > end:
            raise Malformed("it ends early")
        yield tag >> 3, value


def _varint(content: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if place >= len(content) or shift > 63:
            raise Malformed("a number does not end")
        byte = content[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7

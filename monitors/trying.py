"""Ask a source of metrics once with a draft, before anything is saved, and show what came of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import uvloop
from django.conf import settings

from monitors.definition import target_policy
from monitors.probes import PROBES
from monitors.probes.hiding import secrets_of, without
from monitors.probes.jobs import Job
from monitors.probes.metrics import Poll, poll, verdict
from monitors.probes.metrics_settings import MetricsConfig
from monitors.probes.outcome import FIRST_UNKNOWN, ErrorClass, sentence
from monitors.series.model import Point
from monitors.thresholds.writing import rounded, series
from pulse import VERSION
from pulse.charts import sparkline
from pulse.fields import ConfigError
from pulse.net.fetch import Outbound
from tenants.models import Organisation

KIND = "metrics"
# A person waits for it, and so does a thread that serves pages.
LONGEST_S = 15.0
AT_ONCE = 4
SHOWN_AT_MOST = 50

_room = threading.BoundedSemaphore(AT_ONCE)
_trying: set[int] = set()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Line:
    """A series as a trial shows it; values are oldest first."""

    name: str
    labels: tuple[tuple[str, str], ...]
    unit: str
    points: Sequence[Point]

    @property
    def title(self) -> str:
        return series(self.name, self.labels)

    @property
    def newest(self) -> str:
        return f"{rounded(self.points[-1][1])} {self.unit}".rstrip() if self.points else ""

    @property
    def chart(self) -> sparkline.Sparkline:
        """Drawn from zero, or from the lowest value where that is negative."""
        values = [value for _, value in self.points]
        low = min(0.0, *values)
        words = f"{rounded(min(values))} to {rounded(max(values))} {self.unit}".rstrip()
        return replace(sparkline.draw([value - low for value in values]), summary=words)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the draft would have made of this moment: a status, why, the series and each threshold."""

    status: str
    detail: str
    took_ms: int
    lines: tuple[Line, ...]
    thresholds: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "detail": self.detail,
            "took_ms": self.took_ms,
            "series": [
                {
                    "name": line.name,
                    "labels": dict(line.labels),
                    "unit": line.unit,
                    "points": [
                        {"at": at.isoformat().replace("+00:00", "Z"), "value": value}
                        for at, value in line.points
                    ],
                }
                for line in self.lines
            ],
            "thresholds": [
                {name: row[name] for name in ("assertion", "series", "level", "value", "problem")}
                for row in self.thresholds
            ],
        }


def try_out(organisation: Organisation, values: Mapping[str, Any]) -> Trial:
    """Ask once with what `definition.read` returned; raises ConfigError when it cannot be tried now."""
    if values["kind"] != KIND:
        raise ConfigError(
            [("/kind", "Try a monitor of metrics: other kinds show their first check at once.")]
        )
    config = PROBES[KIND].load(values["config"])
    timeout_s = min(float(values["timeout_seconds"]), LONGEST_S)
    agent = f"Pulse/{VERSION} (+{settings.PULSE_BASE_URL}/about-checks)"
    job = Job("trial", organisation.no, KIND, values["target"], config, timeout_s, monotonic(), agent)
    with _alone(organisation.no):
        return read(config, _asked(job))


def read(config: MetricsConfig, found: Poll) -> Trial:
    error, words, soft = verdict(config, found)
    secrets = secrets_of(config)
    lines: tuple[Line, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    if found.polled is not None:
        units = found.polled.units
        lines = tuple(
            Line(name, labels, units.get(name, ""), points)
            for (name, labels), points in found.polled.points.items()
            if points
        )
        rows = tuple(row.as_json() for row in found.polled.judgement.checked)
    status = "degraded" if soft else "up" if error is ErrorClass.NONE else "down"
    status = "unknown" if error >= FIRST_UNKNOWN else status
    detail = sentence(without(words, secrets))
    return Trial(status, detail, found.total_us // 1000, lines[:SHOWN_AT_MOST], rows)


def _asked(job: Job) -> Poll:
    """On a loop of its own, in the thread of the request: the same code and the same policy as a worker's."""
    loop = uvloop.new_event_loop()
    out = Outbound(loop, target_policy(), settings.PULSE_NAMESERVERS or None)
    try:
        return loop.run_until_complete(poll(out, job))
    finally:
        out.close()
        loop.close()


@contextmanager
def _alone(tenant: int) -> Iterator[None]:
    """One at a time for each organisation, and a few in all: pages need the threads too."""
    with _lock:
        free = tenant not in _trying and _room.acquire(blocking=False)
        if free:
            _trying.add(tenant)
    if not free:
        raise ConfigError([("", "Another query is being tried just now: try again in a few seconds.")])
    try:
        yield
    finally:
        with _lock:
            _trying.discard(tenant)
            _room.release()

"""What a host can be told: the name it reports under, how long it may be silent, and its thresholds."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.heartbeats.durations import span
from monitors.probes.settings import Settings, section, text
from monitors.thresholds.model import Threshold
from monitors.thresholds.setting import thresholding

SILENCE_S = 120
IDENTITY_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class HostConfig:
    reports_as: str
    silence_seconds: int
    thresholds: tuple[Threshold, ...]


SETTINGS = Settings(
    HostConfig,
    section(
        "How it reports",
        text(
            "reports_as",
            "Reports as",
            "The host id or name that its agent sends; empty is the monitor's name.",
            longest=IDENTITY_AT_MOST,
            read=lambda value: value.strip(),
        ),
        span(
            "silence_seconds",
            "Down after silence of",
            "When nothing came for so long, like 2 min; more than twice the interval of its agent.",
            10,
            7 * 86_400,
            default=SILENCE_S,
        ),
    ),
    section(
        "What its numbers may be", thresholding('avg(disk.used_percent{mount="/"}, 5m) > 85 warn, > 95 crit')
    ),
)

"""Keep the settings of heartbeats in memory, by version: a ping finds them there."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import structlog
from django.db import connection

from monitors.heartbeats.durations import words
from monitors.heartbeats.settings import SETTINGS, HeartbeatConfig
from monitors.policy import Policy, policy_of
from monitors.probes.settings import Settings, to_correct
from pulse.fields import ConfigError

# As they were saved: a calendar that has ended since then is no mistake.
_AS_SAVED = Settings(HeartbeatConfig, *SETTINGS.sections)
SPECS = "SELECT monitor_no, version, spec FROM telemetry_probespec WHERE monitor_no = ANY(%s)"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HeartbeatSpec:
    """`refused` says what of the settings has to be corrected; then nobody knows when it is expected."""

    version: int
    config: HeartbeatConfig
    policy: Policy
    identity: str
    organisation: str
    refused: str = ""


class Specs:
    """A cache of what was asked for lately. Heartbeats that are set alike share their settings."""

    def __init__(self, keep: int = 200_000) -> None:
        self.keep = keep
        self._by_monitor: dict[int, HeartbeatSpec] = {}
        self._configs: dict[str, tuple[HeartbeatConfig, str]] = {}

    def of(self, wanted: Collection[tuple[int, int]]) -> dict[int, HeartbeatSpec]:
        """Of (monitor, version), asked while its row is locked: then the version is the one that is stored."""
        missing = [
            number
            for number, version in wanted
            if (known := self._by_monitor.get(number)) is None or known.version != version
        ]
        if missing:
            self._load(missing)
        return {number: self._by_monitor[number] for number, _ in wanted if number in self._by_monitor}

    def _load(self, numbers: list[int]) -> None:
        if len(self._by_monitor) + len(numbers) > self.keep:
            self._by_monitor.clear()
            self._configs.clear()
        with connection.cursor() as cursor:
            cursor.execute(SPECS, [numbers])
            for number, version, raw in cursor.fetchall():
                spec = json.loads(raw) if isinstance(raw, str) else raw
                if spec["kind"] == "heartbeat":
                    self._by_monitor[number] = self._parse(version, spec)

    def _parse(self, version: int, spec: dict[str, Any]) -> HeartbeatSpec:
        key = json.dumps(spec["config"], sort_keys=True)
        if key not in self._configs:
            self._configs[key] = _read(spec["config"])
        config, refused = self._configs[key]
        if refused:
            log.warning("settings_refused", monitor=spec["monitor"])
        return HeartbeatSpec(
            version,
            config,
            policy_of("heartbeat", spec["policy"]),
            spec["monitor"],
            spec["organisation"],
            refused,
        )


def read(config: dict[str, Any]) -> HeartbeatConfig:
    """The settings of a saved heartbeat."""
    return _read(config)[0]


def _read(config: dict[str, Any]) -> tuple[HeartbeatConfig, str]:
    """Of settings that another version took and this one refuses, those that are fine, and what to correct.

    Its next deadline is then that of a period: there nobody knows how it stands.
    """
    try:
        return _AS_SAVED.load(config), ""
    except ConfigError as error:
        return replace(_AS_SAVED.filled(error.values), schedule="period"), to_correct(error)


def schedule_words(config: dict[str, Any]) -> str:
    """How often it is expected, short enough for a list: `1 d`, `0 3 * * *`."""
    schedule = read(config).expected
    if not schedule.is_calendar:
        return words(schedule.period_seconds)
    first, *more = schedule.lines or ("",)
    return f"{first} and {len(more)} more" if more else first

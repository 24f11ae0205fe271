"""Keep compiled specs in the worker's memory, by version, and load what is missing in one query."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import connection

from monitors import secrets
from monitors.policy import Policy, policy_of
from monitors.probes import PROBES
from monitors.probes.outcome import Outcome, refused_settings
from monitors.probes.probe import Probe
from monitors.probes.settings import to_correct
from monitors.telemetry.claiming import Claimed
from monitors.telemetry.models import REPORTED
from pulse.crypto import SealError
from pulse.fields import ConfigError
from pulse.net.urls import Url

# Settings that many monitors have are short; what is edited all the time must not pile up here.
MOST_SHARED, LONGEST_SHARED = 4096, 2000

LOAD = """
SELECT p.monitor_no, p.version, p.spec, i.issuer
FROM telemetry_probespec p LEFT JOIN telemetry_issuer i ON i.monitor_no = p.monitor_no AND i.location = %s
WHERE p.monitor_no = ANY(%s)
"""

log = structlog.get_logger(__name__)


# Not frozen: the recorder remembers here when it last looked at what ends, and the issuer that was accepted. All else
# nobody changes.
@dataclass(slots=True)
class Spec:
    """What is checked, and how. With `refused`, the outcome of every check, there is no `config`."""

    version: int
    kind: str
    target: str
    config: Any
    timeout_seconds: int
    policy: Policy
    interval_seconds: int = 60
    retry_seconds: int | None = None
    upside_down: bool = False
    locations: int = 1
    quorum: int = 1
    identity: str = ""
    organisation: str = ""
    destination: str = ""
    looked_at: datetime | None = None
    accepted_issuer: str | None = None
    refused: Outcome | None = None


class Specs:
    """A cache of everything this worker has claimed lately; a changed monitor has a new version."""

    def __init__(self, keep: int = 200_000) -> None:
        self.keep = keep
        self._by_monitor: dict[int, Spec] = {}
        self._configs: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def of(self, checks: list[Claimed], location: int = REPORTED) -> dict[int, Spec]:
        """The spec of each monitor claimed at `location`, at least as new as the claim says. Absent: deleted."""
        missing = [
            check.monitor_no
            for check in checks
            if (known := self._by_monitor.get(check.monitor_no)) is None or known.version < check.spec_version
        ]
        if missing:
            self._load(missing, location)
        found = ((check.monitor_no, self._by_monitor.get(check.monitor_no)) for check in checks)
        return {no: spec for no, spec in found if spec is not None}

    def _load(self, numbers: list[int], location: int) -> None:
        if len(self._by_monitor) + len(numbers) > self.keep:
            self._by_monitor.clear()
            self._configs.clear()
        with connection.cursor() as cursor:
            cursor.execute(LOAD, [location, numbers])
            for no, version, raw, issuer in cursor.fetchall():
                try:
                    spec = self._parse(version, json.loads(raw) if isinstance(raw, str) else raw)
                    spec.accepted_issuer = issuer
                    self._by_monitor[no] = spec
                except Exception:  # whatever is odd about it: this monitor alone waits
                    self._by_monitor.pop(no, None)
                    log.exception("spec_unreadable", monitor_no=no)

    def _parse(self, version: int, raw: dict[str, Any]) -> Spec:
        probe = PROBES[raw["kind"]]
        config, refused = self._read(probe, raw)
        return Spec(
            version,
            raw["kind"],
            raw["target"],
            config,
            raw["timeout"],
            policy_of(raw["kind"], raw["policy"]),
            raw.get("interval", 60),
            raw.get("retry"),
            raw.get("upside_down", False),
            raw.get("locations", 1),
            raw.get("quorum", 1),
            raw.get("monitor", ""),
            raw.get("organisation", ""),
            "" if refused else destination(probe, raw["target"], config),
            refused=refused,
        )

    def _read(self, probe: Probe, raw: dict[str, Any]) -> tuple[Any, Outcome | None]:
        """The settings, or what every check with them comes to: a monitor that nobody looks at must not stay up."""
        try:
            return self._config(probe, raw), None
        except ConfigError as error:  # another version took them
            log.warning(
                "settings_refused", monitor=raw.get("monitor"), at=[place for place, _ in error.errors]
            )
            return None, refused_settings(to_correct(error))
        except SealError:
            log.warning("secrets_do_not_open", monitor=raw.get("monitor"))
            return None, refused_settings(
                "its secrets do not open with this installation's keys: enter them anew"
            )

    def _config(self, probe: Probe, raw: dict[str, Any]) -> Any:
        """Most monitors of a kind are set alike: they share what was read, unless something in it is secret."""
        if raw.get("secrets"):
            return probe.load(raw["config"] | secrets.opened(raw))
        written = json.dumps(raw["config"], sort_keys=True)
        if len(written) > LONGEST_SHARED:
            return probe.load(raw["config"])
        key = raw["kind"], written
        if (known := self._configs.get(key)) is None:
            known = self._configs[key] = probe.load(raw["config"])
            if len(self._configs) > MOST_SHARED:
                self._configs.popitem(last=False)
        else:
            self._configs.move_to_end(key)
        return known


def destination(probe: Probe, target: str, config: Any) -> str:
    """What checks of one place have in common: host and port of the target, or of what it is reached through.

    "" for a target that can no longer be read.
    """
    for name, place in probe.settings.places(config):
        if name == probe.through:
            return str(place)
    try:
        found = probe.check_target(target)
    except ValueError:
        return ""
    return found.origin if isinstance(found, Url) else str(found)

"""What of a monitor's definition does not go together, each part being fine by itself."""

from __future__ import annotations

from typing import Any

from monitors import details
from monitors.hosts import finding
from monitors.models import Monitor
from monitors.policy import Policy, contradictions
from monitors.probes import PROBES
from monitors.suppression import depending
from pulse.fields import ConfigError, FieldError

# Kinds whose source asks not to be asked often.
SHORTEST_INTERVAL = {"domain": 3600}


def complaints(
    merged: dict[str, Any], fields: Any, base: dict[str, Any], monitor: Monitor | None
) -> list[tuple[str, str]]:
    """Pointers and words about `merged`, which is `fields` (what was sent) over `base`."""
    found = _owner(merged, base) + _times(merged, fields) + _votes(merged)
    return found + finding.complaints(merged, monitor) + _circles(merged, base, monitor)


def _times(merged: dict[str, Any], fields: Any) -> list[tuple[str, str]]:
    found = []
    interval, timeout = merged["interval_seconds"], merged["timeout_seconds"]
    if timeout >= interval:
        if "timeout_seconds" not in fields and "interval_seconds" in fields:
            hint = f"Use more than the timeout of {timeout} s, or shorten the timeout too."
            found.append(("/interval_seconds", hint))
        else:
            found.append(("/timeout_seconds", f"Use fewer seconds than the interval of {interval} s."))
    shortest = SHORTEST_INTERVAL.get(merged["kind"], 0)
    if interval < shortest:
        found.append(
            ("/interval_seconds", f"Use at least {shortest} s for this kind: its source asks for it.")
        )
    retry = merged["retry_seconds"]
    if retry is not None and retry >= interval:
        found.append(
            ("/retry_seconds", f"Use fewer seconds than the interval of {interval} s, or leave it empty.")
        )
    return found


def _votes(merged: dict[str, Any]) -> list[tuple[str, str]]:
    measured = merged["timeout_seconds"] if merged["kind"] in PROBES else None
    found = [
        (f"/policy/{name}", words) for name, words in contradictions(Policy(**merged["policy"]), measured)
    ]
    places = max(1, len(merged["locations"]))
    if merged["quorum"] > places:
        found.append(("/quorum", f"Use at most {places}, the number of locations."))
    return found


def _circles(merged: dict[str, Any], base: dict[str, Any], monitor: Monitor | None) -> list[tuple[str, str]]:
    """Of what it depends on, and of the members of a group, where they are new."""
    members = merged["config"]["members"] if merged["kind"] == Monitor.GROUP else []
    if merged["depends_on"] == base["depends_on"] and not members:
        return []
    try:
        depending.refuse(monitor, merged["name"], merged["depends_on"], members)
    except ConfigError as error:
        return list(error.errors)
    return []


def _owner(merged: dict[str, Any], base: dict[str, Any]) -> list[tuple[str, str]]:
    """Only a new owner must be a member: the old one may have left since."""
    if not merged["owner"] or merged["owner"] == base["owner"]:
        return []
    try:
        details.owner_id(merged["owner"])
    except FieldError as error:
        return [("/owner", str(error))]
    return []

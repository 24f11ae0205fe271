"""What of a monitor's definition is of no use to its kind, and is therefore refused."""

from __future__ import annotations

from typing import Any

from monitors.models import Monitor
from monitors.probes import PROBES

# What only a probe has, and its words for people.
OF_PROBES = {
    "timeout_seconds": "nobody waits for an answer of a {}",
    "retry_seconds": "nobody looks again at a {}",
    "locations": "a {} is not checked from anywhere",
    "quorum": "a {} is not checked from anywhere",
}


def of_no_use(merged: dict[str, Any], fields: dict[str, Any], base: dict[str, Any]) -> list[tuple[str, str]]:
    """What only a probe has is never taken and then ignored. The value that is there already may be sent back."""
    kind = merged["kind"]
    if kind in PROBES:
        return []
    complaints = []
    if fields.get("target"):
        complaints.append(("/target", f"Remove it: a {kind} has no address that is checked."))
    if merged["interval_seconds"] != base["interval_seconds"]:
        hint = "; its period says how often it is expected" if kind == "heartbeat" else ""
        complaints.append(("/interval_seconds", f"Remove it: a {kind} is not checked at an interval{hint}."))
    complaints += [
        (f"/{name}", f"Remove it: {words.format(kind)}.")
        for name, words in OF_PROBES.items()
        if merged[name] != base[name]
    ]
    return complaints


def of_no_use_to_groups(merged: dict[str, Any], base: dict[str, Any]) -> list[tuple[str, str]]:
    """A group counts no results of its own."""
    if merged["kind"] != Monitor.GROUP or merged["policy"] == base["policy"]:
        return []
    return [("/policy", "Remove it: a group stands as its members do.")]

"""Keep the secret settings of checks apart: sealed at rest, never shown, opened only by the worker that probes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from monitors.kinds import KINDS
from pulse.crypto import Place, SealError, seal, unseal
from pulse.fields import ConfigError

# What a secret that is set reads as; sent back unchanged it keeps what is there.
KEPT = "********"


def split(kind: str, config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings that may be shown, and those that may not; a secret that is empty is none."""
    names = KINDS[kind].settings.secrets if kind in KINDS else frozenset()
    hidden = {name: str(value) for name, value in config.items() if name in names and value}
    return {name: value for name, value in config.items() if name not in names}, hidden


def masked(config: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """As people and scripts read it."""
    return {**config, **dict.fromkeys(names, KEPT)}


def unmasked(config: Mapping[str, Any], known: Mapping[str, str], *, moved: bool) -> dict[str, Any]:
    """The settings with what is kept put in its place.

    A monitor that now looks elsewhere, or by a less protected way (`moved`), keeps no secret: whoever may edit
    it but does not know the password must not have it sent to a machine of their own.
    """
    errors = []
    found = dict(config)
    for name, value in config.items():
        if value != KEPT:
            continue
        if name not in known:
            errors.append((f"/{name}", "Write the secret itself: there is none to keep."))
        elif moved:
            errors.append(
                (
                    f"/{name}",
                    "Enter it again: it would be sent elsewhere or less protected now, and no secret moves along.",
                )
            )
        else:
            found[name] = known[name]
    if errors:
        raise ConfigError(errors)
    return found


def sealed(hidden: Mapping[str, str], organisation_id: UUID, monitor_id: UUID) -> str:
    if KEPT in hidden.values():
        raise ValueError("a mask would take the place of the secret that it stands for")
    return seal(json.dumps(hidden), place(organisation_id, monitor_id)) if hidden else ""


def unsealed(value: str, organisation_id: UUID | str, monitor_id: UUID | str) -> dict[str, str]:
    """Raises SealError where it does not open."""
    if not value:
        return {}
    found: dict[str, str] = json.loads(unseal(value, place(organisation_id, monitor_id)))
    return found


def to_keep(value: str, organisation_id: UUID | str, monitor_id: UUID | str) -> dict[str, str]:
    """The same where it opens; where it does not there is nothing to keep, and whoever edits enters all anew."""
    try:
        return unsealed(value, organisation_id, monitor_id)
    except SealError:
        return {}


def opened(spec: Mapping[str, Any]) -> dict[str, str]:
    """The secrets of a compiled spec."""
    return unsealed(spec.get("secrets", ""), spec.get("organisation", ""), spec.get("monitor", ""))


def place(organisation_id: UUID | str, monitor_id: UUID | str) -> Place:
    return Place(str(organisation_id), "monitor", "secrets", str(monitor_id))

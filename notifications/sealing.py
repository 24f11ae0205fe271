"""Settings of channels and contact methods at rest: what may be shown in one column, secrets sealed in another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitors.secrets import masked, unmasked
from notifications.transports.base import Transport
from pulse.crypto import Place, seal, unseal

HOST = "host"  # where a secret address leads, for lists and limits; no setting has this name


@dataclass(frozen=True, slots=True)
class Stored:
    """`shown` is a row's `config`, with a mask for each secret; `hidden` is what is sealed beside it."""

    shown: dict[str, Any] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)


def read(transport: Transport, data: object, known: Stored | None = None) -> Stored:
    """What people or scripts sent, as it is kept; `known` has the secrets that a mask stands for. Raises ConfigError.

    Settings left at their default are not kept. Where messages would go elsewhere, or without TLS, no secret moves
    along: whoever may edit a channel but does not know its password must not have it sent to a machine of their own.
    """
    known = known or Stored()
    found = _read(transport, data, known, moved=False)
    if known.shown and _where(transport, found.shown) != _where(transport, known.shown):
        return _read(transport, data, known, moved=True)
    return found


def _where(transport: Transport, shown: Mapping[str, Any]) -> tuple[str, ...]:
    schemes = (str(shown.get(name, "")).partition("://")[0] for name in transport.settings.destinations)
    return (transport.destination(dict(shown)), *schemes)


def _read(transport: Transport, data: object, known: Stored, *, moved: bool) -> Stored:
    given = unmasked(data, known.hidden, moved=moved) if isinstance(data, dict) else data
    config = transport.settings.load(given)
    secrets = transport.settings.secrets
    written = transport.settings.as_json(config)
    kept = {
        one.name: written[one.name]
        for one in transport.settings.all
        if written[one.name] != one.write(one.default)
    }
    hidden = {name: str(value) for name, value in kept.items() if name in secrets}
    shown = masked({name: value for name, value in kept.items() if name not in secrets}, list(hidden))
    led = [place.host for name, place in transport.settings.places(config) if name in secrets]
    return Stored(shown | {HOST: led[0]} if led else shown, hidden)


def as_read(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A row's `config` as people and scripts read it, and may send back."""
    return {name: value for name, value in shown.items() if name != HOST}


def load(transport: Transport, stored: Stored) -> Any:
    """The typed settings, secrets in their place. Raises ConfigError where they no longer fit."""
    return transport.settings.load(unmasked(as_read(stored.shown), stored.hidden, moved=False))


def sealed(hidden: Mapping[str, str], place: Place) -> str:
    return seal(json.dumps(hidden), place) if hidden else ""


def opened(value: str, place: Place) -> dict[str, str]:
    """The secrets of a row. Raises SealError where they do not open."""
    if not value:
        return {}
    plain = unseal(value, place)
    # Before channels had several secrets, it was the signing secret of a webhook alone.
    found: dict[str, str] = {"signing": plain} if plain.startswith("whsec_") else json.loads(plain)
    return found

"""Read a domain's RDAP answer (RFC 9083): when it ends, who sold it, what state it is in; nobody's personal data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MOST_STATES = 20


@dataclass(frozen=True, slots=True)
class Domain:
    """What the registry says of a domain; `expires` is None where it does not tell."""

    name: str
    expires: datetime | None
    registered: datetime | None
    registrar: str
    states: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "domain": self.name,
            "expires": self.expires.isoformat() if self.expires else None,
            "registered": self.registered.isoformat() if self.registered else None,
            "registrar": self.registrar,
            "states": list(self.states),
        }


def read_domain(answer: Any, name: str) -> Domain | None:
    """The domain in a decoded answer; None if it is not about a domain."""
    if not isinstance(answer, dict) or answer.get("objectClassName", "domain") != "domain":
        return None
    events = {
        event["eventAction"]: event.get("eventDate")
        for event in _objects(answer.get("events"))
        if isinstance(event.get("eventAction"), str)
    }
    states = answer.get("status")
    known = [state[:60] for state in states if isinstance(state, str)] if isinstance(states, list) else []
    return Domain(
        name=name,
        expires=_moment(events.get("expiration")),
        registered=_moment(events.get("registration")),
        registrar=_registrar(answer),
        states=tuple(known[:MOST_STATES]),
    )


def _moment(text: Any) -> datetime | None:
    """RFC 3339; a registry that leaves out the zone means UTC."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _registrar(answer: dict[str, Any]) -> str:
    """The full name on the registrar's jCard (RFC 7095)."""
    for entity in _objects(answer.get("entities")):
        roles, card = entity.get("roles"), entity.get("vcardArray")
        if not isinstance(roles, list) or "registrar" not in roles:
            continue
        fields = card[1] if isinstance(card, list) and len(card) > 1 and isinstance(card[1], list) else []
        for line in fields:
            if isinstance(line, list) and len(line) > 3 and line[0] == "fn" and isinstance(line[3], str):
                return line[3][:200]
    return ""


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))

"""Find out whose pings these are: by the token in their address, or by an API key and a slug."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from monitors.heartbeats.arrivals import AMBIGUOUS, NOT_FOUND, Answer, Arrival
from monitors.heartbeats.folding import Owned
from monitors.telemetry import heartbeats
from tenants import keys
from tenants.abilities import scope_allows
from tenants.models import ApiKey

SCOPE = "ingest"


@dataclass(slots=True)
class Resolved:
    """A batch by what is known of it; `missing` are to be created, by whom the key belongs to."""

    owned: list[Owned] = field(default_factory=list)
    refused: dict[Arrival, Answer] = field(default_factory=dict)
    missing: list[tuple[Arrival, ApiKey]] = field(default_factory=list)


def resolve(batch: Sequence[Arrival]) -> Resolved:
    """In the pipeline's scope. Whoever is refused learns nothing but that there is no such address."""
    found = Resolved()
    by_token = [arrival for arrival in batch if arrival.token]
    if by_token:
        known = heartbeats.by_token({arrival.token for arrival in by_token})
        for arrival in by_token:
            if owner := known.get(arrival.token):
                found.owned.append((arrival, owner[0]))
            else:
                found.refused[arrival] = NOT_FOUND
    if len(by_token) < len(batch):
        _resolve_slugs([arrival for arrival in batch if not arrival.token], found)
    return found


def _resolve_slugs(batch: Sequence[Arrival], found: Resolved) -> None:
    live = keys.find_live({arrival.key for arrival in batch}, timezone.now())
    allowed = {digest: row for digest, row in live.items() if scope_allows(row.scopes, SCOPE)}
    wanted = {
        (allowed[arrival.key].organisation.no, arrival.slug) for arrival in batch if arrival.key in allowed
    }
    known = heartbeats.by_slug(wanted)
    for arrival in batch:
        row = allowed.get(arrival.key)
        numbers = known.get((row.organisation.no, arrival.slug), []) if row else []
        if len(numbers) == 1:
            found.owned.append((arrival, numbers[0]))
        elif numbers:
            found.refused[arrival] = AMBIGUOUS
        elif row is None or not arrival.create:
            found.refused[arrival] = NOT_FOUND
        else:
            found.missing.append((arrival, row))

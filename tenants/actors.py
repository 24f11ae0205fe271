"""Who does a thing: a person, a script's key, or Pulse itself. Names are snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from tenants.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Actor:
    kind: str
    id: UUID | None
    name: str

    @classmethod
    def person(cls, user: User) -> Actor:
        return cls("user", user.pk, str(user))

    @classmethod
    def key(cls, key: ApiKey) -> Actor:
        return cls("key", key.pk, f"API key {key.name}")


PULSE = Actor("system", None, "Pulse")
COMMAND_LINE = Actor("system", None, "command line")

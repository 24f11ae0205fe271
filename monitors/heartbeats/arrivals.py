"""A ping on its way from the network into the database, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from monitors.heartbeats.advancing import Kind


@dataclass(frozen=True, slots=True)
class Answer:
    """`after_seconds` asks the sender to come again."""

    status: int
    text: str
    after_seconds: int | None = None


# The words that healthchecks answers with: clients compare them.
OK = Answer(200, "OK")
CREATED = Answer(201, "Created")
NOT_FOUND = Answer(404, "not found")
AMBIGUOUS = Answer(409, "ambiguous slug")
TOO_MANY = Answer(429, "too many requests", 10)
AWAY = Answer(503, "the database is away, try again", 5)
BUSY = Answer(503, "too many pings are waiting, try again", 2)
FAILED = Answer(500, "it could not be recorded")


@dataclass(slots=True, eq=False)
class Arrival:
    """One ping. It names its heartbeat by the digest of a token, or by that of an API key and a slug.

    `body` is what is kept, `body_size` how much there was. `arrived` is on the monotonic clock.
    `subject` is None for what did not come by mail; `text` is what keywords are looked for in where that is not
    the body.
    """

    kind: Kind
    method: str
    token: str = ""
    key: str = ""
    slug: str = ""
    create: bool = False
    exit_status: int | None = None
    rid: UUID | None = None
    address: str | None = None
    agent: str = ""
    subject: str | None = None
    text: str | None = None
    body: bytes = b""
    body_size: int = 0
    arrived: float = field(default_factory=monotonic)

    @property
    def source(self) -> str:
        """What bounds are kept by: one noisy job, by its token or by its key and slug."""
        return self.token or f"{self.key}/{self.slug}"

"""What the engine is handed: one check, due at one moment."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """One check to make.

    `key` comes back with the outcome and means nothing here; `tenant` only shares out capacity; `config` is
    what the kind's `load` returned; `timeout_s` covers look-ups, redirects and everything else; `start_at` is
    `time.monotonic()`. `agent` is how Pulse names itself (a User-Agent), `identity` the monitor's public id.
    """

    key: Hashable
    tenant: int
    kind: str
    target: str
    config: object
    timeout_s: float
    start_at: float
    agent: str = ""
    identity: str = ""

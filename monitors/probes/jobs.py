"""What the engine is handed: one check, due at one moment."""

from collections.abc import Hashable
from dataclasses import dataclass

from monitors.probes.outcome import Outcome
from pulse.net.exchange import Watch


# Nobody changes one. It is not frozen because it is made for each check: that would take four times as long.
@dataclass(slots=True)
class Job:
    """One check to make.

    `key` comes back with the outcome and means nothing here; `tenant` only shares out capacity; `config` is
    what the kind's `load` returned; `timeout_s` covers look-ups, redirects and everything else; `start_at` is
    `time.monotonic()`. `agent` is how Pulse names itself (a User-Agent), `identity` the monitor's public id.
    Checks of one `destination` share what may be under way there. `watch` hears of each phase as it ends, on
    the engine's loop: ("dns_us", 1200), ("address", "192.0.2.1"); it must only hand over. Of what cannot be
    checked the outcome is `known` before; it is reported at its time.
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
    destination: str = ""
    watch: Watch | None = None
    known: Outcome | None = None

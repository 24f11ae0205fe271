"""Judge a group by its members: all of them, any, or so many must work. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitors.telemetry.models import Status

WORKS = (Status.UP, Status.DEGRADED)
KNOWN = (*WORKS, Status.DOWN, Status.FLAPPING)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a group stands, and why in words."""

    status: Status
    detail: str


def judge(rule: str, needed: int, members: Mapping[str, Status]) -> Standing:
    """Pure. `rule` is "all", "any" or "at_least" with `needed`; `members` are statuses by name.

    Members of which nothing is known (paused, new, unmeasured) do not count, and no more are asked for than
    there are known ones.
    """
    known = {name: status for name, status in members.items() if status in KNOWN}
    if not known:
        lost = Status.UNKNOWN in members.values()
        return (
            Standing(Status.UNKNOWN, "nothing is known of its members")
            if lost
            else Standing(Status.PENDING, "")
        )
    wanted = {"all": len(known), "any": 1}.get(rule, max(1, min(needed, len(known))))
    working = sum(status in WORKS for status in known.values())
    failing = [name for name, status in known.items() if status not in WORKS]
    words = f"{working} of {len(known)} work" + (f"; not {', '.join(failing[:5])}" if failing else "")
    if working < wanted:
        return Standing(Status.DOWN, words[:200])
    sound = all(status is Status.UP for status in known.values())
    return Standing(Status.UP, "") if sound else Standing(Status.DEGRADED, words[:200])

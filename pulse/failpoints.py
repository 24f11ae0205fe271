"""Die at a named step of the path, when the environment says so: how the kill tests aim. Off, it is one `if`."""

from __future__ import annotations

import os
import signal

# Every step at which a crash could lose or double something; the fault matrix runs over this list.
STEPS = {
    "claim.committed": "checks are leased, none has started",
    "record.begin": "results are in memory, nothing is written",
    "record.steady": "steady results are committed, transitions are not",
    "record.transition": "inside the transaction of result, state, incident and fact",
    "incident.placed": "outages are sorted into incidents, none of those is written",
    "incident.ended": "inside the transaction that ends incidents, after their facts",
    "record.committed": "the transition is committed, no bell has rung",
    "pack.taken": "inside the transaction that packs results: fresh ones are gone, packed ones are not there yet",
    "release.written": "inside the transaction that releases outages that were held back",
    "release.committed": "what was released is committed, no bell has rung",
    "ping.written": "inside the transaction of a batch of pings",
    "ping.committed": "pings are committed, nobody was answered",
    "relay.claimed": "facts are leased, nothing is routed",
    "relay.routing": "inside the transaction that inserts deliveries and marks the fact routed",
    "relay.routed": "deliveries are committed, nothing of them was sent",
    "policy.stepping": "inside the transaction that takes a policy's step",
    "follow.writing": "inside the transaction of reminders, fallbacks and digests",
    "delivery.leased": "a delivery is leased, no attempt is written",
    "delivery.attempted": "the attempt is committed, nothing was sent",
    "delivery.sent": "the receiver has it, the outcome is not committed",
    "delivery.recorded": "the outcome is committed",
}

_armed = os.environ.get("PULSE_FAILPOINT", "")
if _armed and _armed not in STEPS:
    raise RuntimeError(f"PULSE_FAILPOINT={_armed!r} is no step: use one of {', '.join(STEPS)}.")


def reach(step: str) -> None:
    """Kill this process with SIGKILL, as an out-of-memory killer would, if `step` is the armed one."""
    if _armed and _armed == step:
        os.kill(os.getpid(), signal.SIGKILL)

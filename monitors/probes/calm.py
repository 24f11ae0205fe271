"""Keep Python's own housekeeping from making checks late, in a process that exists for checks."""

from __future__ import annotations

import gc
import sys
from ctypes import CDLL
from time import monotonic

# libcurl is left and entered several times per check, and each time the interpreter has to be won back from
# the threads that claim and record: at Python's usual 5 ms for each, checks would start late.
SWITCH_S = 0.0005
# A full collection walks through every monitor's settings: 0.24 s at 10,000 monitors, while everything stands
# still. So what has grown old is put out of its sight every half minute, and looked through once an hour.
# Between that hardly anything is worth looking for: a check leaves no cycles, and what it makes is let go of with it.
# What is claimed ahead or hangs comes and goes by the ten thousand, though, and looking through that took 3 % of the
# worker; at the usual sizes 6,000 checks that hang made a pause of 20 ms every second.
YOUNG = (50_000, 20, 1_000_000)
SETTLE_S = 30.0
LOOK_THROUGH_S = 3600.0


class Calm:
    """For one thread, which calls `settle` often."""

    def __init__(self) -> None:
        sys.setswitchinterval(min(SWITCH_S, sys.getswitchinterval()))
        gc.set_threshold(*YOUNG)
        gc.collect()
        gc.freeze()
        now = monotonic()
        self._settle_at = now + SETTLE_S
        self._look_through_at = now + LOOK_THROUGH_S

    def settle(self) -> None:
        """Does what is due; takes some milliseconds, and once an hour up to a second with very many monitors."""
        now = monotonic()
        if now >= self._look_through_at:
            gc.unfreeze()
            gc.collect()
            give_back()
            self._look_through_at = now + LOOK_THROUGH_S
        elif now >= self._settle_at:
            gc.collect(1)
        else:
            return
        gc.freeze()
        self._settle_at = monotonic() + SETTLE_S


def give_back() -> None:
    """Return to the system what was freed, where the C library can be told to (glibc): it keeps it for itself else."""
    trim = getattr(CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)

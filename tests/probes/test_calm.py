"""Python's housekeeping in a process that exists for checks."""

import gc
import sys
from collections.abc import Iterator
from ctypes import CDLL
from pathlib import Path
from weakref import ref

import pytest

from monitors.probes import calm


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


class Thing:
    """Something with a reference to itself, which only a collection can end."""

    def __init__(self) -> None:
        self.own = self


def test_what_has_grown_old_is_out_of_the_collectors_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calm, "SETTLE_S", 0.0)
    keeper = calm.Calm()
    kept = [[number] for number in range(1000)]
    assert seen(kept) == 1000

    keeper.settle()

    assert seen(kept) == 0


def seen(things: list[list[int]]) -> int:
    """How many of them a collection would look at."""
    looked_at = {id(thing) for thing in gc.get_objects()}
    return sum(id(thing) in looked_at for thing in things)


def test_rubbish_among_it_is_found_at_the_next_look_through(monkeypatch: pytest.MonkeyPatch) -> None:
    thing = Thing()
    gone = ref(thing)
    keeper = calm.Calm()
    monkeypatch.setattr(calm, "LOOK_THROUGH_S", 0.0)
    impatient = calm.Calm()
    del thing

    keeper.settle()
    assert gone() is not None
    impatient.settle()
    assert gone() is None


@pytest.mark.skipif(
    not hasattr(CDLL(None), "malloc_trim"), reason="this C library gives memory back by itself"
)
def test_what_was_freed_goes_back_to_the_system() -> None:
    held = [bytearray(20_000) for _ in range(2000)]  # below what the C library gives back at once
    last = [bytearray(20_000)]  # and what it cannot give back as long as this stands behind it
    before = resident_mib()
    held.clear()

    calm.give_back()

    assert before - resident_mib() > 20
    assert len(last) == 1


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)

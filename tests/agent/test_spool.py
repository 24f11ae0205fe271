"""The agent's buffer: in order, over restarts, never larger than allowed, and not stopped by a broken file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pulse_agent.spool import Spool


def content(spool: Spool) -> list[int]:
    found = [spool.read(name) for name in spool.first(100)]
    return [json.loads(batch)["n"] for batch in found if batch is not None]


def test_batches_come_out_in_the_order_in_which_they_went_in(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000_000)
    for number in range(12):
        spool.add({"n": number})

    assert content(spool) == list(range(12))
    assert len(spool.first(5)) == 5


def test_a_restart_goes_on_behind_what_is_there(tmp_path: Path) -> None:
    Spool(tmp_path, 1_000_000).add({"n": 1})

    again = Spool(tmp_path, 1_000_000)
    again.add({"n": 2})

    assert content(again) == [1, 2]


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 2000)
    for number in range(10):
        spool.add({"n": number, "noise": os.urandom(300).hex()})

    kept = content(spool)

    assert kept == list(range(10 - len(kept), 10))
    assert 0 < len(kept) < 10
    assert spool.dropped == 10 - len(kept)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2000


def test_a_broken_file_is_put_aside(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000_000)
    for number in range(3):
        spool.add({"n": number})
    (tmp_path / spool.first(1)[0]).write_bytes(b"\x1f\x8b broken")

    assert content(spool) == [1, 2]
    assert len(list(tmp_path.glob("*.bad"))) == 1


def test_half_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "000000000001.part").write_bytes(b"half")

    assert content(Spool(tmp_path, 1_000_000)) == []
    assert list(tmp_path.iterdir()) == []

"""A check that somebody asked for is shown while it happens, whatever became of another one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from monitors.probes.outcome import ErrorClass, Outcome
from monitors.watching import Onlookers, last_shown
from tests.receivers import wait_until


def test_evidence_that_cannot_be_read_is_the_loss_of_one_look(acme: Any) -> None:
    def unreadable() -> dict[str, Any]:
        raise ValueError("a certificate of another age")

    onlookers, one, other = Onlookers(), uuid4(), uuid4()
    _, odd = onlookers.follow(acme.id, str(one))
    onlookers.finish(odd, Outcome(True, ErrorClass.NONE, "answered 200", evidence=unreadable))
    watch, progress = onlookers.follow(acme.id, str(other))
    watch("dns_us", 1200)
    onlookers.finish(progress, Outcome(True, ErrorClass.NONE, "answered 204"))

    wait_until(lambda: "Answered 204" in last_shown(other), 5, "the other check")
    assert "1.2 ms" in last_shown(other)
    assert "Answered 200" in last_shown(one)

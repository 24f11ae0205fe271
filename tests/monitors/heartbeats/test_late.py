"""What is late is counted and found by that word: in the list, its search, its counts and the sentence over all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitors.listing import counts
from pulse.scoping import in_tenant
from tests.monitors.heartbeats.serving import ask, heartbeat, token_of
from tests.monitors.heartbeats.test_deadlines import back


def test_late_is_no_longer_up(acme: Any, as_alice: Any, pings: str) -> None:
    late = heartbeat(acme, name="nightly", config={"period_seconds": 60, "grace_seconds": 600})
    fine = heartbeat(acme, name="hourly", config={"period_seconds": 3600, "grace_seconds": 600})
    for monitor in (late, fine):
        ask(f"{pings}/{token_of(acme, monitor)}")
    back(late, timedelta(minutes=2))

    with in_tenant(acme):
        numbers = counts()
    found = as_alice.get("/o/acme/monitors/?q=status:late").content.decode()
    up = as_alice.get("/o/acme/monitors/?status=up").content.decode()
    summary = as_alice.get("/o/acme/monitors/summary/").content.decode()

    assert (numbers["late"], numbers["up"]) == (1, 1)
    assert "nightly" in found
    assert "hourly" not in found
    assert "nightly" not in up
    assert "1 monitor late" in summary
    assert "not reported when expected" in summary

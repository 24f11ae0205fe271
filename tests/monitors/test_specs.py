"""What a worker keeps of monitors' settings: shared where many are alike, and never more and more."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from monitors.evaluation import State
from monitors.telemetry import specs as module
from monitors.telemetry.claiming import Claimed
from monitors.telemetry.specs import Specs
from pulse.scoping import as_pipeline
from tests.monitors.making import make


def read(specs: Specs, *numbers: int) -> list[Any]:
    with as_pipeline():
        checks = [Claimed(no, 1, timezone.now(), 1, 10**6, State()) for no in numbers]
        found = specs.of(checks)
    return [found[no].config for no in numbers]


def test_monitors_that_are_set_alike_share_what_was_read(acme: Any) -> None:
    alike = {"headers": {"X-A": "1"}}
    one, two, other = make(acme, "one", config=alike), make(acme, "two", config=alike), make(acme, "other")

    first, second, third = read(Specs(), one.no, two.no, other.no)

    assert first is second
    assert third is not first


def test_long_settings_and_old_ones_are_not_kept(acme: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MOST_SHARED", 2)
    specs = Specs()
    long = make(acme, "long", config={"body_type": "text", "body": "x" * 3000})
    several = [make(acme, f"m{number}", config={"headers": {"X-A": str(number)}}) for number in range(4)]

    read(specs, long.no, *(one.no for one in several))

    assert len(specs._configs) == 2  # there is no other way to see what is kept

"""What does not go together is told in words that are right in a form and in a script."""

from __future__ import annotations

from typing import Any

import pytest

from monitors import definition
from monitors.contradicting import complaints
from monitors.fitting import of_no_use

BASE = definition.DEFAULTS | {"name": "Shop", "target": "http://127.0.0.1:9/"}
JOB = definition.DEFAULTS | {"name": "Job", "kind": "heartbeat"}
# How scripts call what people see under another name.
FIELDS = (*(name for name in definition.DEFAULTS if "_" in name), "config.", "null")


@pytest.mark.parametrize(
    ("sent", "pointer", "words"),
    [
        ({"interval_seconds": 10}, "/interval_seconds", "more than the timeout of 10 s, or shorten the timeout too"),
        ({"timeout_seconds": 60}, "/timeout_seconds", "fewer seconds than the interval of 60 s"),
        ({"retry_seconds": 60}, "/retry_seconds", "fewer seconds than the interval of 60 s, or leave it empty"),
    ],
)  # fmt: skip
def test_times_that_contradict_each_other(sent: dict[str, Any], pointer: str, words: str) -> None:
    ((where, told),) = complaints(BASE | sent, sent, BASE, None)

    assert where == pointer
    assert words in told
    assert not [name for name in FIELDS if name in told]


def test_an_interval_is_of_no_use_to_what_reports_by_itself() -> None:
    ((where, told),) = of_no_use(JOB | {"interval_seconds": 30}, {"interval_seconds": 30}, JOB)

    assert where == "/interval_seconds"
    assert (
        told
        == "Remove it: a heartbeat is not checked at an interval; its period says how often it is expected."
    )

"""The status of HTTP is held against codes and ranges; what no status can be is refused with what to write."""

from __future__ import annotations

from typing import Any

import pytest

from monitors.assertions.model import Operator, Source
from monitors.assertions.reading import load
from monitors.assertions.writing import text
from monitors.probes import PROBES
from monitors.probes.http_settings import SOURCES as HTTP
from pulse.fields import FieldError


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[STATUS] in 200 - 299, 304", ["200-299", 304]),
        ("[STATUS] not in 500 -599", ["500-599"]),
        ('[STATUS] in "200- 299", "404"', ["200-299", 404]),
        ("[STATUS] == any(200 - 204, 429)", ["200-204", 429]),
        ({"source": "status", "operator": "not_in", "expected": [" 500 - 599 "]}, ["500-599"]),
        ('[STATUS] == "200"', 200),
        ("[STATUS] != 503", 503),
    ],
)
def test_blanks_and_quotes_mean_nothing(line: Any, expected: Any) -> None:
    [found] = load([line], HTTP)

    assert found.expected == expected
    assert load([text(found)], HTTP) == (found,)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[STATUS] not in 5xx", "Write 500-599 instead of 5xx."),
        ("[STATUS] in 200, 3XX", "Write 300-399 instead of 3XX."),
        ("[STATUS] not in 500\u2013599", "Write 500-599 instead of 500\u2013599."),
        ("[STATUS] != 5xx", "Write not in 500-599 instead of != 5xx."),
        ("[STATUS] == 200 - 299", "Write in 200-299 instead of == 200 - 299."),
        ("[STATUS] == OK", "Write a status code after '==', as in 200."),
        ("[STATUS] != null", "Write a status code after '!=', as in 200."),
        ("[STATUS] != true", "Write a status code after '!=', as in 200."),
        ("[STATUS] not in errors", "Write a code or a range, as in 404 or 500-599, instead of errors."),
        ("[STATUS] not in true", "Write a code or a range, as in 404 or 500-599, instead of true."),
        ("[STATUS] in 299 - 200", "Write the range from low to high; 299-200 is not."),
        ({"source": "status", "operator": "not_in", "expected": ["5xx"]}, "Write 500-599 instead of 5xx."),
    ],
)
def test_what_no_status_ever_equals_is_refused(line: Any, words: str) -> None:
    with pytest.raises(FieldError) as complaint:
        load([line], HTTP)

    assert str(complaint.value) == f"Line 1: {words}"


def test_the_status_of_grpc_is_a_word() -> None:
    [equal, one_of] = load(
        ["[STATUS] == SERVING", "[STATUS] in SERVING, UNKNOWN"], PROBES["grpc_health"].sources
    )

    assert (equal.source, equal.expected) == (Source.STATUS, "SERVING")
    assert (one_of.operator, one_of.expected) == (Operator.IN, ["SERVING", "UNKNOWN"])

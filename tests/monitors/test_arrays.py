"""Array literals that PostgreSQL reads as the values that went in, whatever text holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.telemetry.arrays import array, text_array

WRITABLE = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=30)


def read(literal: str, kind: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [literal])
        found: list[Any] = cursor.fetchone()[0]
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | WRITABLE, min_size=1, max_size=5))
def test_any_text_comes_back_as_it_was(world: None, values: list[str | None]) -> None:
    assert read(text_array(values), "text") == values


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bigint", [1, -(2**62), None]),
        ("bool", [True, False, None]),
        (
            "timestamptz",
            [datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC), None, datetime(2026, 1, 1, tzinfo=UTC)],
        ),
    ],
)
def test_other_values_come_back_too(world: None, kind: str, values: list[Any]) -> None:
    assert read(array(values), kind) == values


def test_addresses_come_back(world: None) -> None:
    assert [str(one) for one in read(array(["192.0.2.1", "2001:db8::1"]), "inet")] == [
        "192.0.2.1",
        "2001:db8::1",
    ]

"""Polled metrics against a real Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from monitors.probes.outcome import ErrorClass, Outcome
from tests.peers.prometheus import PASSWORD, USER, PrometheusPeer, prometheus
from tests.probes.asking import Asking

QUERIES = [
    "requests [1/s] = rate(requests_total[1m])",
    "errors [1/s] = sum(rate(errors_total[1m]))",
    "temperature [°C] = temperature",
]
KEYS = {"username": USER, "password": PASSWORD, "step_seconds": 15}


@pytest.fixture(scope="module")
def peer() -> Iterator[PrometheusPeer]:
    with prometheus() as server:
        yield server


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    with Asking() as engine:
        yield engine


def ask(asking: Asking, peer: PrometheusPeer, **settings: Any) -> Outcome:
    return asking.ask("metrics", peer.url, {"queries": QUERIES, **KEYS, **settings}, timeout_s=10)


def values(outcome: Outcome) -> dict[str, float]:
    return {
        "".join([points.name, *(f"|{value}" for _, value in points.labels)]): round(points.points[-1][1], 6)
        for points in outcome.samples
    }


def test_values_of_several_queries_and_of_what_is_derived_are_brought_with_their_units(
    asking: Asking, peer: PrometheusPeer
) -> None:
    outcome = ask(
        asking, peer, derived=["share [%] = 100 * errors / max(requests, 1)"],
        thresholds=["avg(share, 5m) > 50 warn, > 80 crit", "last(temperature) > 50 crit"],
    )  # fmt: skip

    assert (outcome.ok, outcome.error) == (True, ErrorClass.NONE)
    assert (
        outcome.detail == "requests is 2 1/s, errors is 0.5 1/s, temperature is 42 °C; all 2 thresholds hold"
    )
    assert values(outcome) == {"requests": 2, "errors": 0.5, "temperature": 42, "share": 25}
    assert {points.name: points.unit for points in outcome.samples}["share"] == "%"
    assert all(len(points.points) >= 20 for points in outcome.samples)  # five minutes and what may come late


@pytest.mark.parametrize(
    ("threshold", "ok", "soft", "words"),
    [
        ("avg(temperature, 5m) > 40 warn, > 60 crit", True, True,
         "temperature is 42 °C on average over 5m; warning is > 40"),
        ("min(temperature, 5m) > 41 crit", False, False, "temperature fell to 42 °C within 5m; critical is > 41"),
        ("rate(requests, 5m) > 1 crit", True, False, ""),
    ],
)  # fmt: skip
def test_the_worst_threshold_decides_and_is_the_detail(
    asking: Asking, peer: PrometheusPeer, threshold: str, ok: bool, soft: bool, words: str
) -> None:
    outcome = ask(asking, peer, thresholds=[threshold, "last(requests) > 100 crit"])

    assert (outcome.ok, outcome.soft) == (ok, soft)
    assert words in outcome.detail
    assert outcome.evidence is not None
    row = outcome.evidence()["assertions"][0]
    assert (row["series"], row["problem"]) in [("temperature", ""), ("requests", "")]


def test_a_query_that_brings_several_series_keeps_their_labels(asking: Asking, peer: PrometheusPeer) -> None:
    outcome = ask(
        asking, peer, queries=["errors = rate(errors_total[1m])", "all = sum(rate(errors_total[1m]))"],
        derived=["share = errors / all"], thresholds=['last(share{part="write"}) > 0.5 crit'],
    )  # fmt: skip

    assert values(outcome) == {
        "errors|read": 0.2, "errors|write": 0.3, "all": 0.5, "share|read": 0.4, "share|write": 0.6,
    }  # fmt: skip
    assert outcome.detail == 'share{part="write"} is 0.6; critical is > 0.5'


def test_a_wrong_password_is_unknown_and_never_shown(asking: Asking, peer: PrometheusPeer) -> None:
    outcome = ask(asking, peer, password="wrong-password")

    assert (outcome.is_unknown, outcome.error) == (True, ErrorClass.SOURCE_REFUSED)
    assert outcome.detail == "the source refused the key (HTTP 401): check it and what it may read"
    assert outcome.samples == ()


def test_a_wrong_query_is_told_in_the_source_s_own_words(asking: Asking, peer: PrometheusPeer) -> None:
    outcome = ask(asking, peer, queries=["load = sum(rate(x[5m])"])

    assert (outcome.is_unknown, outcome.error) == (True, ErrorClass.SOURCE_QUERY)
    assert "does not understand load" in outcome.detail
    assert "parse error" in outcome.detail


@pytest.mark.parametrize(
    ("no_data", "error"), [("unknown", ErrorClass.SOURCE_EMPTY), ("down", ErrorClass.ASSERTION_FAILED)]
)
def test_no_value_is_unknown_or_down_as_it_is_set(
    asking: Asking, peer: PrometheusPeer, no_data: str, error: ErrorClass
) -> None:
    outcome = ask(
        asking, peer, queries=["load = no_such_metric"], no_data=no_data, thresholds=["last(load) > 1 crit"]
    )

    assert (outcome.ok, outcome.error) == (False, error)
    assert outcome.detail == "load: there is no such series"


def test_a_source_that_is_away_is_unknown(asking: Asking) -> None:
    outcome = asking.ask("metrics", "http://127.0.0.1:9", {"queries": QUERIES})

    assert (outcome.is_unknown, outcome.error) == (True, ErrorClass.SOURCE_UNREACHABLE)
    assert outcome.detail.startswith("the source was not reached: ")

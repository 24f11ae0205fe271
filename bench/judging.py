"""What judging one result costs, and replaying a month of a monitor that is checked every 30 s."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter

from bench.report import Figure, at_most, info
from monitors.evaluation import State, Verdict, evaluate
from monitors.policy import Policy

RESULTS = 86_400  # 30 days, every 30 s
START = datetime(2026, 1, 1, tzinfo=UTC)


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Without a database: reading a month is measured by `storage`."""
    chance = random.Random(1)
    good = [Verdict.GOOD] * RESULTS
    failing = [Verdict.BAD if chance.random() < 0.1 else Verdict.GOOD for _ in range(RESULTS)]
    yield at_most("evaluate_steady", _judged(Policy(), good), "us/result", 5)
    yield info("evaluate_one_in_ten_fails", _judged(Policy(), failing), "us/result")
    yield info("evaluate_one_in_ten_fails_window", _judged(Policy(window=5), failing), "us/result")
    for name, share in (("calm", 0.0005), ("restless", 0.1)):
        yield at_most(f"backtest_replay_{name}", _replayed(share), "s", 1)


def _judged(policy: Policy, verdicts: Sequence[Verdict]) -> float:

    state, began = State(), perf_counter()
    for verdict in verdicts:
        state, _ = evaluate(policy, state, verdict, START)
    return (perf_counter() - began) / len(verdicts) * 1e6


def _replayed(failing: float) -> float:
    """Draft and today's policy over the same month, and the comparison of both."""
    from monitors.backtest.comparing import compare
    from monitors.backtest.replaying import replay
    from monitors.results.columns import Columns

    chance, end = random.Random(2), START + timedelta(days=30)
    ok = [chance.random() >= failing for _ in range(RESULTS)]
    first = int(START.timestamp() * 1e6)
    columns = Columns(
        slot=[first + place * 30_000_000 for place in range(RESULTS)],
        ok=ok,
        soft=[False] * RESULTS,
        error=[0 if each else 60 for each in ok],
        total_us=[100_000] * RESULTS,
    )
    began = perf_counter()
    today, draft = (replay(policy, 1, {1: columns}, end) for policy in (Policy(), Policy(down_after=2)))
    assert compare(today, draft, START, end).sentences
    return perf_counter() - began

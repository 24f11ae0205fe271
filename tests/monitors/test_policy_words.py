"""A policy in words."""

from __future__ import annotations

import pytest

from monitors.policy import Policy
from monitors.policy_words import policy_in_words


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Policy(), {"Down": "after 3 failures in a row", "Up again": "after 2 answers in a row",
                    "Degraded": "after 3 soft results in a row",
                    "Flapping": "from 40% of changes in the last 20 until 20%"}),
        (Policy(1, 1, 1, window=5, quiet_seconds=300, slow_ms=1500, flapping_above=0),
         {"Down": "after 3 failures among the last 5", "Up again": "after 1 answer, and 5 min without a failure",
          "Slow": "over 1,500 ms", "Degraded": "after 1 soft result"}),
    ],
)  # fmt: skip
def test_a_policy_says_what_it_does(policy: Policy, said: dict[str, str]) -> None:
    assert dict(policy_in_words(policy)) == said

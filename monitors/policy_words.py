"""Say a policy in the words of a page. Pure."""

from __future__ import annotations

from monitors.heartbeats.durations import words as lasting
from monitors.policy import Policy


def policy_in_words(policy: Policy, *, upside_down: bool = False) -> list[tuple[str, str]]:
    """(label, words) for each part that has an effect."""
    found = [("Down", _down(policy, upside_down)), ("Up again", _up(policy))]
    if policy.slow_ms is not None:
        found.append(("Slow", f"over {policy.slow_ms:,} ms"))
    found.append(("Degraded", f"after {_in_a_row(policy.degraded_after, 'soft result')}"))
    if policy.flapping_above:
        marks = (
            f"from {policy.flapping_above:.0%} of changes in the last 20 until {policy.flapping_below:.0%}"
        )
        found.append(("Flapping", marks))
    return found


def _down(policy: Policy, upside_down: bool) -> str:
    if policy.window:
        said = f"after {policy.failures_needed} failures among the last {policy.window}"
    else:
        said = f"after {_in_a_row(policy.down_after, 'failure')}"
    return said + ("; upside down: it is good when the check fails" if upside_down else "")


def _up(policy: Policy) -> str:
    quiet = f", and {lasting(policy.quiet_seconds)} without a failure" if policy.quiet_seconds else ""
    return f"after {_in_a_row(policy.up_after, 'answer')}{quiet}"


def _in_a_row(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s in a row"

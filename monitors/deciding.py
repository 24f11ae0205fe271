"""Say what a result decided, or what it was counted for without deciding anything. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from monitors.evaluation import State, Transition, Verdict, evaluate
from monitors.policy import Policy
from monitors.statuses import Status


class DecisionKind(IntEnum):
    """What was decided; stored. COUNTED and DISMISSED are refusals: nothing changed, and why.

    The first four are those of results; the others follow from a change of status, or take its place.
    """

    CHANGED = 1
    COUNTED = 2
    DISMISSED = 3
    NOT_BELIEVED = 4
    SUPPRESSED = 5
    RELEASED = 6
    ENDED_UNTOLD = 7
    OPENED = 8
    JOINED = 9
    NOT_OPENED = 10
    RESOLVED = 11


class Rule(IntEnum):
    """Which part of the policy, or which thing beside it, decided; stored."""

    NONE = 0
    IN_A_ROW = 1
    SHARE = 2
    ANSWERS = 3
    QUIET = 4
    FIRST_ANSWER = 5
    SOFT_IN_A_ROW = 6
    GOOD_IN_A_ROW = 7
    UNKNOWN_IN_A_ROW = 8
    GOES_ON = 9
    FLAPPING_IN = 10
    FLAPPING_OUT = 11
    OWN_NETWORK = 12
    MAINTENANCE = 13
    PARENT = 14
    QUORUM = 15
    MEMBERS = 16
    OUTAGE = 17
    PERSON = 18


@dataclass(frozen=True, slots=True)
class Reason:
    """`counted` of `needed` results, as `rule` counts them; both 0 where it counts nothing."""

    kind: DecisionKind
    rule: Rule
    counted: int = 0
    needed: int = 0


class Weighed(NamedTuple):
    """What one result made of a state, and the reason where it was not simply as expected."""

    before: State
    after: State
    transition: Transition | None
    verdict: Verdict
    reason: Reason | None


def weigh(policy: Policy, before: State, verdict: Verdict, slot: datetime) -> Weighed:
    """Judge one result, and say why."""
    after, transition = evaluate(policy, before, verdict, slot)
    reason = None if after is before else decide(policy, before, after, verdict, transition)
    return Weighed(before, after, transition, verdict, reason)


def decide(
    policy: Policy, before: State, after: State, verdict: Verdict, transition: Transition | None
) -> Reason | None:
    """Why a result led from `before` to `after`; None where it was as expected and counted for nothing."""
    if transition is not None:
        return _changed(policy, before, after, verdict)
    if before.status is Status.FLAPPING:
        turned = verdict in (Verdict.GOOD, Verdict.BAD) and min(after.failures, 1) != min(before.failures, 1)
        return Reason(DecisionKind.COUNTED, Rule.FLAPPING_OUT) if turned else None
    if verdict is Verdict.UNKNOWN:
        return _counted(Rule.UNKNOWN_IN_A_ROW, after.unknowns, policy.down_after)
    if verdict is Verdict.BAD:
        return _failed(policy, before, after)
    return _answered(policy, before, after, verdict)


def _changed(policy: Policy, before: State, after: State, verdict: Verdict) -> Reason:
    rule, counted, needed = Rule.FIRST_ANSWER, 0, 0
    if after.status is Status.FLAPPING:
        rule = Rule.FLAPPING_IN
    elif before.status is Status.FLAPPING and verdict is not Verdict.UNKNOWN:
        rule = Rule.FLAPPING_OUT
    elif after.status is Status.UNKNOWN:
        rule, counted, needed = Rule.UNKNOWN_IN_A_ROW, policy.down_after, policy.down_after
    elif after.status is Status.DOWN:
        rule, counted, needed = _confirmed(policy, before)
    elif before.status is Status.DOWN or _was_down(before):
        rule = Rule.QUIET if policy.quiet_seconds else Rule.ANSWERS
        counted, needed = before.successes + 1, policy.up_after
    elif after.status is Status.DEGRADED:
        rule, counted, needed = Rule.SOFT_IN_A_ROW, before.softs + 1, policy.degraded_after
    elif before.status is Status.DEGRADED:
        rule, counted, needed = Rule.GOOD_IN_A_ROW, before.successes + 1, policy.good_needed
    return Reason(DecisionKind.CHANGED, rule, counted, needed)


def _confirmed(policy: Policy, before: State) -> tuple[Rule, int, int]:
    if _was_down(before):
        return Rule.GOES_ON, 1, 1
    rule = Rule.SHARE if policy.window else Rule.IN_A_ROW
    return rule, policy.failures_needed, policy.failures_needed


def _failed(policy: Policy, before: State, after: State) -> Reason | None:
    if after.status is Status.DOWN:  # a recovery that was being counted begins anew
        return (
            Reason(DecisionKind.DISMISSED, Rule.ANSWERS, before.successes, policy.up_after)
            if before.successes
            else None
        )
    rule = Rule.SHARE if policy.window else Rule.IN_A_ROW
    return _counted(rule, after.failures, policy.failures_needed)


def _answered(policy: Policy, before: State, after: State, verdict: Verdict) -> Reason | None:
    if after.status is Status.DOWN or _was_down(after):
        waits_for_quiet = after.successes >= policy.up_after
        rule = Rule.QUIET if waits_for_quiet else Rule.ANSWERS
        return _counted(rule, after.successes, policy.up_after)
    if before.failures and not after.failures:
        rule = Rule.SHARE if policy.window else Rule.IN_A_ROW
        return Reason(DecisionKind.DISMISSED, rule, before.failures, policy.failures_needed)
    if verdict is Verdict.SOFT:
        return _counted(Rule.SOFT_IN_A_ROW, after.softs, policy.degraded_after)
    if before.softs:
        return Reason(DecisionKind.DISMISSED, Rule.SOFT_IN_A_ROW, before.softs, policy.degraded_after)
    if after.status is Status.DEGRADED:
        return _counted(Rule.GOOD_IN_A_ROW, after.successes, policy.good_needed)
    return None


def _counted(rule: Rule, counted: int, needed: int) -> Reason | None:
    return Reason(DecisionKind.COUNTED, rule, counted, needed) if counted else None


def _was_down(state: State) -> bool:
    return state.status is Status.UNKNOWN and not state.failures and state.first_failed is not None

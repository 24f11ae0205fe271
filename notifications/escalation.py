"""What a policy does next while nobody acts. Pure: in go a policy and where it stands, out comes whom to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from monitors.heartbeats.durations import length
from pulse.fields import ConfigError, FieldError, boolean, read_fields

TargetKind = Literal["person", "schedule", "channel"]
KINDS: tuple[TargetKind, ...] = ("person", "schedule", "channel")
STEPS_AT_MOST = 20
TARGETS_AT_MOST = 20
REPEAT_AT_MOST = 9
WAIT_AT_MOST_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Target:
    kind: TargetKind
    id: UUID


@dataclass(frozen=True, slots=True)
class Step:
    """Tell these, and go on to the next step after `wait`. `round_robin`: one of them, in turn from run to run."""

    targets: tuple[Target, ...]
    wait: timedelta
    round_robin: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    steps: tuple[Step, ...]
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a policy stands: the step to take now, in which round, and which run of the policy this is."""

    step: int
    cycle: int
    run: int


@dataclass(frozen=True, slots=True)
class Move:
    """Whom to tell now; when the next step is due, or None when this was the last of the last round."""

    targets: tuple[Target, ...]
    step: int
    cycle: int
    due_at: datetime | None


def move(policy: Policy, standing: Standing, now: datetime) -> Move:
    """Take one step. A policy that was shortened while at work goes on with what it has."""
    if not policy.steps:
        return Move((), 0, standing.cycle, None)
    at = min(standing.step, len(policy.steps) - 1)
    step = policy.steps[at]
    targets = step.targets
    if step.round_robin and targets:
        targets = (targets[(standing.run + standing.cycle) % len(targets)],)
    if at + 1 < len(policy.steps):
        return Move(targets, at + 1, standing.cycle, now + step.wait)
    if standing.cycle < policy.repeat:
        return Move(targets, 0, standing.cycle + 1, now + step.wait)
    return Move(targets, at + 1, standing.cycle, None)


def timetable(
    policy: Policy, start: datetime, run: int = 0
) -> list[tuple[datetime, int, tuple[Target, ...]]]:
    """All that a policy would do if nobody ever acted: (when, which step from 0, whom)."""
    found, standing, at = [], Standing(0, 0, run), start
    for _ in range(len(policy.steps) * (policy.repeat + 1)):
        taken = move(policy, standing, at)
        found.append((at, standing.step, taken.targets))
        if taken.due_at is None:
            break
        standing, at = Standing(taken.step, taken.cycle, run), taken.due_at
    return found


def load(steps: Sequence[dict[str, Any]], repeat: int) -> Policy:
    """A policy as it is stored."""
    return Policy(
        tuple(
            Step(
                tuple(Target(one["kind"], UUID(one["id"])) for one in step["targets"]),
                timedelta(seconds=step["wait_seconds"]),
                step["round_robin"],
            )
            for step in steps
        ),
        repeat,
    )


def read_steps(value: Any) -> list[dict[str, Any]]:
    """Steps as they are stored, or ConfigError with pointers into the list ("/0/targets")."""
    if not isinstance(value, list) or not value:
        raise FieldError("Give the policy at least one step.")
    if len(value) > STEPS_AT_MOST:
        raise FieldError(f"Use at most {STEPS_AT_MOST} steps; there are {len(value)}.")
    steps: list[dict[str, Any]] = []
    errors: list[tuple[str, str]] = []
    for number, item in enumerate(value):
        try:
            found = read_fields(item, STEP)
            if "targets" not in found:
                raise ConfigError([("/targets", NOBODY)])
            steps.append({"wait_seconds": 300, "round_robin": False, **found})
        except ConfigError as error:
            errors += [(f"/{number}{pointer}", words) for pointer, words in error.errors]
    if errors:
        raise ConfigError(errors)
    return steps


NOBODY = "Say whom this step tells: people, schedules or channels."


def _targets(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list) or not value:
        raise FieldError(NOBODY)
    if len(value) > TARGETS_AT_MOST:
        raise FieldError(f"Tell at most {TARGETS_AT_MOST} in one step; there are {len(value)}.")
    return [_target(item) for item in value]


def _target(value: Any) -> dict[str, str]:
    try:
        kind, identity = value["kind"], str(UUID(value["id"]))
        if kind not in KINDS or set(value) != {"kind", "id"}:
            raise ValueError
    except (TypeError, KeyError, ValueError, AttributeError):
        raise FieldError(f'Write each as {{"kind": "{"|".join(KINDS)}", "id": "…"}}.') from None
    return {"kind": kind, "id": identity}


STEP = {
    "targets": _targets,
    "wait_seconds": length(10, WAIT_AT_MOST_S),
    "round_robin": boolean,
}

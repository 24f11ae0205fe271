"""What pings and missed deadlines make of a heartbeat: the rules of healthchecks, without a database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from monitors.evaluation import State
from monitors.heartbeats.advancing import (
    OPEN_RUNS_AT_MOST,
    Beat,
    Event,
    Kind,
    Step,
    advance,
    late_since,
    miss,
)
from monitors.heartbeats.settings import SETTINGS, HeartbeatConfig
from monitors.policy import Policy
from monitors.telemetry.models import Status
from tests.monitors.heartbeats.test_schedule import at

ONCE = Policy(1, 1, 1)
NOON = at("2026-05-01 12:00:00")
MINUTE = timedelta(minutes=1)


def config(**values: Any) -> HeartbeatConfig:
    return SETTINGS.load({"period_seconds": 3600, "grace_seconds": 600, **values})


HOURLY = config()
NIGHTLY = config(schedule="cron", calendar=["0 3 * * *"], grace_seconds=1800)


class Job:
    """A heartbeat that things happen to, one after the other."""

    def __init__(self, settings: HeartbeatConfig = HOURLY, policy: Policy = ONCE) -> None:
        self.settings, self.policy = settings, policy
        self.beat, self.state = Beat(), State()

    def ping(
        self, moment: datetime, kind: Kind = Kind.SUCCESS, rid: UUID | None = None, status: int | None = None
    ) -> Step:
        return self._take(
            advance(self.settings, self.policy, self.beat, self.state, Event(kind, moment, rid, status))
        )

    def miss(self, now: datetime) -> Step | None:
        step = miss(self.settings, self.policy, self.beat, self.state, now)
        return step and self._take(step)

    def _take(self, step: Step) -> Step:
        self.beat, self.state, self.due_at = step.beat, step.state, step.due_at
        return step


def test_a_success_asks_for_the_next() -> None:
    job = Job()
    step = job.ping(NOON)
    assert step.transition is not None
    assert (step.transition.before, step.transition.after) == (Status.PENDING, Status.UP)
    assert (job.beat.expected_at, job.due_at) == (NOON + 60 * MINUTE, NOON + 70 * MINUTE)
    assert late_since(job.beat.expected_at, job.due_at, NOON + 65 * MINUTE) == NOON + 60 * MINUTE
    assert late_since(job.beat.expected_at, job.due_at, NOON + 60 * MINUTE) is None


def test_a_missed_deadline_is_down_since_the_deadline_and_asks_for_nothing_more() -> None:
    job = Job()
    job.ping(NOON)
    assert job.miss(NOON + 69 * MINUTE) is None

    step = job.miss(NOON + 500 * MINUTE)

    assert step is not None
    assert step.transition is not None
    assert (step.transition.after, step.transition.began) == (Status.DOWN, NOON + 70 * MINUTE)
    assert step.due_at is None
    assert job.miss(NOON + 9000 * MINUTE) is None
    assert step.detail == "no ping by 2026-05-01 13:10:00 UTC; it was expected at 2026-05-01 13:00:00 UTC"
    back = job.ping(NOON + 600 * MINUTE).transition
    assert back is not None
    assert (back.after, back.began) == (Status.UP, NOON + 600 * MINUTE)


def test_with_a_patient_policy_each_missed_time_counts_once() -> None:
    job = Job(policy=Policy(down_after=3, up_after=1, degraded_after=1))
    job.ping(NOON)
    later = NOON + 1000 * MINUTE
    deadlines = [step.state.failures for _ in range(2) if (step := job.miss(later))]
    assert deadlines == [1, 2]
    last = job.miss(later)
    assert last is not None
    assert last.transition is not None
    assert last.transition.began == NOON + 70 * MINUTE


@pytest.mark.parametrize(("kind", "status"), [(Kind.FAIL, None), (Kind.SUCCESS, 1), (Kind.FAIL, 255)])
def test_a_failure_is_down_at_once(kind: Kind, status: int | None) -> None:
    job = Job()
    job.ping(NOON)
    step = job.ping(NOON + MINUTE, kind, status=status)
    assert step.transition is not None
    assert (step.transition.after, step.transition.began, step.due_at) == (Status.DOWN, NOON + MINUTE, None)


def test_log_and_ignored_pings_change_nothing() -> None:
    job = Job()
    job.ping(NOON)
    for kind in (Kind.LOG, Kind.IGNORED):
        step = job.ping(NOON + MINUTE, kind)
        assert (step.transition, step.due_at, step.beat.anchor) == (None, NOON + 70 * MINUTE, NOON)


def test_a_run_has_a_duration_and_a_limit() -> None:
    job = Job()
    assert job.ping(NOON, Kind.START).due_at == NOON + 10 * MINUTE
    assert job.ping(NOON + 3 * MINUTE).duration == 3 * MINUTE
    job.ping(NOON + 60 * MINUTE, Kind.START)
    step = job.miss(NOON + 80 * MINUTE)
    assert step is not None
    assert step.detail == "the run that started at 2026-05-01 13:00:00 UTC has not ended within 10 min"
    assert step.transition is not None
    assert step.transition.began == NOON + 70 * MINUTE
    assert job.ping(NOON + 90 * MINUTE).duration == 30 * MINUTE


def test_a_limit_of_its_own_is_waited_for_instead_of_the_grace() -> None:
    job = Job(config(run_limit_seconds=7200))
    job.ping(NOON)
    assert job.ping(NOON + 65 * MINUTE, Kind.START).due_at == NOON + 185 * MINUTE


def test_overlapping_runs_are_told_apart_and_a_plain_success_ends_all() -> None:
    job, one, two = Job(), uuid4(), uuid4()
    job.ping(NOON, Kind.START, one)
    job.ping(NOON + MINUTE, Kind.START, two)
    assert job.ping(NOON + 2 * MINUTE, rid=two).duration == MINUTE
    assert job.due_at == NOON + 10 * MINUTE  # the first one is still under way
    assert job.ping(NOON + 5 * MINUTE, rid=one).duration == 5 * MINUTE
    job.ping(NOON + 6 * MINUTE, Kind.START, one)
    assert job.ping(NOON + 7 * MINUTE).duration is None
    assert job.beat.runs == ()


def test_runs_that_never_end_do_not_add_up() -> None:
    job = Job()
    for number in range(50):
        job.ping(NOON + number * MINUTE, Kind.START, uuid4())
    assert len(job.beat.runs) == OPEN_RUNS_AT_MOST


def test_a_success_a_little_early_counts_for_its_time() -> None:
    job = Job(NIGHTLY)
    job.ping(at("2026-05-01 03:00:04"))
    job.ping(at("2026-05-02 02:59:45"))
    assert job.beat.expected_at == at("2026-05-03 03:00:00")
    job.ping(at("2026-05-03 02:00:00"))  # an hour early is another run
    assert job.beat.expected_at == at("2026-05-03 03:00:00")


def test_close_times_are_not_confused_by_the_tolerance() -> None:
    job = Job(config(schedule="cron", calendar=["* * * * *"], tolerance_seconds=300))
    job.ping(at("2026-05-01 03:00:30"))
    assert job.beat.expected_at == at("2026-05-01 03:01:00")
    job.ping(at("2026-05-01 03:00:50"))
    assert job.beat.expected_at == at("2026-05-01 03:02:00")


def test_a_run_that_ends_just_before_the_next_time_belongs_to_the_one_before() -> None:
    job = Job(NIGHTLY)
    job.ping(at("2026-05-01 03:00:00"), Kind.START)
    job.ping(at("2026-05-01 03:20:00"))
    job.ping(at("2026-05-02 01:00:00"), Kind.START)
    job.ping(at("2026-05-02 02:59:50"))
    assert job.beat.expected_at == at("2026-05-02 03:00:00")

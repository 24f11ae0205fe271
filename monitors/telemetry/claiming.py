"""Take due checks for one worker, and write down the slots that nobody measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from monitors.evaluation import State
from monitors.telemetry.states import state_of

# One statement: lock the due rows (skipping those that a sibling holds), move each to its newest
# slot, and write one gap row for what was missed: the slot of an expired lease, the slots of an
# outage, or both in one. A slot is late by less than one interval or it is a gap; checks asked for
# by hand sit between two slots and keep theirs. A new monitor begins when it is first claimed.
# `date_bin` finds the monitor's own grid (its phase). What is due at the same moment is taken organisation by
# organisation: one that fails as a whole is then written in one transaction of one worker, and not in one of each.
CLAIM = """
WITH due AS (
    SELECT monitor_no, location, tenant_no, next_due_at AS due_at, slot AS old_slot,
        make_interval(secs => interval_seconds) AS step, to_timestamp(phase_ms / 1000.0) AS origin,
        lease_until IS NOT NULL AS expired, asked
    FROM telemetry_livestate
    WHERE location = %(location)s AND look_at <= now() + interval '1 second'
        AND (lease_until IS NULL OR lease_until < now())
    ORDER BY look_at, tenant_no LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), slotted AS (
    SELECT *, CASE
        WHEN due_at + step > now() THEN due_at
        WHEN old_slot IS NULL THEN date_trunc('milliseconds', now())
        ELSE date_bin(step, now(), origin) END AS new_slot
    FROM due
), taken AS (
    UPDATE telemetry_livestate s SET
        slot = d.new_slot,
        next_due_at = date_bin(d.step, d.new_slot, d.origin) + d.step,
        lease_until = greatest(d.new_slot, now()) + make_interval(secs => s.timeout_seconds + 10),
        fencing_token = s.fencing_token + 1,
        holder = NULL,
        asked = false
    FROM slotted d WHERE s.monitor_no = d.monitor_no AND s.location = d.location
    RETURNING s.monitor_no, s.tenant_no, s.slot, s.fencing_token, s.spec_version, s.status, s.failures,
        s.successes, s.first_failed_slot, s.softs, s.first_soft_slot, s.calm_since, s.memory, d.asked
), gaps AS (
    INSERT INTO telemetry_gap (monitor_no, slot, until, tenant_no, location, reason)
    SELECT monitor_no, greatest(missed_from, now() - interval '29 days'), new_slot, tenant_no, location,
        CASE WHEN expired THEN 2 ELSE 1 END
    FROM (SELECT *, CASE WHEN expired THEN old_slot ELSE due_at END AS missed_from FROM slotted) m
    WHERE missed_from < new_slot AND old_slot IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING reason
)
SELECT t.monitor_no, t.tenant_no, (extract(epoch FROM t.slot) * 1000000)::bigint, t.fencing_token, t.spec_version,
    t.status, t.failures, t.successes, (extract(epoch FROM t.first_failed_slot) * 1000000)::bigint, t.softs,
    (extract(epoch FROM t.first_soft_slot) * 1000000)::bigint, t.calm_since, t.memory, t.asked, now(),
    (SELECT count(*) FROM gaps WHERE reason = 1), (SELECT count(*) FROM gaps WHERE reason = 2)
FROM taken t
"""


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Claimed(NamedTuple):
    """A check that this worker holds until its lease ends. `token` proves it when the result is recorded.

    `asked`: somebody asked for it by hand and may be looking on. A tuple, as all that is made anew for each check.
    """

    monitor_no: int
    tenant_no: int
    slot: datetime
    token: int
    spec_version: int
    state: State
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim brought. `now` is the database's clock, which slots are measured by."""

    checks: list[Claimed]
    now: datetime | None
    missed_unclaimed: int
    missed_expired: int


def claim(location: int, limit: int) -> Claim:
    """Claim at most `limit` checks that are due within a second, in the pipeline's scope."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"location": location, "limit": limit})
        rows = cursor.fetchall()
    if not rows:
        return Claim([], None, 0, 0)
    checks = [
        Claimed(
            no, tenant, moment(slot), token, version,
            state_of((status, failures, successes, first_failed and moment(first_failed), softs,
                      first_soft and moment(first_soft), calm_since, memory)),
            asked,
        )
        for no, tenant, slot, token, version, status, failures, successes, first_failed, softs, first_soft, calm_since,
        memory, asked, _, _, _ in rows
    ]  # fmt: skip
    return Claim(checks, *rows[0][14:])


def moment(microseconds: int) -> datetime:
    """Of the epoch, in UTC. The driver's own way to a datetime takes five times as long."""
    return EPOCH + timedelta(microseconds=microseconds)

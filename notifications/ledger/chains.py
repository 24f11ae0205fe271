"""The SQL of policies at work, and of messages that are no longer wanted, or told within another."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

FOLDED = "it had not got through when the outage ended: told with the end, as one message"
START = """
INSERT INTO public.ledger_escalation (tenant_no, fact_no, incident_id, policy_id, policy_name, rule_id, reason,
    payload, due_at, run)
SELECT %(tenant)s, %(fact)s, %(incident)s, %(policy)s, %(name)s, %(rule)s, %(reason)s, %(payload)s::jsonb, %(due)s,
    coalesce((SELECT run + 1 FROM public.ledger_escalation WHERE tenant_no = %(tenant)s AND policy_id = %(policy)s
        ORDER BY no DESC LIMIT 1), 0)
ON CONFLICT (fact_no, policy_id) DO NOTHING
"""
# Which organisations have a step to take: one look at a small index. One that is suspended takes nobody's place.
DUE = """
SELECT DISTINCT e.tenant_no FROM ledger_escalation e
JOIN public.tenants_organisation o ON o.no = e.tenant_no AND o.state = 'ready'
WHERE e.due_at <= now() LIMIT %s
"""
# `rank`: how many policies of the same fact were set to work before it; more than there are turns for is nobody's plan.
TAKE = """
SELECT no, fact_no, incident_id, policy_id, policy_name, rule_id, reason, payload, step, cycle, run,
    (SELECT least(count(*), 49)::int FROM public.ledger_escalation o WHERE o.fact_no = e.fact_no AND o.no < e.no)
FROM public.ledger_escalation e WHERE tenant_no = %s AND due_at <= now() AND state IN ('running', 'paused')
ORDER BY due_at, no LIMIT 200 FOR UPDATE SKIP LOCKED
"""
PAUSE = """
UPDATE public.ledger_escalation SET state = 'paused', due_at = %(until)s
WHERE tenant_no = %(tenant)s AND no = ANY(%(numbers)s)
"""
WAKE = """
UPDATE public.ledger_escalation SET due_at = now()
WHERE tenant_no = %(tenant)s AND state = 'paused' AND due_at IS NOT NULL
"""
ADVANCE = """
UPDATE public.ledger_escalation SET step = %(step)s, cycle = %(cycle)s, due_at = %(due)s, state = %(state)s,
    finished_at = CASE WHEN %(state)s = 'running' THEN NULL ELSE clock_timestamp() END
WHERE tenant_no = %(tenant)s AND no = %(no)s
"""
# Rows are locked in their order, as senders lock them, so that nobody waits in a circle.
ENDING = """
UPDATE public.ledger_escalation SET state = %(state)s, due_at = NULL, finished_at = clock_timestamp()
WHERE no IN (
    SELECT no FROM public.ledger_escalation
    WHERE tenant_no = %(tenant)s AND incident_id = ANY(%(incidents)s)
        AND state IN ('running', 'paused', 'acknowledged', 'exhausted')
    ORDER BY no FOR UPDATE)
"""
STOP = f"{ENDING} RETURNING no"
END_ONE = """
UPDATE public.ledger_escalation SET state = 'over', due_at = NULL, finished_at = clock_timestamp()
WHERE tenant_no = %(tenant)s AND incident_id = ANY(%(incidents)s) AND policy_id = %(policy)s
    AND state IN ('running', 'paused')
RETURNING incident_id
"""
RESUME = """
UPDATE public.ledger_escalation SET state = 'running', due_at = clock_timestamp(), finished_at = NULL
WHERE tenant_no = %(tenant)s AND incident_id = ANY(%(incidents)s) AND state = 'acknowledged'
RETURNING policy_name
"""
TAKE_BACK = """
UPDATE public.ledger_delivery SET state = %(state)s, finished_at = clock_timestamp(), lease_until = NULL,
    fencing_token = fencing_token + 1, last_answer = %(why)s, repeat_at = NULL, fallback_at = NULL
WHERE no IN (SELECT no FROM public.ledger_delivery WHERE tenant_no = %(tenant)s AND {which} ORDER BY no FOR UPDATE)
RETURNING no
"""
# What a sender has begun is not taken back: it may be out already.
DROP = TAKE_BACK.format(
    which="""incident_id = ANY(%(incidents)s) AND state IN ('held', 'pending', 'retrying')
        AND purpose = ANY(%(purposes)s) AND event = ANY(%(events)s)"""
)
# What is not due yet, and what only says again what somebody was told.
DROP_EARLY = TAKE_BACK.format(
    which="""incident_id = ANY(%(incidents)s)
        AND ((state = 'pending' AND retry_at > now() AND event = 'incident.opened')
            OR (state IN ('held', 'pending', 'retrying') AND event = 'incident.reminder'))"""
)
# What was not sent of these, told within another message or by none.
WITHDRAW = TAKE_BACK.format(which="no = ANY(%(numbers)s) AND state IN ('held', 'pending', 'retrying')")
CALM = """
UPDATE public.ledger_delivery SET repeat_at = NULL, fallback_at = NULL
WHERE no IN (
    SELECT no FROM public.ledger_delivery
    WHERE tenant_no = %(tenant)s AND incident_id = ANY(%(incidents)s)
        AND (repeat_at IS NOT NULL OR fallback_at IS NOT NULL)
    ORDER BY no FOR UPDATE)
"""
# By the last that each receiver got, or would have got, of its rule.
REMIND_AGAIN = """
WITH last AS (
    SELECT DISTINCT ON (channel_id, recipient) no, rule_id FROM public.ledger_delivery
    WHERE tenant_no = %(tenant)s AND incident_id = ANY(%(incidents)s) AND purpose IN ('rule', 'reminder')
        AND ((event = 'incident.opened' AND state = 'sent')
            OR (event = 'incident.reminder' AND state IN ('sent', 'cancelled')))
    ORDER BY channel_id, recipient, no DESC
)
UPDATE public.ledger_delivery d SET repeat_at = now() + make_interval(secs => r.seconds)
FROM last JOIN unnest(%(rules)s::uuid[], %(seconds)s::int[]) AS r(id, seconds) ON r.id = last.rule_id
WHERE d.no = last.no
"""
# Both in one statement: each end of an outage asks for them, and few have anything of it.
END = f"WITH calmed AS ({CALM}) {ENDING}"
NAME = """
UPDATE public.ledger_delivery d SET folded_into = n.no
FROM unnest(%(numbers)s::bigint[], %(into)s::uuid[]) AS r(no, into_id)
JOIN public.ledger_delivery n ON n.id = r.into_id
WHERE d.tenant_no = %(tenant)s AND d.no = r.no AND n.tenant_no = %(tenant)s
"""
# One way to a person failed: their later ones do not wait for their turn.
HURRY = """
UPDATE public.ledger_delivery d SET retry_at = now() FROM public.ledger_delivery f
WHERE f.tenant_no = %(tenant)s AND f.no = ANY(%(numbers)s) AND f.person_id IS NOT NULL
    AND d.tenant_no = %(tenant)s AND d.person_id = f.person_id AND d.fact_no = f.fact_no AND d.turn = f.turn
    AND d.state = 'pending' AND d.retry_at > now()
RETURNING d.no
"""


@dataclass(frozen=True, slots=True)
class Chain:
    """One policy at work on one incident, its row locked."""

    no: int
    fact_no: int
    incident_id: UUID
    policy_id: UUID
    policy_name: str
    rule_id: UUID | None
    reason: str
    payload: dict[str, Any]
    step: int
    cycle: int
    run: int
    rank: int = 0


def start(tenant_no: int, **values: Any) -> None:
    """`fact`, `incident`, `policy`, `name`, `rule`, `reason`, `payload`, `due`; a second time changes nothing."""
    _run(START, {**values, "tenant": tenant_no, "payload": json.dumps(values["payload"])})


def due(limit: int = 200) -> list[int]:
    """The organisations with steps to take, in the pipeline's scope."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, [limit])
        return [row[0] for row in cursor.fetchall()]


def take(tenant_no: int) -> list[Chain]:
    """Lock what is due; what another process has, it takes care of."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [tenant_no])
        rows = cursor.fetchall()
    return [Chain(*(*row[:7], _json(row[7]), *row[8:])) for row in rows]


def advance(tenant_no: int, no: int, step: int, cycle: int, due_at: datetime | None, state: str) -> None:
    values = {"tenant": tenant_no, "no": no, "step": step, "cycle": cycle, "due": due_at, "state": state}
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, values)


def stop(tenant_no: int, incidents: Collection[UUID], state: str) -> int:
    """End the policies at work on these incidents; returns how many there were."""
    return len(_run(STOP, {"tenant": tenant_no, "incidents": list(incidents), "state": state}))


def end_one(tenant_no: int, incidents: Collection[UUID], policy: UUID) -> list[UUID]:
    """End this policy where it works on these incidents; returns on which it did."""
    return [
        row[0] for row in _run(END_ONE, {"tenant": tenant_no, "incidents": list(incidents), "policy": policy})
    ]


def end(tenant_no: int, incidents: Collection[UUID]) -> None:
    """Of incidents that are over: no policy, no reminder and no fallback from here on."""
    _run(END, {"tenant": tenant_no, "incidents": list(incidents), "state": "over"})


def resume(tenant_no: int, incidents: Collection[UUID]) -> list[str]:
    """Go on with the next step at once; returns the names of the policies."""
    return [row[0] for row in _run(RESUME, {"tenant": tenant_no, "incidents": list(incidents)})]


def remind_again(tenant_no: int, incidents: Collection[UUID], repeats: Mapping[UUID, int | None]) -> None:
    """Say it again in the time of each rule: `repeats` are those that do, with their seconds."""
    if repeats:
        rules, seconds = list(repeats), list(repeats.values())
        _run(
            REMIND_AGAIN,
            {"tenant": tenant_no, "incidents": list(incidents), "rules": rules, "seconds": seconds},
        )


def pause(tenant_no: int, numbers: Collection[int], until: datetime) -> None:
    """While everything is muted nobody is called; `wake` ends it early."""
    _run(PAUSE, {"tenant": tenant_no, "numbers": list(numbers), "until": until})


def wake(tenant_no: int) -> None:
    _run(WAKE, {"tenant": tenant_no})


def drop(
    tenant_no: int, incidents: Collection[UUID], purposes: Sequence[str], events: Sequence[str], why: str
) -> int:
    """Cancel what has not gone out of these incidents, visibly; returns how many that were."""
    values = {
        "tenant": tenant_no,
        "incidents": list(incidents),
        "purposes": list(purposes),
        "events": list(events),
        "why": why[:300],
        "state": "cancelled",
    }
    return len(_run(DROP, values))


def drop_early(tenant_no: int, incidents: Collection[UUID], why: str) -> int:
    """Of outages that are over: cancel what was not due yet, and reminders."""
    values = {"tenant": tenant_no, "incidents": list(incidents), "why": why[:300], "state": "cancelled"}
    return len(_run(DROP_EARLY, values))


def calm(tenant_no: int, incidents: Collection[UUID]) -> None:
    """No reminders and no fallbacks of these incidents from here on."""
    with connection.cursor() as cursor:
        cursor.execute(CALM, {"tenant": tenant_no, "incidents": list(incidents)})


def fold(tenant_no: int, numbers: Collection[int], why: str = FOLDED) -> set[int]:
    """Take back what has not gone out, since another message will tell it; returns those that could be."""
    return _withdraw(tenant_no, numbers, why, "folded")


def name(tenant_no: int, folded: Mapping[int, UUID]) -> None:
    """Say which message tells what was folded: by number the id of the one that does."""
    if folded:
        values = {"tenant": tenant_no, "numbers": list(folded), "into": list(folded.values())}
        _run(NAME, values)


def hurry(tenant_no: int, failed: Collection[int]) -> int:
    """Let people who were not reached by one way be reached by their next ones now; returns how many those are."""
    return len(_run(HURRY, {"tenant": tenant_no, "numbers": list(failed)}))


def cancel(tenant_no: int, numbers: Collection[int], why: str) -> set[int]:
    """Take back what has not gone out and need not; returns those that could be."""
    return _withdraw(tenant_no, numbers, why, "cancelled")


def _withdraw(tenant_no: int, numbers: Collection[int], why: str, state: str) -> set[int]:
    values = {"tenant": tenant_no, "numbers": list(numbers), "why": why[:300], "state": state}
    return {row[0] for row in _run(WITHDRAW, values)} if numbers else set()


def _run(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _json(value: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return content

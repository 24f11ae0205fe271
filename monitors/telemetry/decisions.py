"""Write decisions down, in the transaction of what they decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from monitors.deciding import DecisionKind, Rule, Weighed
from monitors.evaluation import Verdict
from monitors.telemetry.arrays import array, text_array
from pulse import scoping

NOTE = """
INSERT INTO telemetry_decision (monitor_no, tenant_no, at, location, kind, rule, verdict, before, after, counted,
    needed, error, total_us, incident_id, words)
SELECT * FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::smallint[], %s::smallint[], %s::smallint[],
    %s::smallint[], %s::smallint[], %s::smallint[], %s::smallint[], %s::smallint[], %s::smallint[], %s::int[],
    %s::uuid[], %s::text[])
"""
# What was seen is kept in short; the whole of it is in the evidence of the result.
WORDS_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class NewDecision:
    """One row. `at` is the slot of the result that decided it, or the moment of what no result decided.

    `words` say what the numbers cannot: what was seen, the name of a window or of a parent, who did it.
    """

    monitor_no: int
    at: datetime
    kind: DecisionKind
    rule: Rule = Rule.NONE
    location: int | None = None
    verdict: int | None = None
    before: int | None = None
    after: int | None = None
    counted: int = 0
    needed: int = 0
    error: int | None = None
    total_us: int | None = None
    incident_id: UUID | None = None
    words: str = ""
    tenant_no: int | None = None


def of_result(
    monitor_no: int, tenant_no: int, at: datetime, location: int, weighed: Weighed, seen: str
) -> NewDecision:
    """The decision of one result that was weighed for a reason; `seen` is what it said."""
    reason = weighed.reason
    assert reason is not None
    return NewDecision(
        monitor_no, at, reason.kind, reason.rule, location, int(weighed.verdict), int(weighed.before.status),
        int(weighed.after.status), reason.counted, reason.needed,
        words="" if weighed.verdict is Verdict.GOOD else seen, tenant_no=tenant_no,
    )  # fmt: skip


def note(decisions: Sequence[NewDecision]) -> None:
    """Write them, of the current organisation; the pipeline, which has none, names it in each."""
    if not decisions:
        return
    here = None if all(row.tenant_no is not None for row in decisions) else scoping.current().no
    columns = list(zip(*(_row(row, here) for row in decisions), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [*(array(column) for column in columns[:-1]), text_array(columns[-1])])


def _row(row: NewDecision, tenant_no: int | None) -> tuple[object, ...]:
    return (
        row.monitor_no, tenant_no if row.tenant_no is None else row.tenant_no, row.at, row.location, int(row.kind),
        int(row.rule), row.verdict, row.before, row.after, min(row.counted, 32_767), min(row.needed, 32_767),
        row.error, row.total_us, row.incident_id, row.words[:WORDS_AT_MOST],
    )  # fmt: skip

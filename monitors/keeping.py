"""Keep the evidence of failures and changes. Worth a line in the log when it fails, never a result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError

from monitors.judging import Judged
from monitors.telemetry import results
from pulse.scoping import as_pipeline

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)
# Looking for a row that the database refuses takes some twenty statements; where most are refused, none is looked for.
MOST_STATEMENTS = 100

Row = tuple[int, datetime, int, str]


def keep(items: Sequence[Judged], location: int) -> None:
    """Raises only when the database is away: then the caller tries its batch again, and nothing is kept twice."""
    rows = [row for item in items if item.is_worth_evidence and (row := _row(item))]
    waiting: list[Sequence[Row]] = [rows] if rows else []
    for _ in range(MOST_STATEMENTS):
        if not waiting:
            return
        waiting += _refused(waiting.pop(), location)
    if waiting:
        log.error("evidence_not_kept", results=sum(map(len, waiting)))


def _refused(rows: Sequence[Row], location: int) -> list[Sequence[Row]]:
    """What is to be tried again: a batch that is refused goes on as two, until the row at fault is alone."""
    try:
        with as_pipeline():
            results.keep_evidence(rows, location)
    except AWAY:
        raise
    except DatabaseError:
        if len(rows) > 1:
            middle = len(rows) // 2
            return [rows[middle:], rows[:middle]]
        log.exception("evidence_not_kept", results=1, monitor_no=rows[0][0])
    return []


def _row(item: Judged) -> Row | None:
    make = item.result.outcome.evidence
    if make is None:
        return None
    check = item.check
    try:
        document = json.dumps(storable(make()), allow_nan=False)
    except Exception:  # whatever a target made of its answer: the result itself stands
        log.exception("evidence_unreadable", monitor_no=check.monitor_no)
        return None
    return check.monitor_no, check.slot, check.tenant_no, document


def storable(value: Any) -> Any:
    """The same without what PostgreSQL's JSON cannot hold: NUL, halves of surrogate pairs, numbers that are none."""
    if isinstance(value, str):
        if "\0" in value:
            value = value.replace("\0", "\ufffd")
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if value is None or isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    return storable(str(value))

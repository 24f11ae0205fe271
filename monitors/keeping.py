"""Keep the evidence of failures and changes. Worth a line in the log when it fails, never a result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError

from monitors.judging import Judged
from monitors.telemetry import results
from pulse.scoping import as_pipeline

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)


def keep(items: Sequence[Judged], location: int) -> None:
    """Raises only when the database is away: then the caller tries its batch again, and nothing is kept twice."""
    rows = [row for item in items if item.is_worth_evidence and (row := _row(item))]
    if not rows:
        return
    try:
        with as_pipeline():
            results.keep_evidence(rows, location)
    except AWAY:
        raise
    except DatabaseError:
        log.exception("evidence_not_kept", results=len(rows))


def _row(item: Judged) -> tuple[int, Any, int, str] | None:
    make = item.result.outcome.evidence
    if make is None:
        return None
    check = item.check
    try:
        return check.monitor_no, check.slot, check.tenant_no, json.dumps(storable(make()), default=str)
    except Exception:  # whatever a target made of its answer: the result itself stands
        log.exception("evidence_unreadable", monitor_no=check.monitor_no)
        return None


def storable(value: Any) -> Any:
    """The same without what PostgreSQL's JSON cannot hold: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        if "\0" in value:
            value = value.replace("\0", "\ufffd")
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value

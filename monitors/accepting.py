"""Accept the issuer that the first good check of a certificate saw: from then on another one is a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError

from monitors.judging import Result
from monitors.models import Monitor
from monitors.reading import Standing
from monitors.telemetry import issuers
from monitors.telemetry.locks import impatient, is_busy
from pulse import scoping
from pulse.scoping import as_pipeline

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)


def accept(batch: Sequence[Result], location: int) -> None:
    """Before they are judged: results whose monitor wants it, and has accepted nothing yet.

    Once for each monitor and worker. What is stored counts, so that workers agree whose result came first; without it
    the next check tries again. Raises only when the database is away.
    """
    new = [result for result in batch if result.outcome.issuer and _is_first(result)]
    if not new:
        return
    seen = {result.check.monitor_no: (result.spec.version, result.outcome.issuer) for result in reversed(new)}
    try:
        with as_pipeline(), impatient():
            accepted = issuers.accept([(no, *one) for no, one in sorted(seen.items())], location)
    except DatabaseError as error:
        if isinstance(error, AWAY) and not is_busy(error):
            raise
        log.exception("issuers_not_accepted", monitors=len(seen))
        return
    for result in new:
        result.spec.accepted_issuer = accepted.get(result.check.monitor_no)


def _is_first(result: Result) -> bool:
    spec = result.spec
    return spec.accepted_issuer is None and result.outcome.ok and not spec.upside_down


def is_asked(monitor: Monitor, standing: Standing) -> bool:
    """Whether a person has to say if the new issuer is right; not while the next good check is about to accept it."""
    return standing.issuer_changed and issuers.has_accepted(monitor.no, scoping.current().no)


def is_watched(config: Mapping[str, Any]) -> bool:
    """Whether a monitor with these settings wants to know of another issuer."""
    return bool(config.get("issuer_change", "ignore") != "ignore")


def is_void(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether an edit leaves nothing to compare with: another certificate is looked at, or none."""
    if not is_watched(before["config"]):
        return False
    return _asked_for(before) != _asked_for(after) or not is_watched(after["config"])


def _asked_for(definition: Mapping[str, Any]) -> tuple[str, str]:
    """Where, and for whose certificate."""
    return definition["target"], definition["config"].get("server_name", "")

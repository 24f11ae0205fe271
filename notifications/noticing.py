"""Make durable facts of changes that open no incident, where a rule asks for them: degraded, flapping, running out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from incidents.models import Incident
from incidents.saying import rfc3339, snapshot
from monitors.facts import MonitorChangedStatus
from monitors.models import Monitor
from monitors.statuses import Status
from notifications import events
from notifications.models import Rule
from pulse import links, scoping
from pulse.outbox.appending import NewFact, append

# Seconds from here make the sequence of a monitor's facts: one kind of change comes once a second at most.
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
ASKED_BY = {events.DEGRADED: "degraded", events.FLAPPING: "flapping", events.CERTIFICATE: "certificate"}
# What checks and assertions say of it (monitors/probes/tls_rules.py, domain.py, assertions/writing.py).
RUNS_OUT = re.compile(r" expires in -?\d+ day|\[(CERTIFICATE|DOMAIN)_(DAYS|EXPIRATION)\]")


def notice(changes: Sequence[MonitorChangedStatus]) -> None:
    """In the transaction of the changes; one query where a change could concern a rule, none where it could not."""
    concerned = [(change, kind) for change in changes if (kind := kind_of(change))]
    if not concerned:
        return
    wanted = _wanted()
    asked = {change.monitor_no: (change, kind) for change, kind in concerned if kind in wanted}
    if not asked:
        return
    open_incidents = dict(
        Incident.objects.filter(monitor_no__in=asked, resolved_at=None).values_list("monitor_no", "pk")
    )
    append(
        [
            _fact(monitor, *asked[monitor.no], open_incidents.get(monitor.no))
            for monitor in Monitor.objects.filter(no__in=asked)
        ]
    )


def kind_of(change: MonitorChangedStatus) -> str:
    """Which message a change is, '' for none. What is held back is told by nobody."""
    if change.suppressed is not None:
        return ""
    if change.after is Status.FLAPPING:
        return events.FLAPPING
    if change.after is Status.DEGRADED:
        return events.CERTIFICATE if runs_out(change.detail) else events.DEGRADED
    if change.before is Status.DEGRADED and change.after is Status.UP:
        return events.SETTLED
    return ""


def runs_out(detail: str) -> bool:
    """Whether a check's sentence is about a certificate or a domain that expires."""
    return RUNS_OUT.search(detail) is not None


def _wanted() -> set[str]:
    """The messages that rules in force ask for."""
    found = Rule.objects.filter(enabled=True, on__overlap=list(ASKED_BY.values())).values_list(
        "on", flat=True
    )
    on = {event for events_of_rule in found for event in events_of_rule}
    kinds = {kind for kind, event in ASKED_BY.items() if event in on}
    return kinds | ({events.SETTLED} if kinds & {events.DEGRADED, events.CERTIFICATE} else set())


def _fact(monitor: Monitor, change: MonitorChangedStatus, kind: str, incident: UUID | None) -> NewFact:
    organisation = scoping.current()
    data = {
        "organisation": {"slug": organisation.slug, "name": organisation.name},
        "monitor": {
            **snapshot(monitor),
            "url": links.page_of(organisation.slug, "monitors:detail", monitor.pk),
        },
        "change": {
            "status": change.after.label,
            "before": change.before.label,
            "detail": change.detail,
            "began": rfc3339(change.began),
        },
    }
    content: dict[str, Any] = {"monitor_no": monitor.no, "data": data}
    if incident is not None:
        content["incident"] = str(incident)
    return NewFact(kind, monitor.pk, int((change.at - EPOCH).total_seconds()), content)

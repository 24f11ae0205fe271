"""Fill a monitor's form: with what it is or with a copy of another one, and with what there is to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitors import definition
from monitors.controls import settings_as_typed
from monitors.forms_policy import policy_as_typed
from monitors.kinds import KINDS
from monitors.models import Monitor
from monitors.secrets import KEPT
from pulse import scoping
from tenants.models import Membership

NUMBERS = ("interval_seconds", "timeout_seconds", "quorum")
OWN = frozenset({"slug"})  # what two monitors cannot share, so that a copy begins without


def copied(monitor: Monitor) -> dict[str, Any]:
    """The definition of another monitor to begin with; its secrets do not come along."""
    known = definition.as_json(monitor)
    config = {name: value for name, value in known["config"].items() if value != KEPT and name not in OWN}
    return {**known, "name": f"Copy of {known['name']}"[:120], "config": config}


def secrets_of(monitor: Monitor) -> list[str]:
    """The labels of what a copy does not bring along."""
    if monitor.kind == Monitor.GROUP:
        return []
    return [one.label for one in KINDS[monitor.kind].settings.all if monitor.config.get(one.name) == KEPT]


def as_typed(known: Mapping[str, Any]) -> dict[str, Any]:
    config = known["config"]
    if known["kind"] != Monitor.GROUP:
        config = settings_as_typed(KINDS[known["kind"]].settings, config)
    kept = (
        "name",
        "target",
        "notes",
        "runbook_url",
        "locations",
        "depends_on",
        "enabled",
        "upside_down",
        *NUMBERS,
    )
    return {
        **config,
        **{name: known.get(name, "") for name in kept},
        **policy_as_typed(known["policy"]),
        "retry_seconds": known["retry_seconds"] or "",
        "tags": ", ".join(known["tags"]),
        "owner": known["owner"] or "",
    }


def owners(known: str | None) -> list[tuple[str, str]]:
    members = Membership.objects.filter(organisation_id=scoping.current().no, user__is_active=True)
    emails = list(members.order_by("user__email").values_list("user__email", flat=True))
    if known and known not in emails:
        emails.insert(0, known)
    return [("", "Nobody in particular"), *((email, email) for email in emails)]


def others(monitor: Monitor | None) -> list[tuple[str, str]]:
    others = Monitor.objects.exclude(pk=monitor.pk) if monitor else Monitor.objects.all()
    return [(str(pk), name) for pk, name in others.order_by("name").values_list("pk", "name")]

"""Say a change for several monitors in words: what it would do, and what each of them has now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from monitors import definition
from monitors.models import Monitor
from pulse.templatetags.times import duration

# Of a text that may be long, its beginning.
LONGEST = 120
# The field that holds what somebody chose or wrote, by action: what is replaced there is lost.
WRITTEN = {"owner": "owner", "runbook": "runbook_url", "notes": "notes", "depend": "depends_on"}
COUNTS = {"down_after": "down", "up_after": "up again", "degraded_after": "degraded"}
SENTENCES = {
    "pause": "Pause {whom}",
    "resume": "Resume {whom}",
    "add_tags": "Add to the tags of {whom}: {what}",
    "remove_tags": "Remove from the tags of {whom}: {what}",
    "interval": "Set the interval of {whom} to {what}",
    "timeout": "Set the timeout of {whom} to {what}",
    "retry": "Look again at {whom} {what}",
    "policy": "Let {whom} count as {what}",
    "locations": "Check {whom} from {what}",
    "owner": "Set the owner of {whom} to {what}",
    "runbook": "Set the runbook of {whom} to {what}",
    "notes": "Set the notes of {whom} to “{what}”",
    "depend": "Let {whom} depend on {what}",
    "delete": "Delete {whom}",
}
EMPTYING = {
    "owner": "Take {whom} from their owner",
    "runbook": "Remove the runbook of {whom}",
    "notes": "Remove the notes of {whom}",
    "depend": "Let {whom} depend on nothing",
}


def would(wanted: Mapping[str, Any], whom: str) -> str:
    """`Set the interval of 3 monitors to 5 min`; `whom` are the monitors in words."""
    action, fields = wanted["action"], {**wanted.get("changes", {}), "tags": wanted.get("tags", [])}
    if action == "depend":
        parents = Monitor.objects.filter(pk__in=fields["depends_on"]).order_by("name")
        fields["depends_on"] = list(parents.values_list("name", flat=True))
    what = _what(action, fields)
    sentence = SENTENCES[action] if what else EMPTYING.get(action, SENTENCES[action])
    return sentence.format(whom=whom, what=what)


def has(row: Monitor, wanted: Mapping[str, Any]) -> str:
    """What the change would replace, as it is now; "" where there is nothing, or it replaces nothing."""
    fields = definition.as_json(row)
    fields["depends_on"] = sorted(parent.name for parent in row.depends_on.all())
    asked = wanted.get("changes", {}).get("policy", {})
    fields["policy"] = {name: fields["policy"][name] for name in asked}
    return _what(wanted["action"], fields)


def _what(action: str, fields: Mapping[str, Any]) -> str:
    return WORDS[action](fields) if action in WORDS else ""


def _again(fields: Mapping[str, Any]) -> str:
    seconds = fields["retry_seconds"]
    return "at the next check" if seconds is None else f"after {duration(seconds)}"


def _counts(fields: Mapping[str, Any]) -> str:
    policy = fields["policy"]
    return ", ".join(f"{words} after {policy[name]}" for name, words in COUNTS.items() if name in policy)


def _places(fields: Mapping[str, Any]) -> str:
    places = ", ".join(fields["locations"]) or "the installation's own location"
    return f"{places}; {fields['quorum']} must agree" if "quorum" in fields else places


def _written(name: str) -> Callable[[Mapping[str, Any]], str]:
    def words(fields: Mapping[str, Any]) -> str:
        text = fields[name] or ""
        return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"

    return words


WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "add_tags": lambda fields: ", ".join(fields["tags"]),
    "remove_tags": lambda fields: ", ".join(fields["tags"]),
    "interval": lambda fields: duration(fields["interval_seconds"]),
    "timeout": lambda fields: duration(fields["timeout_seconds"]),
    "retry": _again,
    "policy": _counts,
    "locations": _places,
    "owner": _written("owner"),
    "runbook": _written("runbook_url"),
    "notes": _written("notes"),
    "depend": lambda fields: ", ".join(fields["depends_on"]),
}

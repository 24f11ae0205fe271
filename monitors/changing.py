"""One change for several monitors: say first what it would do to each, then do it to all of them or to none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models.functions import Lower

from monitors import bulk, changing_words, definition, editing
from monitors.models import Monitor
from pulse.fields import ConfigError
from pulse.templatetags.figures import begun
from tenants.actors import Actor
from tenants.models import Organisation

# What can be done, in words for people, and the fields that each needs.
ACTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pause": ("Pause them", ()),
    "resume": ("Resume them", ()),
    "add_tags": ("Add tags", ("tags",)),
    "remove_tags": ("Remove tags", ("tags",)),
    "interval": ("Set the interval", ("interval_seconds",)),
    "timeout": ("Set the timeout", ("timeout_seconds",)),
    "retry": ("Set when to look again", ("retry_seconds",)),
    "policy": ("Set when they count as down", ("down_after", "up_after", "degraded_after")),
    "locations": ("Set the locations", ("locations", "quorum")),
    "owner": ("Set the owner", ("owner",)),
    "runbook": ("Set the runbook", ("runbook_url",)),
    "notes": ("Set the notes", ("notes",)),
    "depend": ("Set what they depend on", ("depends_on",)),
    "delete": ("Delete them", ()),
}
VERBS = {"pause": "Pause", "resume": "Resume", "delete": "Delete"}
DONE = {
    "pause": "paused", "resume": "resumed", "delete": "deleted; their incidents stay", "add_tags": "tagged",
    "remove_tags": "untagged", "owner": "given to their owner",
}  # fmt: skip
# So many are named; of the rest there is the number.
NAMED = 20


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a change would do: to these with their new definitions, nothing to those that are so already."""

    wanted: dict[str, Any]
    changing: list[tuple[Monitor, dict[str, Any]]] = field(default_factory=list)
    same: list[Monitor] = field(default_factory=list)
    refused: list[tuple[Monitor, list[str]]] = field(default_factory=list)

    @property
    def action(self) -> str:
        action: str = self.wanted["action"]
        return action

    @property
    def total(self) -> int:
        return len(self.changing) + len(self.same) + len(self.refused)

    @property
    def verb(self) -> str:
        return VERBS.get(self.action, "Change")

    @property
    def sentence(self) -> str:
        """What it would do: `Set the interval of 3 monitors to 5 min`."""
        number = len(self.changing)
        return changing_words.would(self.wanted, f"{number:,} monitor{'s' if number != 1 else ''}")

    @property
    def first(self) -> list[tuple[Monitor, str]]:
        """The first that would change, each with what it has now."""
        return [(row, self._now(row)) for row, _ in self.changing[:NAMED]]

    @property
    def more(self) -> int:
        return max(0, len(self.changing) - NAMED)

    @property
    def replaces(self) -> bool:
        """Whether something stands in the place of what it would set."""
        return bool(ACTIONS[self.action][1])

    @property
    def replaced(self) -> int:
        """How many have something now that somebody wrote, and that would be lost."""
        if self.action not in changing_words.WRITTEN:
            return 0
        return sum(bool(self._now(row)) for row, _ in self.changing)

    def _now(self, row: Monitor) -> str:
        return changing_words.has(row, self.wanted)

    @property
    def same_names(self) -> str:
        return _names(self.same)

    @property
    def refused_alike(self) -> list[tuple[int, str, tuple[str, ...]]]:
        """Refusals of the same words once: of how many, their names, and why. Those of most monitors first."""
        alike = defaultdict(list)
        for row, reasons in self.refused:
            alike[tuple(reasons)].append(row)
        most_first = sorted(alike.items(), key=lambda found: -len(found[1]))
        return [(len(rows), _names(rows), reasons) for reasons, rows in most_first]

    @property
    def refused_first(self) -> list[tuple[int, str, tuple[str, ...]]]:
        return self.refused_alike[:NAMED]

    @property
    def refused_more(self) -> int:
        return sum(number for number, _, _ in self.refused_alike[NAMED:])


def preview(wanted: dict[str, Any]) -> Outlook:
    """What the change would do; nothing is done."""
    rows = Monitor.objects.filter(pk__in=wanted["monitors"]).order_by(Lower("name"), "pk")
    return _look(rows.prefetch_related("depends_on"), wanted)


def carry_out(organisation: Organisation, wanted: dict[str, Any], by: Actor) -> str:
    """Do to all of `wanted["monitors"]` what `wanted["action"]` says; what was done, in words.

    Raises ConfigError when one of them cannot be so; then nothing is changed.
    """
    with transaction.atomic():
        rows = Monitor.objects.select_for_update(no_key=True).filter(pk__in=wanted["monitors"])
        outlook = _look(rows.prefetch_related("depends_on").order_by("no"), wanted)
        if outlook.refused:
            raise ConfigError(("", f"{row.name}: {words}") for row, all_ in outlook.refused for words in all_)
        for row, values in outlook.changing:
            if wanted["action"] == "delete":
                editing.delete(organisation, row, by)
            else:
                editing.update(organisation, row, values, by)
    number = len(outlook.changing)
    words = f"{number:,} monitor{'s' if number != 1 else ''} {DONE.get(wanted['action'], 'changed')}"
    same = (
        f"; {len(outlook.same):,} {'were' if len(outlook.same) != 1 else 'was'} so already"
        if outlook.same
        else ""
    )
    return f"{words}{same}."


def _look(rows: Iterable[Monitor], wanted: dict[str, Any]) -> Outlook:
    found = Outlook(wanted)
    for row in rows:
        if found.action == "delete":
            found.changing.append((row, {}))
            continue
        change = _change(row, wanted)
        try:
            values = definition.read(change, row)
        except ConfigError as error:
            found.refused.append((row, [_reason(detail) for _, detail in error.errors]))
            continue
        before = definition.as_json(row)
        if all(values[name] == before[name] for name in change):
            found.same.append(row)
        else:
            found.changing.append((row, values))
    return found


def _change(row: Monitor, wanted: dict[str, Any]) -> dict[str, Any]:
    match wanted["action"]:
        case "add_tags":
            return {"tags": bulk.tags_of(row, add=wanted["tags"])}
        case "remove_tags":
            return {"tags": bulk.tags_of(row, remove=wanted["tags"])}
        case _:
            changes: dict[str, Any] = wanted["changes"]
            return changes


def _reason(complaint: str) -> str:
    """Nothing is left to remove for who is only left out."""
    return begun(complaint.removeprefix("Remove it: "))


def _names(rows: Iterable[Monitor]) -> str:
    """`shop, till, stock and 9 more`"""
    names = [row.name for row in rows]
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")

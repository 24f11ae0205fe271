"""Tell what a monitor checks and expects, in the words that its form uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from monitors.controls import settings_as_typed
from monitors.kinds import KINDS
from monitors.models import Monitor
from monitors.policy_words import policy_in_words
from monitors.probes.probe import Probe
from monitors.probes.settings import Setting
from monitors.reading import standings
from monitors.secrets import KEPT


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    value: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a group, and how it stands now."""

    monitor: Monitor
    word: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """`title` is the kind's; `lines` are the settings that differ from what everybody gets."""

    title: str
    target_label: str
    lines: list[Line]
    members: list[Member]
    policy: list[tuple[str, str]]


def of(monitor: Monitor) -> Configuration:
    if monitor.kind == Monitor.GROUP:
        rule = monitor.config["rule"].replace("_", " ")
        needed = f" {monitor.config['needed']}" if rule == "at least" else ""
        found = list(monitor.members.order_by("name"))
        known = standings(found)
        members = [Member(one, known[one.no].word_at(timezone.now())) for one in found]
        works = "works" if rule in ("any", "at least") and monitor.config["needed"] == 1 else "work"
        words = f"{rule}{needed} of {len(members)} {works}"
        return Configuration("Group", "", [Line("Works while", words)], members, [])
    kind = KINDS[monitor.kind]
    shown = settings_as_typed(kind.settings, monitor.config)
    lines = [
        _line(setting, shown[setting.name])
        for setting in kind.settings.all
        if setting.name in monitor.config and _is_used(setting, shown)
    ]
    label = kind.target_label if isinstance(kind, Probe) else ""
    policy = policy_in_words(monitor.policy, upside_down=monitor.upside_down)
    return Configuration(kind.title, label, [line for line in lines if line.value], [], policy)


def _is_used(setting: Setting, shown: Mapping[str, Any]) -> bool:
    """What the choice that was made has no use for says nothing."""
    return not setting.only or shown[setting.only[0]] in setting.only[1:]


def _line(setting: Setting, value: object) -> Line:
    words = dict(setting.choices)
    if value == KEPT:
        return Line(setting.label, "set, and not shown")
    if isinstance(value, bool):
        return Line(setting.label, "yes" if value else "no")
    if setting.control in ("lines", "pairs", "long"):
        return Line(setting.label, str(value), is_code=True)
    return Line(setting.label, words.get(str(value), "" if value is None else str(value)))

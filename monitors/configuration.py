"""Tell what a monitor checks and expects, in the words that its form uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
from pulse.net import certificates

# Settings that hold certificates in PEM, which say nothing to who reads them.
CERTIFICATES = frozenset({"ca", "client_certificate"})
# So many certificates are described; of the rest there is the number.
DESCRIBED = 3
# The beginning of a text says which it is; all of it stands in the form.
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    value: str
    is_code: bool = False
    is_list: bool = False

    @property
    def rows(self) -> list[str]:
        return self.value.splitlines()


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
    if value == KEPT:
        return Line(setting.label, "set, and not shown")
    is_pem, several = setting.name in CERTIFICATES, setting.control in ("lines", "pairs")
    is_code = not is_pem and (several or setting.control == "long")
    return Line(setting.label, _in_words(setting, value), is_code=is_code, is_list=is_pem or several)


def _in_words(setting: Setting, value: object) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
        case int() if setting.unit:
            return _measured(value, setting)
        case str() if setting.name in CERTIFICATES:
            return certificates_in_words(value)
        case str() if setting.control == "long":
            return _beginning(value)
        case _:
            return dict(setting.choices).get(str(value), str(value))


def _measured(value: int, setting: Setting) -> str:
    """`14 days`; no `3 pings` beside a label that says Pings."""
    if setting.unit.removesuffix("s") in setting.label.lower():
        return f"{value:,}"
    return f"{value:,} {setting.unit.removesuffix('s') if value == 1 else setting.unit}"


def _beginning(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST].rstrip()}… ({len(text):,} characters)"


def certificates_in_words(pem: str) -> str:
    """Of each its subject and when it ends, on a line of its own."""
    found = [_certificate(certificates.describe(one)) for one in certificates.all_of_pem(pem)]
    if not found:
        return _certificate({})
    more = [f"and {len(found) - DESCRIBED:,} more"] if len(found) > DESCRIBED else []
    number = [f"{len(found):,} certificates:"] if len(found) > 1 else []
    return "\n".join([*number, *found[:DESCRIBED], *more])


def _certificate(described: Mapping[str, Any]) -> str:
    if "subject" not in described:
        return "a certificate that cannot be read"
    ends = datetime.fromisoformat(described["not_after"])
    until = "expired on" if ends < timezone.now() else "until"
    # A subject may hold what would end the line.
    subject = " ".join(described["subject"].split()) or "no subject"
    return f"{subject}, {until} {ends:%-d %b %Y}"

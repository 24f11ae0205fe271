"""What the checks of a Pingdom account would be here, each read by the rules that a form has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitors import definition
from monitors.models import Monitor
from monitors.pingdom.fetching import checks
from monitors.pingdom.translating import Translated, translate
from pulse.fields import ConfigError
from tenants.models import Organisation


@dataclass(frozen=True, slots=True)
class Preview:
    """Every check; `known` are kinds and targets that a monitor watches already."""

    checks: list[Translated]
    known: frozenset[tuple[str, str]]

    @property
    def possible(self) -> list[Translated]:
        return [check for check in self.checks if check.definition is not None]


def preview(organisation: Organisation, token: str) -> Preview:
    """Raises SourceError when Pingdom does not tell."""
    found = [_read(check) for check in checks(token, organisation.no)]
    targets = [check.definition["target"] for check in found if check.definition]
    known = Monitor.objects.filter(target__in=targets).values_list("kind", "target")
    return Preview(found, frozenset(known))


def chosen(found: Sequence[Translated], ids: Collection[int]) -> list[dict[str, Any]]:
    """The definitions of those chosen, read and ready to be saved; raises ConfigError."""
    wanted = [check.definition for check in found if check.id in ids and check.definition is not None]
    if not wanted:
        raise ConfigError([("/ids", "Choose at least one check that can be carried over.")])
    return [definition.read(dict(one)) for one in wanted]


def _read(check: dict[str, Any]) -> Translated:
    if words := check.get("unread"):
        name = str(check.get("name", ""))[:120]
        return Translated(int(check["id"]), name, None, problem=f"It could not be read: {words}.")
    found = translate(check)
    if found.definition is None:
        return found
    try:
        definition.read(dict(found.definition))
    except ConfigError as error:
        words = " ".join(detail for _, detail in error.errors)
        return replace(found, definition=None, problem=words)
    return found

"""The shape of a kind of check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from monitors.assertions.model import Source
from monitors.probes.jobs import Job
from monitors.probes.outcome import Outcome
from monitors.probes.settings import Settings
from pulse.net.addresses import Address

if TYPE_CHECKING:
    from pulse.net.fetch import Outbound

Done = Callable[[Outcome], None]


class Target(Protocol):
    """What a target was read as; its text is what is stored."""

    @property
    def host(self) -> str: ...
    @property
    def literal(self) -> Address | None: ...
    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Probe:
    """A kind of check: one module, one line in the table.

    `check_target` reads what a person typed or raises UrlError with a sentence that says what to change;
    `start` begins a check on the engine's loop and calls back exactly once. `sources` are what assertions can
    be made on. `target_label`, `placeholder` and `target_help` are the words of the form. `missing` says why
    this machine cannot make such checks ("no raw sockets: …"), or is empty. `misfit` says what to change about a
    target that does not go with the settings, or is empty. `through` is the setting that names what the check connects
    to in place of the target: a proxy, a name server.
    """

    title: str
    settings: Settings[Any]
    check_target: Callable[[str], Target]
    start: Callable[[Outbound, Job, Done], None]
    sources: frozenset[Source]
    target_label: str = "Host and port"
    placeholder: str = "example.com:443"
    target_help: str = ""
    through: str = ""
    missing: Callable[[], str] = field(default=lambda: "")
    misfit: Callable[[str, Any], str] = field(default=lambda _target, _config: "")

    def load(self, data: object) -> Any:
        """The settings in `data` (decoded JSON), defaults filled in; raises ConfigError."""
        return self.settings.load(data)

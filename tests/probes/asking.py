"""Ask a running engine for one check of any kind, with settings as a form or script would send them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from time import monotonic
from typing import Any

from monitors.probes import PROBES
from monitors.probes.jobs import Job
from monitors.probes.outcome import Outcome
from pulse.net.addresses import Policy
from tests.probes.running import Probing

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


class Asking(Probing):
    """Use as a context manager."""

    def __init__(self, nameservers: Sequence[str] = ("127.0.0.1:1",), ca_file: str | None = None) -> None:
        super().__init__(LOOPBACK, nameservers, ca_file)

    def ask(
        self,
        kind: str,
        target: str,
        settings: Mapping[str, Any] | None = None,
        timeout_s: float = 5.0,
        *,
        agent: str = "",
        identity: str = "",
    ) -> Outcome:
        """The outcome of one check made now."""
        config = PROBES[kind].load(settings or {})
        self.engine.submit([Job(target, 1, kind, target, config, timeout_s, monotonic(), agent, identity)])
        return self.next()[1]


def facts(outcome: Outcome) -> dict[str, Any]:
    """What was asserted on, as evidence keeps it."""
    assert outcome.evidence is not None
    found: dict[str, Any] = outcome.evidence()["facts"]
    return found


def notes(outcome: Outcome) -> dict[str, Any]:
    assert outcome.evidence is not None
    found: dict[str, Any] = outcome.evidence()["notes"]
    return found

"""Show a check that somebody asked for while it happens: phases and assertions, on the pages that are open."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from monitors.probes.outcome import Outcome
from pulse.live import Message, group_of_organisation
from pulse.live.publisher import send
from pulse.net.exchange import Watch

log = structlog.get_logger(__name__)

# What a probe tells of, in the words of a page; durations come in microseconds.
STEPS = {
    "address": "Address", "dns_us": "Name looked up", "connect_us": "Connected", "tls_us": "Encrypted",
    "wait_us": "First byte", "transfer_us": "Whole answer",
}  # fmt: skip
KEPT_SECONDS = 60


@dataclass(slots=True)
class Progress:
    """What is known so far of one check; `steps` hold words and a value, in the order they came."""

    organisation: UUID
    monitor: str
    steps: dict[str, str] = field(default_factory=dict)
    assertions: list[dict[str, object]] = field(default_factory=list)
    verdict: str = ""
    ok: bool = False
    soft: bool = False
    unknown: bool = False


class Onlookers(threading.Thread):
    """Renders and publishes beside the engine, whose loop only hands over. Losing a message loses a look."""

    def __init__(self) -> None:
        super().__init__(name="onlookers", daemon=True)
        self._told: queue.SimpleQueue[tuple[Progress, str, object]] = queue.SimpleQueue()
        self.start()

    def follow(self, organisation: UUID, monitor: str) -> tuple[Watch, Progress]:
        """Something for a job to tell its phases to, and what they will be gathered in."""
        progress = Progress(organisation, monitor)
        self._told.put((progress, "", None))
        return lambda name, value: self._told.put((progress, name, value)), progress

    def finish(self, progress: Progress, outcome: Outcome) -> None:
        self._told.put((progress, "outcome", outcome))

    def run(self) -> None:
        while True:
            told = [self._told.get()]
            while not self._told.empty():
                told.append(self._told.get())
            for progress, name, value in told:
                _whatever_happens(_gather, progress, name, value)
            for progress in {id(one): one for one, _, _ in told}.values():
                _whatever_happens(_publish, progress)


def _whatever_happens(step: Callable[..., None], *arguments: object) -> None:
    """Nobody sees this one check grow; the others go on, and its result is recorded elsewhere."""
    try:
        step(*arguments)
    except Exception:
        log.exception("progress_not_shown")


def last_shown(monitor: UUID) -> SafeString:
    """The markup of the newest check of a monitor that somebody asked for; "" when there was none lately.

    For pages that open while it is under way, and missed what was told before.
    """
    return SafeString(cache.get(_key(str(monitor)), ""))


def forget(monitor: UUID) -> None:
    """Another check was asked for: the last one is no answer to it."""
    cache.delete(_key(str(monitor)))


def _key(monitor: str) -> str:
    return f"progress:{monitor}"


def _gather(progress: Progress, name: str, value: object) -> None:
    if isinstance(value, Outcome):
        progress.verdict, progress.ok, progress.soft = value.detail, value.ok, value.soft
        progress.unknown = value.is_unknown
        document = value.evidence() if value.evidence else {}
        progress.assertions = document.get("assertions", [])
    elif name in STEPS and value is not None:
        progress.steps[STEPS[name]] = f"{value / 1000:,.1f} ms" if isinstance(value, int) else str(value)


def _publish(progress: Progress) -> None:
    name = f"monitor_{progress.monitor}_progress"
    html = render_to_string("monitors/_progress.html", {"progress": progress, "id": name})
    cache.set(_key(progress.monitor), html, KEPT_SECONDS)
    # A page swaps what it has; one without this element passes it over.
    send(Message(group_of_organisation(progress.organisation), "live.changed", [], {name: html}))

"""Sum up how all monitors of an organisation stand, in one sentence and a row of counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from monitors.listing import counts
from monitors.models import Monitor
from monitors.reading import OVERDUE_AFTER
from monitors.searching import WORDS, Query
from monitors.suppression.reading import covering
from monitors.telemetry import blindness
from monitors.telemetry.models import LiveState, Status
from pulse import scoping
from pulse.links import path_in

TROUBLES = ("down", "flapping", "degraded")
NAMED = 3
QUIET = {"late": "{} late", "unknown": "Nothing is known of {}"}


@dataclass(frozen=True, slots=True)
class Tally:
    """One count with the address of the list it counts."""

    status: str
    count: int
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """The verdict over all monitors, the same for every reader."""

    url: str
    total: int
    status: str
    lead: str
    detail: str
    tally: list[Tally]


def summarise(now: datetime) -> Summary:
    numbers = counts()
    total, late = sum(numbers.values()), overdue(now)
    status, lead = verdict(numbers, late)
    words = detail(numbers, names_in_trouble(numbers), late)
    if blind := blindness.open_now():
        status, lead = "unknown", f"Pulse cannot see from {', '.join(code for code, _ in blind)}"
        words = f"Its own network is down there, so no outage is told on its word. {words}".strip()
    url = path_in(scoping.current().slug, "monitors:summary")
    return Summary(url, total, status, lead, words, tally(numbers))


def tally(numbers: dict[str, int], current: str = "") -> list[Tally]:
    """Counts worst first; a status that nobody is in shows only where its absence is news."""
    address = path_in(scoping.current().slug, "monitors:list")
    return [
        Tally(
            word,
            numbers[word],
            address + ("" if word == current else Query(status=word).address()),
            word == current,
        )
        for word in WORDS
        if numbers[word] or word in ("down", "up", current)
    ]


def verdict(numbers: dict[str, int], late: int) -> tuple[str, str]:
    """The status and the words that answer: is anything wrong now?"""
    total = sum(numbers.values())
    trouble = sum(numbers[word] for word in TROUBLES)
    watched = total - numbers["paused"] - numbers["maintenance"]
    if trouble:
        worst = next(word for word in TROUBLES if numbers[word])
        return worst, "1 thing needs you" if trouble == 1 else f"{trouble:,} things need you"
    if late:
        return "unknown", f"Nobody is checking {_monitors(late)}"
    if quiet := next((word for word in QUIET if numbers[word]), ""):
        return quiet, QUIET[quiet].format(_monitors(numbers[quiet]))
    if not watched:
        return _unwatched(numbers["maintenance"])
    if numbers["up"] < watched:
        return (
            "pending",
            f"{numbers['up']:,} of {_monitors(watched)} {'is' if numbers['up'] == 1 else 'are'} up",
        )
    return "up", "The monitor is up" if watched == 1 else f"All {watched:,} monitors are up"


def _unwatched(in_maintenance: int) -> tuple[str, str]:
    if in_maintenance:
        verb = "is" if in_maintenance == 1 else "are"
        return "maintenance", f"{_monitors(in_maintenance).capitalize()} {verb} in maintenance"
    return "paused", "Everything is paused"


def detail(numbers: dict[str, int], names: dict[str, list[str]], late: int) -> str:
    """Who it is, and that the rest is fine."""
    parts = [_who(word, names[word], numbers[word]) for word in TROUBLES if numbers[word]]
    if late:
        parts.append(f"{_monitors(late).capitalize()} should have been checked by now and were not.")
    if numbers["late"]:
        it, its = ("It has", "its") if numbers["late"] == 1 else ("They have", "their")
        parts.append(f"{it} not reported when expected; {its} grace is not over yet.")
    if numbers["unknown"]:
        parts.append(f"The sources of {_monitors(numbers['unknown'])} do not tell how they stand.")
    if parts and numbers["up"] and not late:
        parts.append(f"{numbers['up']:,} {'other is' if numbers['up'] == 1 else 'others are'} up.")
    if numbers["pending"]:
        parts.append(f"{_monitors(numbers['pending']).capitalize()} waiting for a first result.")
    if numbers["maintenance"] and (parts or numbers["up"]):
        parts.append(f"{numbers['maintenance']:,} in maintenance.")
    if numbers["paused"]:
        parts.append(f"{numbers['paused']:,} paused.")
    return " ".join(parts)


def names_in_trouble(numbers: dict[str, int]) -> dict[str, list[str]]:
    """The first few names of each troubled status; no query while there is no trouble."""
    found: dict[str, list[str]] = {word: [] for word in TROUBLES}
    states = LiveState.objects.filter(tenant_no=scoping.current().no, is_head=True, enabled=True)
    covered = list(covering(None, timezone.now())) if numbers["maintenance"] else []
    for word in TROUBLES:
        if numbers[word]:
            those = (
                states.filter(status=Status[word.upper()])
                .exclude(monitor_no__in=covered)
                .values("monitor_no")
            )
            named = (
                Monitor.objects.filter(no__in=those).order_by(Lower("name")).values_list("name", flat=True)
            )
            found[word] = list(named[:NAMED])
    return found


def overdue(now: datetime) -> int:
    """How many monitors should have been checked by now and nobody did."""
    late = now - OVERDUE_AFTER
    states = LiveState.objects.filter(tenant_no=scoping.current().no, next_due_at__isnull=False)
    not_done = Q(lease_until__isnull=True, next_due_at__lt=late) | Q(lease_until__lt=late)
    return states.filter(not_done).values("monitor_no").distinct().count()


def _who(word: str, names: list[str], number: int) -> str:
    more = number - len(names)
    if more:
        return f"{', '.join(names)} and {more:,} more are {word}."
    if number == 1:
        return f"{names[0]} is {word}."
    return f"{', '.join(names[:-1])} and {names[-1]} are {word}."


def _monitors(number: int) -> str:
    return "1 monitor" if number == 1 else f"{number:,} monitors"

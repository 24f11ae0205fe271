"""List monitors worst first: a page of them with all that a row shows, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils import timezone

from monitors import history
from monitors.availability.course import course
from monitors.availability.reading import uptimes
from monitors.expiring import Expiry, expiry
from monitors.heartbeats.reading import late_numbers
from monitors.heartbeats.specs import schedule_words
from monitors.kinds import KINDS
from monitors.models import Monitor
from monitors.probes import PROBES
from monitors.reading import Standing, standings
from monitors.searching import RANKS, WORDS, Query, searched
from monitors.suppression.reading import covering
from monitors.telemetry.models import LiveState, Status
from monitors.uptime import Uptime
from pulse import scoping
from pulse.charts import sparkline, uptime_bar
from pulse.links import path_in
from pulse.templatetags.times import duration

# Monitors with the annotations of `with_rank`, which type checkers cannot see.
Ranked = Any

PAGE = 50
BAR_SLOTS = 40
BAR_TIME = timedelta(hours=3)
UPTIME_DAYS = 90


@dataclass(frozen=True, slots=True)
class Row:
    """A monitor as a list shows it, the same for every reader."""

    monitor: Monitor
    standing: Standing
    url: str
    host: str
    bar: uptime_bar.UptimeBar
    line: sparkline.Sparkline
    p95: float | None
    uptime: Uptime
    now: datetime

    @property
    def overdue_since(self) -> datetime | None:
        return self.standing.overdue_since(self.now)

    @property
    def shown(self) -> str:
        """The word that its glyph says: what nobody measures any more is not up."""
        if self.overdue_since and self.standing.word == "up" and not self.standing.maintenance:
            return "unknown"
        return self.standing.word_at(self.now)

    @property
    def maintenance_url(self) -> str:
        """The page of the window that covers it."""
        by = self.standing.maintenance
        return path_in(scoping.current().slug, "maintenance:detail", by.by_id) if by else ""

    @property
    def held_url(self) -> str:
        """The page of the parent that holds its outage back."""
        held = self.standing.held
        return path_in(scoping.current().slug, "monitors:detail", held.by.by_id) if held else ""

    @property
    def late_since(self) -> datetime | None:
        return self.standing.late_since(self.now)

    @property
    def kind(self) -> str:
        kind = self.monitor.kind
        return "Group" if kind == Monitor.GROUP else KINDS[kind].title

    @property
    def every(self) -> str:
        if self.monitor.kind == "heartbeat":
            return schedule_words(self.monitor.config)
        return "" if self.monitor.kind not in PROBES else duration(self.monitor.interval_seconds)

    @property
    def last_ms(self) -> float | None:
        return None if self.standing.total_us is None else self.standing.total_us / 1000

    @property
    def expiry(self) -> Expiry | None:
        """The certificate or the domain, with the days that it has left."""
        at = None if self.overdue_since else self.standing.expires_at
        return expiry(self.monitor.kind, at, self.now)

    @property
    def expires_soon(self) -> Expiry | None:
        """The same in the last month, where the sentence beside it does not say so already."""
        found = self.expiry
        said = self.standing.tells_expiry and self.standing.word in ("degraded", "down")
        return found if found and found.is_soon and not said else None

    @property
    def snoozed(self) -> bool:
        return self.monitor.snoozed_at(self.now)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and where it stands in the whole."""

    rows: list[Row]
    total: int
    first: int
    query: Query

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def words(self) -> str:
        order = "least uptime first" if self.query.sort else "worst first"
        return f"{self.first:,} to {self.last:,} of {self.total:,}, {order}"

    def address(self, number: int) -> str:
        return reverse("monitors:list") + self.query.address(page=number)

    @property
    def before(self) -> str:
        return self.address(self.query.page - 1) if self.query.page > 1 else ""

    @property
    def after(self) -> str:
        return self.address(self.query.page + 1) if self.last < self.total else ""


def page(query: Query, now: datetime, size: int = PAGE) -> Page:
    """The asked page of the list; a page beyond the end is the last one."""
    found = matching(query)
    total = found.count()
    number = min(query.page, max(1, -(-total // size)))
    first = (number - 1) * size
    ordered = found.order_by("rank", Lower("name"), "pk")
    shown = by_uptime(ordered, now, first, size) if query.sort else list(ordered[first : first + size])
    return Page(rows(shown, now), total, first + 1, replace(query, page=number))


def by_uptime(ordered: QuerySet[Ranked], now: datetime, first: int, size: int) -> list[Ranked]:
    """So many of them from the `first` on, the least uptime first; what was never measured comes last."""
    numbers = list(ordered.values_list("no", flat=True))
    found = uptimes(numbers, UPTIME_DAYS, now)
    shares = {number: 2.0 if (share := found[number].share) is None else share for number in numbers}
    chosen = sorted(numbers, key=shares.__getitem__)[first : first + size]
    by_number = {monitor.no: monitor for monitor in ordered.filter(no__in=chosen)}
    return [by_number[number] for number in chosen if number in by_number]


def matching(query: Query) -> QuerySet[Ranked]:
    """The monitors that a query asks for, each with its `rank` in the order worst first."""
    if query.refusal:
        return with_rank().none()
    found = searched(with_rank(), query.text)
    return found.filter(rank=RANKS[query.status]) if query.status else found


def with_rank() -> QuerySet[Ranked]:
    """All monitors with their `rank`. Costs one index look-up each in the shared states."""
    states = LiveState.objects.filter(tenant_no=scoping.current().no, monitor_no=OuterRef("no"), is_head=True)
    stored = Coalesce(Subquery(states.values("status")[:1]), Value(int(Status.PENDING)))
    whens = [When(stored=status, then=Value(RANKS[status.label])) for status in Status]
    paused = When(enabled=False, then=Value(RANKS["paused"]))
    late = When(no__in=late_numbers(), then=Value(RANKS["late"]))
    covered = When(no__in=list(covering(None, timezone.now())), then=Value(RANKS["maintenance"]))
    rank = Case(paused, covered, late, *whens, output_field=IntegerField())
    return Monitor.objects.annotate(stored=stored).annotate(rank=rank)


def counts() -> dict[str, int]:
    """How many monitors stand in each status; statuses that nobody is in are 0. A paused one has nothing due."""
    states = LiveState.objects.filter(tenant_no=scoping.current().no, is_head=True)
    kept = states.filter(enabled=True).order_by().values_list("status")
    numbers = dict(kept.annotate(number=Count("monitor_no")))
    found = dict.fromkeys(WORDS, 0) | {Status(status).label: number for status, number in numbers.items()}
    covered = covering(None, timezone.now())
    late = [number for number in late_numbers() if number not in covered]
    for word, over in (("maintenance", list(covered)), ("late", late)):
        for status in (
            states.filter(enabled=True, monitor_no__in=over).values_list("status", flat=True) if over else ()
        ):
            found[Status(status).label] -= 1
            found[word] += 1
    return found | {"paused": states.filter(enabled=False).count()}


def rows(monitors: Sequence[Monitor], now: datetime) -> list[Row]:
    """What a list shows of each, in the order given, in six queries however many there are."""
    if not monitors:
        return []
    organisation = scoping.current()
    standing = standings(monitors)
    covered = course(list(standing), now - BAR_TIME, now)
    uptime = uptimes(list(standing), UPTIME_DAYS, now)
    courses = history.courses(list(standing), now - BAR_TIME, now, BAR_SLOTS)
    found = []
    for monitor in monitors:
        recent = history.bar_spans(covered[monitor.no])
        latency = courses[monitor.no]
        found.append(
            Row(
                monitor=monitor,
                standing=standing[monitor.no],
                url=path_in(organisation.slug, "monitors:detail", monitor.pk),
                host=urlsplit(monitor.target).netloc or monitor.target,
                bar=uptime_bar.draw(uptime_bar.bucket(recent, now - BAR_TIME, now, BAR_SLOTS)),
                line=sparkline.draw(latency.means),
                p95=latency.p95,
                uptime=uptime[monitor.no],
                now=now,
            )
        )
    return found

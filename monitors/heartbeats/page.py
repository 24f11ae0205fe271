"""Work out what a heartbeat's own page shows beside what every monitor's does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from monitors.heartbeats import keeping, reading, snippets, specs
from monitors.heartbeats.durations import words
from monitors.heartbeats.reading import Ping
from monitors.heartbeats.settings import HeartbeatConfig
from monitors.models import Monitor
from monitors.reading import standings
from pulse.charts import dots
from tenants.abilities import Ability
from tenants.models import Membership, Organisation

SHOWN = 25
NEXT = 5
CHARTED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """An expected time, in words of the schedule's own zone too where that is another than the reader's."""

    at: datetime
    there: str


@dataclass(frozen=True, slots=True)
class Expecting:
    """The next times, with what is to be said before them; without times that is all there is to say."""

    words: str
    upcoming: list[Upcoming]
    running: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class HeartbeatPage:
    """`url` is empty for whoever may not report for the job."""

    url: str
    by_slug: str
    email: str
    snippets: list[snippets.Snippet]
    expecting: Expecting
    zone: str
    schedule: str
    grace: str
    limit: str
    durations: dots.DotChart | None
    punctuality: dots.DotChart | None


def work_out(
    monitor: Monitor, organisation: Organisation, membership: Membership, now: datetime
) -> HeartbeatPage:
    config = specs.read(monitor.config)
    token = keeping.token_of(monitor, organisation) if membership.may(Ability.EDIT_MONITORS) else ""
    url = keeping.ping_url(token) if token else ""
    known = reading.expectations([monitor.no]).get(monitor.no, reading.Expectation())
    ended = reading.ended(monitor.no, now - CHARTED)
    slug = keeping.slug_of(monitor)
    return HeartbeatPage(
        url=url,
        by_slug=f"{settings.PULSE_BASE_URL}/ping/<key>/{slug}" if url and slug else "",
        email=keeping.email_of(token) if token else "",
        snippets=snippets.of(url) if url else [],
        expecting=_expecting(monitor, config, known, now),
        zone=config.zone,
        schedule=specs.schedule_words(monitor.config),
        grace=words(config.grace_seconds),
        limit=words(round(config.run_limit.total_seconds())),
        durations=_durations(ended, config, now),
        punctuality=_punctuality(ended, config, now),
    )


def newest(monitor: Monitor) -> list[Ping]:
    return reading.recent(monitor.no, SHOWN)


def _expecting(
    monitor: Monitor, config: HeartbeatConfig, known: reading.Expectation, now: datetime
) -> Expecting:
    word = standings([monitor])[monitor.no].word
    running = tuple(run.started for run in known.runs)
    if word == "paused":
        return Expecting("Nothing while it is paused.", [], running)
    if word == "down":
        return Expecting("Nothing while it is down: its next success ends that.", [], running)
    if word == "pending" and not config.expected.is_calendar:
        return Expecting(
            f"Nothing before its first ping; then {words(config.period_seconds)} later.", [], running
        )
    found = upcoming(config, known.expected_at, now)
    if not found:
        return Expecting("Its calendar has ended: nothing is expected any more.", [], running)
    return Expecting("From its first ping on:" if word == "pending" else "", found, running)


def upcoming(config: HeartbeatConfig, expected_at: datetime | None, now: datetime) -> list[Upcoming]:
    """The next times: from what is expected on, else from now, as if it reported at each."""
    first = expected_at if expected_at and expected_at > now else config.expected.after(now)
    if first is None:
        return []
    zone = ZoneInfo(config.zone)
    is_elsewhere = config.expected.is_calendar and config.zone != timezone.get_current_timezone_name()
    return [
        Upcoming(at, at.astimezone(zone).strftime("%a %-d %b %H:%M:%S") if is_elsewhere else "")
        for at in [first, *config.expected.upcoming(first, NEXT - 1)]
    ]


def _durations(ended: Sequence[Ping], config: HeartbeatConfig, now: datetime) -> dots.DotChart | None:
    runs = [
        dots.Dot(ping.at, ping.duration.total_seconds(), ping.status == "up")
        for ping in ended
        if ping.duration is not None
    ]
    if not runs:
        return None
    longest = max(run.seconds for run in runs)
    summary = (
        f"{len(runs):,} runs, {dots.length(dots.usual(runs))} usually, {dots.length(longest)} at most;"
        f" {sum(not run.ok for run in runs):,} failed."
    )
    return _draw(runs, now, summary, config.run_limit.total_seconds())


def _punctuality(ended: Sequence[Ping], config: HeartbeatConfig, now: datetime) -> dots.DotChart | None:
    """How long after its expected time each came. Without a calendar the time of the first is its own."""
    came = [
        dots.Dot(ping.at, ping.late_by.total_seconds(), ping.status == "up")
        for ping in ended
        if ping.late_by is not None
    ]
    if not came:
        return None
    late = sum(dot.seconds > 0 for dot in came)
    beyond = sum(dot.seconds > config.grace_seconds for dot in came)
    summary = f"{len(came):,} pings: {late:,} after their time, {beyond:,} of them after the grace time."
    return _draw(came, now, summary, config.grace_seconds)


def _draw(found: Sequence[dots.Dot], now: datetime, summary: str, limit: float) -> dots.DotChart:
    start = min(dot.at for dot in found) - timedelta(minutes=1)
    zone = timezone.get_current_timezone()
    return dots.draw(found, start=start, end=now, zone=zone, summary=summary, limit=limit)

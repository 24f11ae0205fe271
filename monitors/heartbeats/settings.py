"""What a heartbeat can be told: when it is expected, how long is waited, what counts as a success."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

from monitors.heartbeats.durations import span
from monitors.heartbeats.schedule import Kind, Schedule, check_line
from monitors.probes.settings import Setting, Settings, choose, lines, refuse, section, switch, text
from pulse.fields import FieldError

SLUG = re.compile(r"[a-z0-9_-]{1,100}")
YEAR = 365 * 86_400
EXAMPLES = {"cron": "0 3 * * *", "oncalendar": "Mon..Fri 03:00"}


@dataclass(frozen=True, slots=True)
class HeartbeatConfig:
    schedule: Kind
    period_seconds: int
    calendar: tuple[str, ...]
    zone: str
    grace_seconds: int
    run_limit_seconds: int | None
    tolerance_seconds: int
    slug: str
    post_only: bool
    filter_body: bool
    filter_subject: bool
    failure_keywords: tuple[str, ...]
    success_keywords: tuple[str, ...]
    start_keywords: tuple[str, ...]
    without_keyword: str

    @property
    def expected(self) -> Schedule:
        return Schedule(self.schedule, self.period_seconds, self.calendar, self.zone)

    @property
    def grace(self) -> timedelta:
        return timedelta(seconds=self.grace_seconds)

    @property
    def run_limit(self) -> timedelta:
        """How long a run may take; without a limit of its own it has the grace time, as on healthchecks."""
        own = self.run_limit_seconds
        return timedelta(seconds=self.grace_seconds if own is None else own)

    @property
    def tolerance(self) -> timedelta:
        return timedelta(seconds=self.tolerance_seconds)


def read_zone(value: Any) -> str:
    name = value.strip() or "UTC"
    if name not in _zones():
        raise FieldError(f"Use the name of a time zone like Europe/Riga or UTC; {name[:40]!r} is none.")
    return str(name)


def read_slug(value: Any) -> str:
    if value and not SLUG.fullmatch(value):
        raise FieldError("Use small letters, digits, hyphens and underscores only, like nightly-backup.")
    return str(value)


def read_keyword(line: str) -> str:
    return line.strip()


def together(config: HeartbeatConfig) -> None:
    if (config.filter_body or config.filter_subject) and not _has_keywords(config):
        raise refuse("success_keywords", "Write a word for success, failure or start to look for.")
    if config.schedule == "period":
        return
    example = EXAMPLES[config.schedule]
    if not config.calendar:
        raise refuse("calendar", f"Write at least one line, like {example}.")
    for line in config.calendar:
        try:
            check_line(config.schedule, line, timezone.now())
        except ValueError as error:
            told = f"{line[:60]!r} cannot be used: {str(error)[:1].lower()}{str(error)[1:]}."
            raise refuse("calendar", f"{told} Write it like {example}.") from None


def _has_keywords(config: HeartbeatConfig) -> bool:
    return bool(config.success_keywords or config.failure_keywords or config.start_keywords)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(name for name in available_timezones() if ZoneInfo(name))


def _keywords(name: str, label: str, help_text: str = "") -> Any:
    return lines(name, label, help_text, most=20, longest=200, read_line=read_keyword)


def _of_calendars(setting: Setting) -> Setting:
    return replace(setting, only=("schedule", "cron", "oncalendar"))


SETTINGS = Settings(
    HeartbeatConfig,
    section(
        "When it is expected",
        choose(
            "schedule",
            "Expected",
            [
                ("period", "every so often"),
                ("cron", "by a cron expression"),
                ("oncalendar", "by systemd's OnCalendar"),
            ],
        ),
        replace(
            span("period_seconds", "Every", "After its last success, like 1 d or 15 min.", 10, YEAR, default=86_400),
            only=("schedule", "period"),
        ),
        _of_calendars(
            lines(
                "calendar",
                "Calendar",
                "Cron expressions (0 3 * * *) or OnCalendar lines (Mon..Fri 03:00), one on each line.",
                most=10,
                longest=100,
            )
        ),
        _of_calendars(
            text("zone", "Time zone", "In which the calendar is read, like Europe/Riga.", longest=64, default="UTC",
                 read=read_zone)
        ),
        span("grace_seconds", "Grace", "So much later it is down; until then it is late.", 1, YEAR, default=3600),
        span("run_limit_seconds", "Longest run", "From start to success; empty is the grace time.", 1, YEAR,
             default=None),
        _of_calendars(
            span("tolerance_seconds", "Clocks differ by", "A success so little before its time in the calendar counts"
                 " for it.", 0, 300, default=30)
        ),
    ),
    section(
        "How it reports",
        text("slug", "Slug", "Its name in addresses with a key; empty is made from the name.", longest=100,
             read=read_slug),
        switch("post_only", "Only POST counts", "Other requests are kept and change nothing: link previews do not"
               " report for the job."),
    ),
    section(
        "Keywords",
        switch("filter_body", "Look into the body", "Of requests to its address, and of mail."),
        switch("filter_subject", "Look at the subject", "Of mail."),
        _keywords("failure_keywords", "Means failure", "One on each line; looked for first."),
        _keywords("success_keywords", "Means success", "Looked for next."),
        _keywords("start_keywords", "Means start", "Looked for last."),
        choose("without_keyword", "Without any of them", [
            ("ignore", "it is kept and changes nothing"),
            ("success", "it is a success"),
            ("fail", "it is a failure"),
        ]),
    ),
    together=together,
)  # fmt: skip

"""Times as people read them: relative, with the exact time and zone on hover."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@register.filter
def duration(value: timedelta | float | None) -> str:
    """A length of time in its two largest units: `14 min 6 s`, `2 h 10 min`, `3 d 4 h`; None is a dash.

    A number counts as seconds; below ten seconds one decimal is kept.
    """
    if value is None:
        return "—"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 10:
        return f"{max(seconds, 0):.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    for size, unit, smaller, smaller_unit in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "min"),
        (MINUTE, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {smaller_unit}" if rest else "")
    return f"{whole} s"


def relative(at: datetime, now: datetime) -> str:
    """`at` as seen from `now`, in one unit: `just now`, `14 min ago`, `in 2 h`; from 30 days on the date.

    The same words are made in relative-time.js, which keeps them fresh.
    """
    seconds = (now - at).total_seconds()
    distance = abs(seconds)
    if distance < 5:
        return "just now"
    if distance >= 30 * DAY:
        local = timezone.localtime(at)
        return f"{local.day} {local:%b %Y}"
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        if distance >= size:
            text = f"{int(distance // size)} {unit}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return "just now"


@register.filter
def exact(at: datetime) -> str:
    """`2026-05-01 02:11:07 CEST`: the exact time in the reader's zone."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S %Z}"


@register.filter
def clock(at: datetime | None) -> str:
    """`02:11:07`: the time of day in the reader's zone."""
    return "—" if at is None else f"{timezone.localtime(at):%H:%M:%S}"


@register.simple_tag(takes_context=True)
def ago(
    context: Context, at: datetime | None, now: datetime | None = None, empty: str = "never"
) -> SafeString:
    """`<time>` with relative words; `now` defaults to the page's own `now`, else to the clock."""
    if at is None:
        return format_html("{}", empty)
    seen_from = now or context.get("now") or timezone.now()
    stamp, words = at.isoformat(timespec="seconds"), relative(at, seen_from)
    return format_html('<time datetime="{}" title="{}" data-relative>{}</time>', stamp, exact(at), words)


@register.simple_tag(takes_context=True)
def lasting(context: Context, since: datetime | None, now: datetime | None = None) -> SafeString:
    """`<time>` with how long something lasts by now: `14 min`; kept fresh like `ago`."""
    if since is None:
        return format_html("—")
    seen_from = now or context.get("now") or timezone.now()
    stamp, words = since.isoformat(timespec="seconds"), relative(since, seen_from).removesuffix(" ago")
    words = "a moment" if words == "just now" else words
    return format_html(
        '<time datetime="{}" title="since {}" data-relative="lasting">{}</time>', stamp, exact(since), words
    )


@register.simple_tag
def at(moment: datetime | None, pattern: str = "%H:%M") -> SafeString:
    """`<time>` with a time of day (or any strftime pattern) on the reader's clocks, and the exact time on hover.

    clocks.js makes the same of what is pushed to readers in several zones, for these: %Y %b %a %-d %H %M %S.
    """
    if moment is None:
        return format_html("—")
    stamp = moment.isoformat(timespec="seconds")
    words = timezone.localtime(moment).strftime(pattern)
    return format_html(
        '<time datetime="{}" title="{}" data-at="{}">{}</time>', stamp, exact(moment), pattern, words
    )

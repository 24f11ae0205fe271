"""Between how people say that something repeats, and the rule that says so. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitors.maintenance.rules import parse

DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
        "SU": "Sunday"}  # fmt: skip
REPEATS = [
    ("once", "Once"), ("daily", "Every day"), ("weekly", "Every week"), ("monthly", "Every month, on that day"),
    ("weekday", "Every month, on that weekday"), ("custom", "By a rule of its own"),
]  # fmt: skip
FREQUENCIES = {"daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "weekday": "MONTHLY"}
PLAIN = {"every": "1", "until": "", "weekdays": [], "rule": ""}


def rule_of(typed: Mapping[str, Any]) -> str:
    """The rule for what was typed; text that cannot be read stays in it, and is refused there."""
    repeat = typed["repeat"]
    if repeat == "custom":
        return str(typed["rule"]) or "-"
    parts = [f"FREQ={FREQUENCIES[repeat]}"]
    if typed["every"] not in ("", "1"):
        parts.append(f"INTERVAL={typed['every']}")
    if repeat == "weekly" and typed["weekdays"]:
        parts.append(f"BYDAY={','.join(typed['weekdays'])}")
    if repeat == "weekday" and (start := _read(typed["start"])):
        parts.append(f"BYDAY={_place(start)}{list(DAYS)[start.weekday()]}")
    if typed["until"]:
        parts.append(f"UNTIL={typed['until'].replace('-', '')}")
    return ";".join(parts)


def typed_of(rule: str, zone: str) -> dict[str, Any]:
    """How a form shows a rule: in its simple fields where they can say it, else as it is."""
    if not rule:
        return {**PLAIN, "repeat": "once"}
    recurrence = parse(rule, zone)
    parts = recurrence.parts
    days = parts.get("BYDAY", "").split(",") if "BYDAY" in parts else []
    ends = parts.get("UNTIL", "")
    is_simple = not set(parts) - {"FREQ", "INTERVAL", "BYDAY", "UNTIL"} and len(ends) in (0, 8)
    repeat = _repeat(recurrence.frequency, days) if is_simple else "custom"
    if repeat == "custom":
        return {**PLAIN, "repeat": "custom", "rule": rule}
    return {
        "repeat": repeat,
        "every": str(recurrence.interval),
        "until": f"{ends[:4]}-{ends[4:6]}-{ends[6:]}" if ends else "",
        "weekdays": days if repeat == "weekly" else [],
        "rule": "",
    }


def _repeat(frequency: str, days: list[str]) -> str:
    if frequency == "WEEKLY":
        return "weekly"
    if frequency == "DAILY" and not days:
        return "daily"
    if frequency == "MONTHLY" and not days:
        return "monthly"
    is_numbered = len(days) == 1 and len(days[0]) > 2
    return "weekday" if frequency == "MONTHLY" and is_numbered else "custom"


def _place(start: datetime) -> int:
    """Of the weekday in its month; a fifth one is the last, which every month has."""
    place = (start.day - 1) // 7 + 1
    return -1 if place == 5 else place


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

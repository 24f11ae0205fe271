"""Read a maintenance window as people and scripts describe it; form and API share every rule and every word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from monitors import details
from monitors.heartbeats.settings import read_zone
from monitors.maintenance.model import MaintenanceWindow
from monitors.maintenance.recurring import Occurrence, Schedule, begins, occurrences, overlap
from monitors.maintenance.rules import canonical, parse
from monitors.models import Monitor
from pulse.fields import ConfigError, FieldError, boolean, integer, read_fields
from pulse.templatetags.times import duration

LONGEST_MINUTES = 31 * 24 * 60
MONITORS_AT_MOST = 1_000
NOTES_AT_MOST = 2_000
AHEAD_AT_MOST = timedelta(days=5 * 366)
OLDEST_YEAR = 2000
READ_ONLY = ("id", "state", "running_until", "next", "created_at", "updated_at", "url")
DEFAULTS: dict[str, Any] = {
    "notes": "", "zone": "UTC", "rule": "", "everything": False, "tags": [], "monitors": [], "paused": False,
}  # fmt: skip
MISSING = {
    "name": "Give the window a name, like Database upgrade.",
    "start": "Say when it starts, like 2027-01-31T22:00.",
    "duration_minutes": "Say how long it lasts, in minutes, or give its end.",
}
TIMES = ("zone", "start", "duration_minutes", "rule")


def read(data: object, now: datetime, window: MaintenanceWindow | None = None) -> dict[str, Any]:
    """The complete definition in `data` over `window` (when it is edited) or the defaults.

    `start` comes back as a time on the zone's clocks, `monitors` as ids. Raises ConfigError with every complaint
    at once; pointers are JSON pointers into `data`.
    """
    base = {**DEFAULTS, **(as_json(window) if window else {})}
    fields = (
        {key: value for key, value in data.items() if key not in READ_ONLY}
        if isinstance(data, dict)
        else data
    )
    errors: list[tuple[str, str]] = []
    try:
        values = read_fields(fields, READERS)
    except ConfigError as error:
        values, errors = error.values, list(error.errors)
    merged = {**base, **values}
    told = {pointer for pointer, _ in errors}
    if isinstance(fields, dict):
        errors += _times(merged, values, told)
        errors += [
            (f"/{name}", words)
            for name, words in MISSING.items()
            if name not in merged and not told & {f"/{name}", "/end" if name == "duration_minutes" else ""}
        ]
        errors += _scope(merged, told)
    if not errors:
        has_new_times = window is None or any(merged[name] != base[name] for name in TIMES)
        errors += _contradictions(merged, now) if has_new_times else []
    if errors:
        raise ConfigError(dict.fromkeys(errors))
    return merged


def as_json(window: MaintenanceWindow) -> dict[str, Any]:
    """The definition of a saved window, as `read` takes it."""
    return {
        "name": window.name,
        "notes": window.notes,
        "zone": window.zone,
        "start": datetime.combine(window.start_date, window.start_time).isoformat(timespec="seconds"),
        "duration_minutes": window.duration_seconds // 60,
        "rule": window.rule,
        "everything": window.everything,
        "tags": list(window.tags),
        "monitors": sorted(str(monitor.pk) for monitor in window.monitors.all()),
        "paused": window.paused_at is not None,
    }


def schedule_of(values: dict[str, Any]) -> Schedule:
    length = timedelta(minutes=values["duration_minutes"])
    return Schedule(datetime.fromisoformat(values["start"]), values["zone"], length, values["rule"])


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise FieldError(MISSING["name"])
    if len(value.strip()) > 120:
        raise FieldError(f"Shorten the name to at most 120 characters; it has {len(value.strip())}.")
    return value.strip()


def _notes(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > NOTES_AT_MOST:
        raise FieldError(f"Write the notes as text of at most {NOTES_AT_MOST:,} characters.")
    return value.replace("\r\n", "\n").strip()


def _zone(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Use the name of a time zone like Europe/Riga or UTC.")
    return read_zone(value)


def _moment(value: Any) -> datetime:
    """A time on the zone's clocks, or with an offset a moment."""
    words = "Write a date and time like 2027-01-31T22:00."
    if not isinstance(value, str) or len(value) > 40:
        raise FieldError(words)
    try:
        moment = datetime.fromisoformat(value.strip()).replace(microsecond=0)
    except ValueError:
        raise FieldError(words) from None
    if not OLDEST_YEAR <= moment.year <= 9000:
        raise FieldError(f"Use a year from {OLDEST_YEAR} on, and not more than five years ahead.")
    return moment


def _rule(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldError(
            "Write the rule as text, like FREQ=WEEKLY;BYDAY=SU; empty for a window that happens once."
        )
    return value.strip()


def _monitors(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MONITORS_AT_MOST:
        raise FieldError(
            f"Write the monitors as a list of at most {MONITORS_AT_MOST:,} ids; for more use tags."
        )
    try:
        return sorted({str(UUID(one)) for one in value})
    except (ValueError, TypeError, AttributeError):
        raise FieldError("Write each monitor as its id.") from None


READERS = {
    "name": _name,
    "notes": _notes,
    "zone": _zone,
    "start": _moment,
    "end": _moment,
    "duration_minutes": integer(1, LONGEST_MINUTES, "minutes"),
    "rule": _rule,
    "everything": boolean,
    "tags": details.tags,
    "monitors": _monitors,
    "paused": boolean,
}


def _times(merged: dict[str, Any], values: dict[str, Any], told: set[str]) -> list[tuple[str, str]]:
    """Put start, end and rule on the clocks of the zone: `start` as text, `duration_minutes` from the end."""
    if "/zone" in told:
        return []
    zone, errors = ZoneInfo(merged["zone"]), []
    if "rule" in values and merged["rule"]:
        try:
            merged["rule"] = canonical(merged["rule"], merged["zone"])
        except FieldError as error:
            errors.append(("/rule", str(error)))
    if isinstance(start := merged.get("start"), datetime):
        merged["start"] = _on_clocks(start, zone).isoformat(timespec="seconds")
    end = merged.pop("end", None)
    if end is None or "start" not in merged:
        return errors
    if "duration_minutes" in values:
        return [*errors, ("/end", "Give end or duration_minutes, not both: each follows from the other.")]
    started, _ = begins(datetime.fromisoformat(merged["start"]), zone)
    ended, _ = begins(_on_clocks(end, zone), zone)
    minutes = (ended - started) // timedelta(minutes=1)
    if minutes < 1:
        merged["duration_minutes"] = 1
        return [*errors, ("/end", "Use an end at least a minute after the start.")]
    merged["duration_minutes"] = minutes
    if minutes > LONGEST_MINUTES:
        words = "Use an end within 31 days of the start; pause monitors that nobody should watch for longer."
        errors.append(("/end", words))
    return errors


def _on_clocks(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def _scope(merged: dict[str, Any], told: set[str]) -> list[tuple[str, str]]:
    if merged["everything"]:
        merged["tags"], merged["monitors"] = [], []
        return []
    if told & {"/everything", "/tags", "/monitors"}:
        return []
    if not merged["tags"] and not merged["monitors"]:
        return [("/monitors", "Choose monitors or tags, or everything.")]
    there = {str(pk) for pk in Monitor.objects.filter(pk__in=merged["monitors"]).values_list("pk", flat=True)}
    unknown = [one for one in merged["monitors"] if one not in there]
    return [("/monitors", f"There is no monitor {unknown[0]}.")] if unknown else []


def _contradictions(merged: dict[str, Any], now: datetime) -> list[tuple[str, str]]:
    """Of times that are new: they must lie ahead, come to an end, and not run into each other."""
    schedule, zone = schedule_of(merged), ZoneInfo(merged["zone"])
    if begins(schedule.start, zone)[0] > now + AHEAD_AT_MOST:
        return [("/start", "Use a start within the next five years.")]
    try:
        if not occurrences(schedule, now, 1):
            return [_nothing_left(schedule, now)]
        pair = overlap(schedule, now)
    except FieldError as error:
        return [("/rule", str(error))]
    return [("/duration_minutes", _too_long(*pair, zone))] if pair else []


def _nothing_left(schedule: Schedule, now: datetime) -> tuple[str, str]:
    if not schedule.rule:
        return "/start", "It is over already: move its start, or make it longer."
    until = parse(schedule.rule, schedule.zone).until
    if until and until < schedule.start:
        return "/rule", "It never happens: UNTIL lies before its start."
    if occurrences(
        schedule, datetime.combine(schedule.start, datetime.min.time(), UTC) - timedelta(days=2), 1
    ):
        return "/rule", "All its occurrences are over: remove COUNT or UNTIL, raise them, or move the start."
    return (
        "/rule",
        "It never happens: on no day of the next years do all parts of the rule hold. Change or remove some.",
    )


def _too_long(one: Occurrence, two: Occurrence, zone: ZoneInfo) -> str:
    """A window that is under way when the next begins would never end."""
    room = two.start - one.start - timedelta(minutes=1)
    return (
        f"Shorten it to {duration(room)} at most, or repeat it less often: the one of "
        f"{one.start.astimezone(zone):%Y-%m-%d %H:%M} would still last when the next begins. "
        "Pause monitors that nobody should watch at all."
    )

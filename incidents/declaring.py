"""Open an incident by hand: about nothing, one or many monitors, with words that page and API share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from incidents.locking import lock_incidents
from incidents.models import Incident, TimelineEntry
from incidents.saying import OPENED, snapshot, tell
from monitors.models import Monitor
from pulse.fields import ConfigError, FieldError, boolean, read_fields
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Organisation

Kind = TimelineEntry.Kind
TITLE_AT_MOST = 200
TEXT_AT_MOST = 10_000
MONITORS_AT_MOST = 500
STARTED_AGO_AT_MOST = timedelta(days=366)


def read(data: object) -> dict[str, Any]:
    """A new incident's fields, or ConfigError with every complaint at once."""
    values = read_fields(data, NEW)
    if not values.get("title"):
        raise ConfigError([("/title", "Say in a few words what is wrong.")], values)
    return values


def read_edit(data: object) -> tuple[dict[str, Any], int | None]:
    """What an edit changes, and the version that the editor had seen, where it says so."""
    values = read_fields(data, EDIT)
    return values, values.pop("version", None)


def declare(organisation: Organisation, values: dict[str, Any], by: Actor) -> tuple[Incident, bool]:
    """Open it; (incident, whether it is new). While one with the same key is open, that one is the answer."""
    with transaction.atomic():
        lock_incidents()
        if key := values.get("key", ""):
            known = Incident.objects.filter(key=key, resolved_at=None).first()
            if known is not None:
                return known, False
        incident = _new(values, by)
        monitors: list[Monitor] = values.get("monitors", [])
        incident.about.set(monitors)
        first = f"{by.name} opened it by hand: {incident.title}"
        entries = [TimelineEntry(incident=incident, at=incident.opened_at, kind=Kind.OPENED, text=first)]
        if words := values.get("note"):
            entries.append(TimelineEntry(incident=incident, kind=Kind.NOTE, text=words))
        for entry in entries:
            entry.actor_id, entry.actor_name = by.id, by.name
        TimelineEntry.objects.bulk_create(entries)
        data = {"monitors": [monitor.name for monitor in monitors]}
        record(organisation, by, "opened", "incident", incident.pk, str(incident), data)
        tell(OPENED, [incident])
    return incident, True


def _new(values: dict[str, Any], by: Actor) -> Incident:
    now = timezone.now()
    monitors = values.get("monitors", [])
    return Incident.objects.create(
        kind=Incident.Kind.MANUAL,
        title=values["title"],
        key=values.get("key", ""),
        monitor_snapshot={"monitors": [snapshot(monitor) for monitor in monitors]},
        severity=values.get("severity", Incident.Severity.MAJOR),
        impact=values.get("impact", ""),
        public_state=values.get("public_state", Incident.PublicState.INVESTIGATING),
        started_at=min(values.get("started_at") or now, now),
        opened_at=now,
        cause=f"opened by {by.name}"[:255],
        affected=len(monitors),
        is_told=values.get("tell", True),
        sequence=1,
    )


def text(most: int, what: str) -> Any:
    """A reader of text of several lines; the empty one is allowed."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise FieldError(f"Write the {what} as text.")
        words = value.replace("\r\n", "\n").strip()
        if len(words) > most:
            raise FieldError(f"Shorten the {what} to at most {most:,} characters; it has {len(words):,}.")
        if any(char not in {"\n", "\t"} and not char.isprintable() for char in words):
            raise FieldError(f"Remove control characters from the {what}.")
        return words

    return read


def read_note(data: object) -> str:
    """The words of a note; raises ConfigError where there are none."""
    words: str = read_fields(data, {"text": text(TEXT_AT_MOST, "note")}).get("text", "")
    if not words:
        raise ConfigError([("/text", "Write what should be remembered.")])
    return words


def _title(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write the title as text.")
    words = " ".join(value.split())
    if len(words) > TITLE_AT_MOST or not words.isprintable():
        raise FieldError(f"Use at most {TITLE_AT_MOST} printable characters.")
    return words


def _one_of(choices: type[Any]) -> Any:
    allowed = [str(item) for item in choices.values]

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            shown = ", ".join(item or '""' for item in allowed)
            raise FieldError(f"Use one of {shown}.")
        return value

    return read


def _open_public_state(value: Any) -> str:
    state: str = _one_of(Incident.PublicState)(value)
    if state == Incident.PublicState.RESOLVED:
        raise FieldError("Use investigating, identified or monitoring: what opens is not resolved.")
    return state


def _monitors(value: Any) -> list[Monitor]:
    if not isinstance(value, list) or len(value) > MONITORS_AT_MOST:
        raise FieldError(f"Send a list of at most {MONITORS_AT_MOST} monitors' ids; an empty one is fine.")
    known = Monitor.objects.in_bulk([uuid for uuid in map(_uuid, value) if uuid])
    unknown = [str(given)[:40] for given in value if _uuid(given) not in known]
    if unknown:
        raise FieldError(f"There is no monitor {', '.join(unknown[:5])}: use ids from the list of monitors.")
    return sorted(known.values(), key=lambda monitor: monitor.name)


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _key(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 120 or not value.isprintable():
        raise FieldError("Use at most 120 printable characters, a name that your script can say again.")
    return value


def _started_at(value: Any) -> datetime:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    now = timezone.now()
    if moment is None or moment.tzinfo is None:
        raise FieldError("Use a time with its zone, like 2026-03-01T02:11:07Z.")
    if not now - STARTED_AGO_AT_MOST <= moment <= now + timedelta(minutes=1):
        raise FieldError("Use a time in the past, at most a year ago.")
    return moment.astimezone(UTC)


def _version(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise FieldError("Use the version that you have read.")
    return value


NEW = {
    "title": _title,
    "monitors": _monitors,
    "severity": _one_of(Incident.Severity),
    "impact": _one_of(Incident.Impact),
    "public_state": _open_public_state,
    "started_at": _started_at,
    "note": text(TEXT_AT_MOST, "note"),
    "key": _key,
    "tell": boolean,
}
EDIT = {
    "title": _title,
    "severity": _one_of(Incident.Severity),
    "impact": _one_of(Incident.Impact),
    "root_cause": text(TEXT_AT_MOST, "root cause"),
    "public_state": _one_of(Incident.PublicState),
    "version": _version,
}

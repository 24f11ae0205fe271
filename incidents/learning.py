"""Postmortems: drafted from what Pulse knows, then written by people, never over each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents.declaring import text
from incidents.handling import say
from incidents.lifecycle import named
from incidents.locking import lock_one
from incidents.models import Incident, Postmortem, TimelineEntry
from pulse.fields import ConfigError, FieldError, read_fields
from pulse.templatetags.times import duration
from tenants.actors import Actor
from tenants.models import Organisation

TEXT_AT_MOST = 50_000
ENTRIES_DRAFTED = 100
Kind = TimelineEntry.Kind
# What a reader of the story needs; messages and their tries are on the page of deliveries.
DRAFTED = (
    Kind.STARTED, Kind.OPENED, Kind.JOINED, Kind.MERGED, Kind.ACKNOWLEDGED, Kind.ASSIGNED, Kind.NOTE, Kind.CAUSE,
    Kind.PUBLIC, Kind.CHANGED, Kind.TRANSITION, Kind.RESOLVED, Kind.REOPENED,
)  # fmt: skip


class Overtaken(Exception):
    """Somebody saved another text since the writer began; `stored` is it."""

    def __init__(self, stored: Postmortem) -> None:
        super().__init__(
            f"{stored.updated_by or 'Somebody'} saved version {stored.version} meanwhile."
            " Take over what you need of it, then save again."
        )
        self.stored = stored


def read(data: object) -> tuple[str, int]:
    """(text, version that the writer began with; 0 for the draft)."""
    values = read_fields(data, {"text": text(TEXT_AT_MOST, "postmortem"), "version": _version})
    missing = [
        (f"/{name}", words)
        for name, words in (
            ("text", "Write the postmortem."),
            ("version", "Send the version that you have read; 0 is the draft."),
        )
        if values.get(name) in (None, "")
    ]
    if missing:
        raise ConfigError(missing)
    return values["text"], values["version"]


def stored_of(incident: Incident) -> Postmortem | None:
    return Postmortem.objects.filter(pk=incident.pk).first()


def save(organisation: Organisation, incident: Incident, words: str, version: int, by: Actor) -> Postmortem:
    """Keep the text, if nobody saved another one since `version`; the same text again changes nothing."""
    with transaction.atomic():
        incident = lock_one(incident.pk)
        known = stored_of(incident)
        if known is not None and known.text == words:
            return known
        if version != (known.version if known else 0):
            raise Overtaken(known or Postmortem(incident=incident, version=0, text=draft(incident)))
        kept = Postmortem(incident=incident, version=version + 1)
        kept.text, kept.updated_at = words, timezone.now()
        kept.updated_by_id, kept.updated_by = by.id, by.name
        kept.save()
        said = f"{by.name} {'wrote' if version == 0 else 'changed'} the postmortem."
        say(organisation, incident, by, Kind.POSTMORTEM, "wrote postmortem of", said)
    return kept


def draft(incident: Incident) -> str:
    """A postmortem as far as facts go: what, when, whom, how it was found; the rest is for people."""
    entries = list(incident.timeline.filter(kind__in=DRAFTED)[:ENTRIES_DRAFTED])
    names = sorted({one.name for one in _affected(incident)})
    return write(incident, entries, names)


def write(incident: Incident, entries: Sequence[TimelineEntry], names: Sequence[str]) -> str:
    """The draft's words."""
    sections = [
        (f"Postmortem: {incident.name}", _summary(incident, names)),
        ("Impact", incident.impact.capitalize() or "What did people notice, how many of them, for how long?"),
        ("Affected", "\n".join(f"- {name}" for name in names) or "No monitor."),
        ("Root cause", incident.root_cause or f"Not written yet. What was seen: {incident.cause}."),
        ("Detection", _detection(incident)),
        ("Durations", _durations(incident)),
        ("Timeline (UTC)", "\n".join(f"- {_moment(entry.at)} {entry.text}" for entry in entries)),
        ("What went well", "-"),
        ("What did not", "-"),
        ("What will be done, by whom, until when", "-"),
    ]
    return "\n\n".join(f"{title}\n{'-' * len(title)}\n{body}" for title, body in sections)[:TEXT_AT_MOST]


def _affected(incident: Incident) -> list[Incident]:
    if incident.monitor_no:
        return [incident]
    members = list(incident.members.filter(monitor_no__isnull=False))
    about = [
        Incident(monitor_snapshot={"name": monitor["name"]})
        for monitor in incident.monitor_snapshot.get("monitors", [])
    ]
    return [*members, *about]


def _summary(incident: Incident, names: Sequence[str]) -> str:
    who = named(list(names)) or "No monitor"
    until = f" to {_moment(incident.resolved_at)}" if incident.resolved_at else ", and goes on"
    begun = f"{incident.started_at:%-d %B %Y}, {_moment(incident.started_at)}{until} (UTC)"
    return f"{begun}.\n{who}: {incident.cause}.\nSeverity {incident.severity}."


def _detection(incident: Incident) -> str:
    if incident.kind == Incident.Kind.MANUAL:
        return (
            f"A person opened it at {_moment(incident.opened_at)} UTC. Could a monitor have seen it earlier?"
        )
    took = duration(incident.time_to_detect)
    return f"Pulse confirmed it at {_moment(incident.opened_at)} UTC, {took} after the first failing check."


def _durations(incident: Incident) -> str:
    rows: list[tuple[str, timedelta | None]] = [
        ("Time to detect", incident.time_to_detect),
        ("Time to acknowledge", incident.time_to_acknowledge),
        ("Time to resolve", incident.time_to_resolve),
    ]
    return "\n".join(f"- {name}: {duration(value) if value is not None else 'never'}" for name, value in rows)


def _moment(at: datetime) -> str:
    return f"{at:%H:%M:%S}"


def _version(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FieldError("Use the version that you have read; 0 is the draft.")
    return value

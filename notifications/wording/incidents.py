"""Words for incidents: that one began, goes on, is taken care of, is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.dateparse import parse_datetime

from notifications.transports.base import Message
from notifications.wording.shape import Tone, Words, compose, moment, name_of, page_of_monitor
from pulse.templatetags.times import duration

# What a person opened is not down, a mass outage is over rather than up, and so is what a person ended, whose monitor
# may be down still.
_ENDED_BY = {
    "by hand": "{} resolved it; its monitor may be down still",
    "paused": "{} paused the monitor",
    "deleted": "{} deleted the monitor",
}


def opened(message: Message) -> Words:
    incident, name = message.data.get("incident", {}), name_of(message)
    mark = "Incident" if _is_manual(incident) else "Down"
    return _of_incident(message, mark, _because(_is("is", incident, name, "down"), incident), Tone.DOWN)


def reminder(message: Message) -> Words:
    incident, name = message.data.get("incident", {}), name_of(message)
    mark = "Still open" if _is_manual(incident) else "Still down"
    since = parse_datetime(incident.get("started_at") or "")
    lasting = f" for {duration(message.at - since)}" if since else ""
    sentence = _because(_is("is still", incident, name, "down") + lasting, incident)
    return _of_incident(message, mark, sentence, Tone.DOWN)


def acknowledged(message: Message) -> Words:
    who = message.data.get("incident", {}).get("acknowledged_by") or "Somebody"
    sentence = f"{who} takes care of {name_of(message)}."
    return _of_incident(message, "Taken care of", sentence, Tone.DEGRADED)


def resolved(message: Message) -> Words:
    incident, name = message.data.get("incident", {}), name_of(message)
    ended, kind = _ended(incident), incident.get("kind", "monitor")
    if _is_manual(incident):
        sentence = f"{name} is over."
    elif kind == "group" and incident.get("affected") != 1:
        sentence = f"{name}: all of it is over."
    else:
        sentence = f"{name}: {ended}." if ended else f"{name} is up again."
    mark = "Over" if ended or kind in ("manual", "group") else "Up again"
    return _of_incident(message, mark, sentence, Tone.UP)


def _of_incident(message: Message, mark: str, sentence: str, tone: Tone) -> Words:
    incident, monitor = message.data.get("incident", {}), message.data.get("monitor", {})
    since, until = (parse_datetime(incident.get(name) or "") for name in ("started_at", "resolved_at"))
    lines = [
        ("Since" if until is None else "From", moment(since)),
        ("Until", moment(until)),
        ("Lasted", duration(until - since) if since and until else ""),
        ("Ended", _ended(incident)),
        ("Cause", incident.get("cause") or ""),
        ("Severity", (incident.get("severity") or "") if monitor.get("id") is None else ""),
        ("Target", monitor.get("target") or ""),
    ]
    pages = [("Incident", incident.get("url") or ""), ("Monitor", page_of_monitor(monitor))]
    return compose(message, mark, sentence, tone, lines, pages)


def _is_manual(incident: Mapping[str, Any]) -> bool:
    return incident.get("kind") == "manual"


def _is(verb: str, incident: Mapping[str, Any], name: str, state: str) -> str:
    if _is_manual(incident):
        return name if verb == "is" else f"{name} goes on"
    several = incident.get("kind") == "group" and incident.get("affected") != 1
    return f"{name} {verb.replace('is', 'are') if several else verb} {state}"


def _because(said: str, incident: Mapping[str, Any]) -> str:
    # Of a drill that nothing is broken is said in front already.
    cause = "" if incident.get("drill") else (incident.get("cause") or "").rstrip(".")
    return f"{said}: {cause}." if cause else f"{said}."


def _ended(incident: Mapping[str, Any]) -> str:
    """How it ended, where that was not by the monitor working again."""
    words = _ENDED_BY.get(incident.get("resolution") or "", "")
    if incident.get("kind", "monitor") != "monitor":
        words = words.partition(";")[0]
    return words.format(incident.get("resolved_by") or "Somebody")

"""Fill the fixed placeholders of a text that an organisation wrote. No template language: nothing in it can compute."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from incidents.saying import rfc3339
from notifications.transports.base import Message
from notifications.wording import words_of
from pulse.fields import FieldError

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]+)\}")
_READ: dict[str, Callable[[Message], Any]] = {
    "id": lambda message: message.key,
    "event": lambda message: message.event,
    "at": lambda message: rfc3339(message.at),
    "title": lambda message: words_of(message).title,
    "summary": lambda message: words_of(message).summary,
    "status": lambda message: words_of(message).tone,
    "severity": lambda message: words_of(message).severity,
    "monitor": lambda message: _of(message, "monitor", "name"),
    "target": lambda message: _of(message, "monitor", "target"),
    "organisation": lambda message: _of(message, "organisation", "name"),
    "cause": lambda message: _of(message, "incident", "cause") or _of(message, "change", "detail"),
    "started_at": lambda message: _of(message, "incident", "started_at"),
    "resolved_at": lambda message: _of(message, "incident", "resolved_at"),
    "incident_url": lambda message: _of(message, "incident", "url"),
    "monitor_url": lambda message: _of(message, "monitor", "url"),
    "why_url": lambda message: message.links.why,
    "acknowledge_url": lambda message: message.links.acknowledge,
    "thread": lambda message: message.thread,
}
KNOWN = tuple(_READ)
_ESCAPES: dict[str, Callable[[str], str]] = {
    "application/json": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "application/x-www-form-urlencoded": quote_plus,
    "text/plain": lambda value: value,
}


def read_template(value: str) -> str:
    """The text as it is, or a complaint about the placeholders that nothing would fill."""
    unknown = sorted(set(_PLACEHOLDER.findall(value)) - set(KNOWN))
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in KNOWN)
        raise FieldError(f"Remove the placeholder {{{unknown[0][:40]}}}; known are {known}.")
    return value


def fill(template: str, message: Message, content_type: str) -> str:
    """Each placeholder replaced once: what a value contains is never looked at again."""
    escape = _ESCAPES[content_type]
    return _PLACEHOLDER.sub(lambda found: escape(str(_READ[found[1]](message) or "")), template)


def _of(message: Message, part: str, name: str) -> Any:
    return (message.data.get(part) or {}).get(name)

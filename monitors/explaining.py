"""Show the evidence of a result as people read it: pairs of words and values, and texts as they came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# In the order of a page; whatever is not named here comes after them under its own name.
WORDS = {
    "request": "Request", "status": "Status", "connected": "Connected", "ip": "Address", "response_time": "Took",
    "http_version": "HTTP version", "size": "Size", "answer": "Answer", "rows": "Rows", "value": "Value",
    "rcode": "Response code", "records": "Records", "loss": "Lost", "jitter": "Jitter",
    "sent": "Sent", "received": "Came back", "round_trips_ms": "Round trips", "min_ms": "Quickest", "avg_ms": "Average",
    "max_ms": "Slowest", "domain": "Domain", "domain_days": "Domain ends in", "certificate_days": "Certificate ends in",
    "issuer": "Issuer", "subject": "Subject", "names": "Names", "expires": "Ends", "days_left": "Days left",
    "starttls_us": "STARTTLS took", "ttl": "TTL in seconds", "body": "Body", "headers": "Headers", "tls": "Encryption",
    "certificate": "Certificate", "chain": "Way there", "ping": "Pings", "dns": "DNS answer", "host_key": "Host key",
}  # fmt: skip
_ORDER = {name: place for place, name in enumerate(WORDS)}
_UNITS = {
    "response_time": "ms", "jitter": "ms", "loss": "%", "size": "bytes", "certificate_days": "days",
    "domain_days": "days",
}  # fmt: skip
_PARTS = ("facts", "notes", "assertions")
_TEXTS = ("body", "answer")  # whatever the target wrote: shown as it came


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the evidence: pairs of words and a value, or a text as it came."""

    title: str
    pairs: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    is_open: bool = False


def parts(document: Mapping[str, Any]) -> list[Part]:
    """What was measured, then what else was noted: one part for each thing that has parts of its own."""
    facts, notes = document.get("facts") or {}, dict(document.get("notes") or {})
    is_cut = notes.pop("cut", False)
    everything = {**notes, **facts}
    everything |= {name: value for name, value in document.items() if name not in _PARTS}
    found: list[Part] = []
    measured: list[tuple[str, str]] = []
    for name in sorted(everything, key=_place):
        value = everything[name]
        if value in (None, "", [], {}):
            continue
        if name in _TEXTS and isinstance(value, str):
            title = f"{words(name)}, its beginning" if is_cut and name == "body" else words(name)
            found.append(Part(title, text=value, is_open=True))
        elif _is_nested(value):
            found += _nested(words(name), value)
        else:
            measured.append((words(name), shown(name, value)))
    return [Part("Measured", measured, is_open=True), *found] if measured else found


def words(name: str) -> str:
    return WORDS.get(name) or name.removesuffix("_ms").removesuffix("_us").replace("_", " ").capitalize()


def shown(name: str, value: Any) -> str:
    """A value with its unit; several with commas between."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join("lost" if item is None else shown(name, item) for item in value)
    if isinstance(value, int | float):
        if name.endswith("_us"):
            return f"{value / 1000:,.1f} ms"
        unit = _UNITS.get(name) or ("ms" if name.endswith("_ms") else "")
        if isinstance(value, float) and unit == "ms":
            return f"{value:.2f} ms" if value < 1 else f"{value:,.1f} ms"
        number = str(value) if isinstance(value, int) else f"{value:.15g}"
        return f"{number} {unit}".rstrip()
    return str(value)


def _place(name: str) -> tuple[int, str]:
    return _ORDER.get(name, len(_ORDER)), name


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict | list) for one in value)
    )


def _nested(title: str, value: Any) -> list[Part]:
    """A part for an object, for a list of named values, and for each object that an object holds a list of."""
    if isinstance(value, list):
        return [Part(title, list(_listed(value)))]
    plain = [(words(name), shown(name, value[name])) for name in _sorted_plain(value)]
    found = [Part(title, plain)] if plain else []
    for name, inner in value.items():
        word = "certificate" if name == "chain" else words(name).lower()
        if isinstance(inner, dict):
            found += _nested(f"{title}: {word}", inner)
        elif _is_nested(inner):
            for number, one in enumerate(inner, 1):
                found += _nested(f"{title}: {word} {number} of {len(inner)}", one)
    return found


def _sorted_plain(value: Mapping[str, Any]) -> list[str]:
    """The names of what fits on one line."""
    kept = (
        name for name, inner in value.items() if inner not in (None, "", [], {}) and not _is_nested(inner)
    )
    return sorted(kept, key=_place)


def _listed(values: list[Any]) -> Iterator[tuple[str, str]]:
    """Headers, as they stood; the steps of a way."""
    for number, value in enumerate(values, 1):
        if isinstance(value, dict):
            yield str(number), " · ".join(shown(name, value[name]) for name in _sorted_plain(value))
        elif isinstance(value, list) and len(value) == 2:  # a name and what belongs to it
            yield str(value[0]), str(value[1])
        else:
            yield str(number), shown("", value)

"""Read a pasted list of addresses, or a table with a heading (CSV), as monitors to be made. Pure."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from monitors.heartbeats.durations import seconds_of

AT_MOST = 1000
# What people call the columns, in lower case, and what they are here.
COLUMNS = {
    "name": "name", "friendly name": "name", "title": "name",
    "target": "target", "url": "target", "host": "target", "address": "target", "hostname": "target",
    "kind": "kind", "type": "kind",
    "interval": "interval_seconds", "interval_seconds": "interval_seconds",
    "timeout": "timeout_seconds", "timeout_seconds": "timeout_seconds",
    "keyword": "keyword", "keyword value": "keyword",
    "tags": "tags", "tag": "tags", "notes": "notes", "owner": "owner",
    "runbook": "runbook_url", "runbook_url": "runbook_url",
}  # fmt: skip
KINDS = {
    "http": "http",
    "https": "http",
    "http(s)": "http",
    "website": "http",
    "keyword": "http",
    "ping": "icmp",
    "port": "tcp",
}
SCHEMES = {"http": "http", "https": "http", "ws": "websocket", "wss": "websocket"}
# Schemes that other monitors write before what is no URL, and ours are written without.
PREFIXES = {
    "tcp": "tcp", "udp": "udp", "icmp": "icmp", "ping": "icmp", "tls": "tls", "ssl": "tls", "dns": "dns", "ssh": "ssh",
    "smtp": "smtp", "imap": "imap", "pop3": "pop3", "postgres": "postgresql", "postgresql": "postgresql",
    "mysql": "mysql", "redis": "redis", "mqtt": "mqtt", "grpc": "grpc_health", "snmp": "snmp",
}  # fmt: skip

_LENGTH = re.compile(r"[0-9]{1,8}|(?:[0-9]{1,8} *[a-z]+ *)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what was pasted: the definition that it stands for, as a script would send it.

    `complaints` are (field, sentence) pairs; a line with none can be made. `note` is what else is to be known of it.
    """

    number: int
    text: str
    definition: dict[str, Any]
    complaints: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""


def read(text: str) -> list[Line]:
    """Every line that says something; comments (#) and empty ones are passed over."""
    rows = _rows(text)
    if not rows:
        return []
    heading = _heading(rows[0][1])
    if heading:
        return [_from_table(number, cells, heading) for number, cells in rows[1:]]
    return [_from_list(number, cells) for number, cells in rows]


def unknown_columns(text: str) -> list[str]:
    """The names of a heading that mean nothing here; what stands under them is passed over."""
    rows = _rows(text)
    if not rows or not _heading(rows[0][1]):
        return []
    return [name.strip() for name in rows[0][1] if name.strip() and name.strip().lower() not in COLUMNS]


def _rows(text: str) -> list[tuple[int, list[str]]]:
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    kept = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not kept:
        return []
    separator = next((mark for mark in "\t;," if mark in kept[0][1]), ",")
    return [(number, _cells(line, separator)) for number, line in kept]


def _cells(line: str, separator: str) -> list[str]:
    """Of one line: a quoted cell does not go over several. What is no CSV is one cell."""
    try:
        return next(csv.reader([line], delimiter=separator))
    except csv.Error:
        return [line]


def _heading(cells: list[str]) -> list[str]:
    """The field of each column, "" for an unknown one; empty when the first line is no heading.

    What reports by itself has no address: a name and a kind are enough.
    """
    names = [COLUMNS.get(cell.strip().lower(), "") for cell in cells]
    return names if "target" in names or {"name", "kind"} <= set(names) else []


def _from_list(number: int, cells: list[str]) -> Line:
    """An address, alone or with a name before or after it."""
    words = [cell.strip() for cell in cells if cell.strip()] or [""]
    if len(words) == 1 and " " in words[0]:
        words = words[0].split(None, 1)
    target = next(
        (word for word in words if "://" in word), next((word for word in words if "." in word), words[0])
    )
    name = next((word for word in words if word != target), "")
    return _line(number, cells, {"target": target, "name": name})


def _from_table(number: int, cells: list[str], heading: list[str]) -> Line:
    found = {name: cell.strip() for name, cell in zip(heading, cells, strict=False) if name and cell.strip()}
    return _line(number, cells, found)


def _line(number: int, cells: list[str], found: dict[str, str]) -> Line:
    complaints: list[tuple[str, str]] = []
    target = found.get("target", "")
    kind = found.get("kind", "").lower() or _kind_of(target)
    scheme, separator, rest = target.partition("://")
    if separator and scheme.lower() in PREFIXES:
        target = rest.rstrip("/")
    definition: dict[str, Any] = {
        "kind": KINDS.get(kind, kind),
        "name": found.get("name") or _name_of(target),
    }
    if definition["kind"] == "http" and target and "://" not in target:
        target = f"https://[{target}]" if _is_ipv6(target) else f"https://{target}"
    definition["target"] = target
    if "keyword" in found:
        expected = {"source": "body", "operator": "contains", "expected": found["keyword"]}
        definition["config"] = {"assertions": [expected]}
    for name in ("interval_seconds", "timeout_seconds"):
        if name in found:
            definition[name] = _seconds(found[name])
    if "tags" in found:
        definition["tags"] = [tag for tag in found["tags"].replace("|", " ").replace(",", " ").split() if tag]
    definition |= {name: found[name] for name in ("notes", "owner", "runbook_url") if name in found}
    return Line(number, ", ".join(cell.strip() for cell in cells if cell.strip()), definition, complaints)


def _seconds(text: str) -> int | str:
    """Of `60`, `30s`, `1m`, `1 h 30 min`; what is no length of time stays text and is refused."""
    seconds = seconds_of(text) if _LENGTH.fullmatch(text) else None
    return text if seconds is None else seconds


def _kind_of(target: str) -> str:
    scheme, separator, _ = target.partition("://")
    if separator:
        return {**SCHEMES, **PREFIXES}.get(scheme.lower(), "http")
    if _is_ipv6(target):
        return "http"
    host, colon, port = target.rpartition(":")
    is_port = (
        bool(colon) and port.isascii() and port.isdigit() and "/" not in target and port not in ("80", "443")
    )
    return "tcp" if is_port and host else "http"


def _is_ipv6(target: str) -> bool:
    try:
        return ip_address(target).version == 6
    except ValueError:
        return False


def _name_of(target: str) -> str:
    """What people would call it: the host, with the path if there is one."""
    try:
        parts = urlsplit(target if "://" in target else f"//{target}")
    except ValueError:  # no URL; its own complaint follows
        return target[:120]
    return (parts.netloc + parts.path.rstrip("/"))[:120] or target[:120]

"""Say a check of Pingdom (API 3.1) as the definition of a monitor, and what of it cannot be said. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SHORTEST_S = 60
_TIMEOUT_S = 30  # Pingdom's own
_USUAL_LIMIT_MS = 30_000
_THEIR_HEADERS = ("user-agent", "host", "content-length")
_PORTS = {"smtp": 25, "pop3": 110, "imap": 143}
_TLS_PORTS = {"smtp": 465, "pop3": 995, "imap": 993}

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Translated:
    """A check: what it would be here, what is left out of that, or why it cannot be anything."""

    id: int
    name: str
    definition: dict[str, Any] | None
    notes: tuple[str, ...] = ()
    problem: str = ""


class _Notes(list[str]):
    """What could not be carried over, in words."""


def translate(check: Settings) -> Translated:
    """`check` is what Pingdom tells of one check; its `type` is an object named by the kind."""
    identity, name = _whole(check.get("id")) or 0, str(check.get("name") or check.get("hostname") or "")[:120]
    kind, settings = _kind_of(check)
    made = _KINDS.get(kind)
    host = str(check.get("hostname") or "").strip()
    if made is None:
        return Translated(
            identity, name, None, problem=f"There is no kind like Pingdom's {kind or 'unknown one'}."
        )
    if not host:
        return Translated(identity, name, None, problem="It has no host name.")
    notes = _Notes()
    definition = made(host, settings, notes) | _common(check, name, notes)
    if definition["kind"] in ("http", "tcp", "smtp", "pop3", "imap") and check.get("ipv6") is True:
        notes.append("IPv6 only: choose that where the kind has it")
    return Translated(identity, name, definition, tuple(notes))


def can_be_made(kind: str) -> bool:
    return kind in _KINDS


def _kind_of(check: Settings) -> tuple[str, Settings]:
    kind = check.get("type")
    if isinstance(kind, dict) and len(kind) == 1:
        name, settings = next(iter(kind.items()))
        return str(name), settings if isinstance(settings, dict) else {}
    return (kind, {}) if isinstance(kind, str) else ("", {})


def _common(check: Settings, name: str, notes: _Notes) -> dict[str, Any]:
    minutes = _whole(check.get("resolution")) or 1
    found: dict[str, Any] = {
        "name": name,
        "interval_seconds": min(max(_SHORTEST_S, minutes * 60), 86_400),
        "timeout_seconds": _TIMEOUT_S,
        "enabled": check.get("status") != "paused" and check.get("paused") is not True,
        "tags": _tags(check.get("tags")),
    }
    if check.get("probe_filters"):
        notes.append("from where it is checked")
    return found


def _tags(tags: object) -> list[str]:
    listed = tags if isinstance(tags, list) else []
    names = [str(tag.get("name", "")) for tag in listed if isinstance(tag, dict)]
    return [name[:40].replace(",", " ").strip() for name in names if name.strip()][:20]


def _http(host: str, settings: Settings, notes: _Notes) -> dict[str, Any]:
    encrypted = settings.get("encryption") is True
    port = _whole(settings.get("port")) or (443 if encrypted else 80)
    usual = port == (443 if encrypted else 80)
    path = str(settings.get("url") or "/")
    path = path if path.startswith("/") else f"/{path}"
    target = f"{'https' if encrypted else 'http'}://{host}{'' if usual else f':{port}'}{path}"
    config: dict[str, Any] = {}
    if headers := _headers(settings.get("requestheaders")):
        config["headers"] = headers
    if isinstance(body := settings.get("postdata"), str) and body:
        config |= {"method": "POST", "body_type": "form", "body": body}
    if settings.get("verify_certificate") is False:
        config["verify_tls"] = False
    if isinstance(user := settings.get("username"), str) and user:
        config |= {"auth": "basic", "username": user}
        notes.append("its password: enter it in the monitor")
    if assertions := _assertions(settings):
        config["assertions"] = assertions
    if days := _whole(settings.get("ssl_down_days_before")):
        config.setdefault("assertions", []).append(
            {"source": "certificate_days", "operator": "more", "expected": days}
        )
    return {"kind": "http", "target": target, "config": config}


def _headers(headers: object) -> dict[str, str]:
    pairs = headers.items() if isinstance(headers, dict) else ()
    return {str(name): str(value) for name, value in pairs if str(name).lower() not in _THEIR_HEADERS}


def _assertions(settings: Settings) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, operator in (("shouldcontain", "contains"), ("shouldnotcontain", "not_contains")):
        if isinstance(words := settings.get(name), str) and words:
            found.append({"source": "body", "operator": operator, "expected": words})
    limit = _whole(settings.get("responsetime_threshold"))
    if limit and limit != _USUAL_LIMIT_MS:
        found.append({"source": "response_time", "operator": "at_most", "expected": limit, "soft": True})
    return found


def _tcp(host: str, settings: Settings, notes: _Notes) -> dict[str, Any]:
    config = _said(settings)
    return {"kind": "tcp", "target": f"{host}:{_whole(settings.get('port')) or 80}", "config": config}


def _udp(host: str, settings: Settings, notes: _Notes) -> dict[str, Any]:
    config = _said(settings)
    return {"kind": "udp", "target": f"{host}:{_whole(settings.get('port')) or 53}", "config": config}


def _said(settings: Settings) -> dict[str, Any]:
    pairs = (("send", settings.get("stringtosend")), ("expect", settings.get("stringtoexpect")))
    return {name: text for name, text in pairs if isinstance(text, str) and text}


def _ping(host: str, settings: Settings, notes: _Notes) -> dict[str, Any]:
    return {"kind": "icmp", "target": host, "config": {}}


def _dns(host: str, settings: Settings, notes: _Notes) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if isinstance(expected := settings.get("expectedip"), str) and expected:
        config |= {"record_type": "AAAA" if ":" in expected else "A", "expected": [expected]}
    if isinstance(server := settings.get("nameserver"), str) and server:
        config["resolver"] = server
    return {"kind": "dns", "target": host, "config": config}


def _mail(kind: str) -> Callable[[str, Settings, _Notes], dict[str, Any]]:
    def made(host: str, settings: Settings, notes: _Notes) -> dict[str, Any]:
        encrypted = settings.get("encryption") is True
        port = _whole(settings.get("port")) or (_TLS_PORTS if encrypted else _PORTS)[kind]
        security = ("tls" if port == _TLS_PORTS[kind] else "starttls") if encrypted else "none"
        if settings.get("username"):
            notes.append("its sign-in: enter user name and password in the monitor")
        if settings.get("stringtoexpect"):
            notes.append("the text that its greeting must hold")
        return {"kind": kind, "target": f"{host}:{port}", "config": {"security": security}}

    return made


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else None


_KINDS: dict[str, Callable[[str, Settings, _Notes], dict[str, Any]]] = {
    "http": _http,
    "tcp": _tcp,
    "udp": _udp,
    "ping": _ping,
    "dns": _dns,
    "smtp": _mail("smtp"),
    "pop3": _mail("pop3"),
    "imap": _mail("imap"),
}

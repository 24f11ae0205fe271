"""Read the environment once, and say plainly what to change when it is wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from pulse.net.endpoints import parse_endpoint

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable NAME, or the content of the file that NAME_FILE points to."""
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE={path} cannot be read: {error.strerror}.") from None
    return default


def required(name: str, hint: str) -> str:
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no: set it to 1 or 0.")


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name}={value!r} is not known: use one of {', '.join(options)}.")
    return value


def integer(name: str, default: int, low: int, high: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise ImproperlyConfigured(f"{name}={value!r} is no whole number from {low} to {high}.")
    return int(value)


def endpoints(name: str) -> tuple[str, ...]:
    """Hosts with ports, with commas between: "192.0.2.1:443, ns.example.com:53"."""
    found = []
    for part in filter(None, map(str.strip, text(name).split(","))):
        try:
            found.append(str(parse_endpoint(part)))
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {part!r} is no host with a port. {error}") from None
    return tuple(found)


def database(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """A Django DATABASES entry from `postgresql://user:password@host:port/name?host=/socket/dir`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            f"{name} must look like postgresql://user:password@host:5432/name, not {parts.scheme or 'text'}://…"
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    try:
        port = str(parts.port or query.pop("port", "") or "")
    except ValueError:
        raise ImproperlyConfigured(f"{name} has a port that is not a number.") from None
    if not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} names no database: end it with /name.")
    return {
        "ENGINE": "pulse.backend",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or query.pop("password", "")),
        "HOST": query.pop("host", "") or parts.hostname or "",
        "PORT": port,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        # The role's name lets people, and /health/ready, see who is connected.
        "OPTIONS": {"connect_timeout": 5, "application_name": f"pulse {text('PULSE_ROLE', 'web')}", **query},
    }


class RedisUrl:
    """One `REDIS_URL` in the dialects that its readers want (kombu, redis-py and Channels differ)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise ImproperlyConfigured(
                "REDIS_URL must look like redis://host:6379/0, rediss://… or unix:///path/to/socket?db=0."
            )
        self.url = url
        self._parts = parts

    @property
    def redis(self) -> str:
        """For redis-py and channels_redis."""
        return self.url

    @property
    def kombu(self) -> str:
        """For Celery's broker: kombu calls a unix socket `redis+socket`, its database `virtual_host`."""
        if self._parts.scheme != "unix":
            return self.url
        number = parse_qs(self._parts.query).get("db", ["0"])[-1]
        password = f":{self._parts.password}@" if self._parts.password else ""
        return f"redis+socket://{password}{self._parts.path}?virtual_host={number}"

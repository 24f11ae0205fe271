"""Read what people note about a monitor, and which monitors and locations it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from monitors import grouping, secrets
from monitors.kinds import KINDS
from monitors.models import Monitor
from monitors.probes import PROBES
from pulse import scoping
from pulse.fields import ConfigError, FieldError, choice, integer, read_fields
from pulse.net.urls import Url, UrlError, parse_url
from tenants.models import Membership

TAGS_AT_MOST = 20
MEMBERS_AT_MOST = 200
NOTES_AT_MOST = 10_000


def name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FieldError("Give the monitor a name.")
    if len(value.strip()) > 120:
        raise FieldError(f"Shorten the name to at most 120 characters; it has {len(value.strip())}.")
    if not value.isprintable():
        raise FieldError("Remove the control characters from the name.")
    return value.strip()


def tags(value: Any) -> list[str]:
    """Lower case, without duplicates, in the order given."""
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise FieldError('Write the tags as a list of texts, like ["shop", "eu"].')
    found = list(dict.fromkeys(tag.strip().lower() for tag in value if tag.strip()))
    if len(found) > TAGS_AT_MOST:
        raise FieldError(f"Use at most {TAGS_AT_MOST} tags; there are {len(found)}.")
    for tag in found:
        if len(tag) > 40 or not tag.isprintable() or "," in tag:
            raise FieldError(
                f"Write each tag in at most 40 printable characters, without a comma: {tag[:40]!r}."
            )
    return found


def owner(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 254:
        raise FieldError("Name the owner by the e-mail address of a member, or use null.")
    return value.strip().lower()


def owner_id(email: str) -> UUID:
    """The member's id; raises FieldError for somebody who is none."""
    found = Membership.objects.filter(organisation_id=scoping.current().no, user__email__iexact=email)
    user_id: UUID | None = found.values_list("user_id", flat=True).first()
    if user_id is None:
        raise FieldError(f"Name a member of this organisation: {email} is none.")
    return user_id


def notes(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise FieldError("Write the notes as text.")
    if len(value) > NOTES_AT_MOST:
        raise FieldError(
            f"Shorten the notes to at most {NOTES_AT_MOST:,} characters; they have {len(value):,}."
        )
    return value.strip()


def runbook_url(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError("Write the address of the runbook as text.")
    if not value.strip():
        return ""
    try:
        return str(parse_url(value.strip()))
    except UrlError as error:
        raise FieldError(str(error)) from None


def locations(value: Any) -> list[str]:
    """Codes of locations that have workers or had them; empty is the installation's own."""
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise FieldError('Write the locations as a list of their codes, like ["fra", "nyc"].')
    known = location_codes()
    for code in value:
        if code not in known:
            raise FieldError(
                f"No worker has ever run at {code[:40]!r}; there are {', '.join(sorted(known))}."
            )
    return list(dict.fromkeys(value))


def location_codes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM public.telemetry_location ORDER BY no")
        return [row[0] for row in cursor.fetchall()]


def group(config: Any, monitor: Monitor | None) -> dict[str, Any]:
    """The settings of a group: members by id, and how many of them must work. Raises ConfigError."""
    readers = {
        "members": _members,
        "rule": choice("all", "any", "at_least"),
        "needed": integer(1, 200, "members"),
    }
    found: dict[str, Any] = {"members": [], "rule": "all", "needed": 1} | read_fields(config, readers)
    if not found["members"]:
        raise ConfigError([("/members", "Choose at least one monitor as a member.")])
    ids = [UUID(member) for member in found["members"]]
    there = set(Monitor.objects.filter(pk__in=ids).values_list("pk", flat=True))
    if unknown := [str(member) for member in ids if member not in there]:
        raise ConfigError([("/members", f"There is no monitor {unknown[0]}.")])
    grouping.refuse_circle(monitor.pk if monitor else None, ids)
    if found["rule"] == "at_least" and found["needed"] > len(ids):
        raise ConfigError([("/needed", f"Use at most {len(ids)}, the number of members.")])
    return found


def secrets_of(monitor: Monitor) -> dict[str, str]:
    return secrets.to_keep(monitor.sealed_secrets, scoping.current().id, monitor.pk)


def moves_secrets(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the secrets of a monitor would be sent elsewhere by the definition `after`, or be less protected."""
    if before["kind"] != after["kind"] or after["kind"] not in KINDS:
        return True
    old, new = _with_defaults(before), _with_defaults(after)
    return _destinations(before, old) != _destinations(after, new) or _is_weaker(old, new)


def _with_defaults(definition: Mapping[str, Any]) -> dict[str, Any]:
    settings = KINDS[definition["kind"]].settings
    defaults = {setting.name: setting.write(setting.default) for setting in settings.all}
    return defaults | (definition["config"] if isinstance(definition["config"], dict) else {})


def _destinations(definition: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[Any, ...]:
    """Where secrets are sent. Many sites share an address, and differ by the name that is asked for only."""
    headers = config.get("headers")
    pairs = headers.items() if isinstance(headers, dict) else ()
    hosts = [value for name, value in pairs if name.lower() == "host"]
    names = KINDS[definition["kind"]].settings.destinations
    return (_origin(definition), hosts, config.get("authority"), *(config[name] or "" for name in names))


def _is_weaker(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether somebody on the way could now read what was out of reach: without TLS, or as whom others trust."""
    unverified = old.get("verify_tls") is True and new.get("verify_tls") is not True
    trusts_another = bool(new.get("ca")) and new.get("ca") != old.get("ca")
    return unverified or trusts_another or (new.get("security") == "none" != old.get("security"))


def _origin(definition: Mapping[str, Any]) -> str:
    try:
        target = PROBES[definition["kind"]].check_target(definition["target"])
    except (KeyError, ValueError):
        return str(definition["target"])
    return target.origin if isinstance(target, Url) else str(target)


def _members(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MEMBERS_AT_MOST:
        raise FieldError(f"Choose at most {MEMBERS_AT_MOST} members, as a list of ids.")
    try:
        return list(dict.fromkeys(str(UUID(member)) for member in value))
    except (ValueError, TypeError, AttributeError):
        raise FieldError("Write each member as the id of a monitor.") from None

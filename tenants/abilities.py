"""The single table of who may do what. Pages, API and sockets all ask it."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"

    @property
    def rank(self) -> int:
        return [Role.VIEWER, Role.OPERATOR, Role.ADMIN, Role.OWNER].index(self)


class Ability(StrEnum):
    VIEW = "view"
    EDIT_MONITORS = "edit monitors"
    CHECK_NOW = "check now"
    ACKNOWLEDGE = "acknowledge incidents"
    HANDLE = "handle incidents"
    SNOOZE = "snooze monitors"
    MUTE = "mute everything"
    PLAN_MAINTENANCE = "plan maintenance"
    EDIT_CHANNELS = "edit channels"
    EDIT_RULES = "edit rules"
    EDIT_ONCALL = "edit on-call schedules"
    OVERRIDE = "take over on call"
    RESEND = "resend deliveries"
    DRILL = "start fire drills"
    MANAGE_MEMBERS = "manage members"
    MANAGE_KEYS = "manage API keys"
    SET_RETENTION = "set how long results are kept"
    MANAGE_ORGANISATION = "manage the organisation"


# The least role that has each ability; every role above has it too.
LEAST_ROLE: dict[Ability, Role] = {
    Ability.VIEW: Role.VIEWER,
    Ability.ACKNOWLEDGE: Role.OPERATOR,
    Ability.HANDLE: Role.OPERATOR,
    Ability.CHECK_NOW: Role.OPERATOR,
    Ability.SNOOZE: Role.OPERATOR,
    Ability.EDIT_MONITORS: Role.OPERATOR,
    Ability.RESEND: Role.OPERATOR,
    Ability.DRILL: Role.ADMIN,
    Ability.PLAN_MAINTENANCE: Role.OPERATOR,
    Ability.OVERRIDE: Role.OPERATOR,
    Ability.MUTE: Role.ADMIN,
    Ability.EDIT_CHANNELS: Role.ADMIN,
    Ability.EDIT_RULES: Role.ADMIN,
    Ability.EDIT_ONCALL: Role.ADMIN,
    Ability.MANAGE_MEMBERS: Role.ADMIN,
    Ability.MANAGE_KEYS: Role.ADMIN,
    Ability.SET_RETENTION: Role.ADMIN,
    Ability.MANAGE_ORGANISATION: Role.OWNER,
}


def may(role: str, ability: Ability) -> bool:
    return Role(role).rank >= LEAST_ROLE[ability].rank


def abilities_of(role: str) -> frozenset[Ability]:
    return frozenset(ability for ability in Ability if may(role, ability))


SCOPES = (
    "monitors:read",
    "monitors:write",
    "incidents:read",
    "incidents:write",
    "maintenance:read",
    "maintenance:write",
    "channels:read",
    "channels:write",
    "rules:read",
    "rules:write",
    "deliveries:read",
    "deliveries:write",
    "oncall:read",
    "oncall:write",
    "organisation:read",
    "organisation:write",
    "ingest",
    "*",
)


def scope_allows(scopes: list[str], wanted: str) -> bool:
    """`monitors:write` includes `monitors:read`; `*` is everything."""
    resource, _, verb = wanted.partition(":")
    if "*" in scopes or wanted in scopes:
        return True
    return verb == "read" and f"{resource}:write" in scopes

"""Whom the demo calls: who is on call by e-mail, then a phone and a chat that Pulse plays itself, while nobody acts."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex
from typing import Any

from django.utils import timezone

from monitors.models import Monitor
from notifications import channels, policies, rules
from notifications.models import EscalationPolicy, NotificationChannel, Schedule
from notifications.oncall import definition, planning
from pulse.demo.accounts import PHONE, SENDER, SLACK, TWILIO
from tenants import membership
from tenants.abilities import Role
from tenants.actors import PULSE
from tenants.models import Organisation, User

PARTNER, PARTNER_NAME = "robin@localhost", "Robin"
# An outage of the shop lasts a minute: the policy has to be through its steps within one.
WAIT_S = 20


def fill(organisation: Organisation, owner: User, shop: Monitor) -> None:
    """In the organisation's scope."""
    text, chat = _channels(organisation)
    policy = _policy(organisation, _schedule(organisation, owner, _partner(organisation)), [text, chat])
    rule = {"name": "Call people about the shop", "monitors": [str(shop.pk)], "policy": str(policy.pk)}
    rules.create(organisation, rules.read(rule), PULSE)


def _partner(organisation: Organisation) -> User:
    """Somebody to take turns with. Without a password and never sent a link: nobody signs in as them."""
    user, is_new = membership.find_or_create_user(PARTNER)
    if is_new:
        user.name = PARTNER_NAME
        user.save(update_fields=["name"])
    membership.add(organisation, user, Role.OPERATOR, PULSE)
    return user


def _channels(organisation: Organisation) -> tuple[NotificationChannel, NotificationChannel]:
    """Their secrets are of nobody: the providers that know them are the demo's own."""
    account = {"to": PHONE, "account_sid": TWILIO, "auth_token": token_hex(16), "sender": SENDER}
    app = {"by": "app", "token": f"xoxb-{token_hex(16)}", "channel": SLACK, "signing_secret": token_hex(16)}
    call = _channel(organisation, "Demo phone, call", "voice", account)
    text = _channel(organisation, "Demo phone, text", "sms", account, fallback=str(call.pk))
    return text, _channel(organisation, "Demo chat", "slack", app)


def _channel(
    organisation: Organisation, name: str, kind: str, config: dict[str, Any], **more: Any
) -> NotificationChannel:
    values = channels.read({"name": name, "kind": kind, "config": config, **more})
    return channels.create(organisation, values, PULSE)[0]


def _schedule(organisation: Organisation, *people: User) -> Schedule:
    """Since Monday, so that the week under way is the owner's."""
    now = timezone.now()
    monday = now.date() - timedelta(days=now.weekday())
    layer = {
        "name": "Weeks",
        "people": [str(person.pk) for person in people],
        "rotation": "weekly",
        "handoff": "00:00",
        "start": monday.isoformat(),
    }
    values = definition.read({"name": "Shop duty", "layers": [layer]}, now, {person.pk for person in people})
    return planning.create(organisation, values, PULSE)


def _policy(
    organisation: Organisation, schedule: Schedule, told: list[NotificationChannel]
) -> EscalationPolicy:
    steps = [
        {"targets": [{"kind": "schedule", "id": str(schedule.pk)}], "wait_seconds": WAIT_S},
        {"targets": [{"kind": "channel", "id": str(one.pk)} for one in told], "wait_seconds": WAIT_S},
    ]
    values = policies.read({"name": "Shop call", "steps": steps, "repeat": 1})
    return policies.create(organisation, values, PULSE)

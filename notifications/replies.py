"""Act on what a receiver replied, and say what came of it in the words of its own medium."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from notifications import answering, tokens
from notifications.answering import Asked
from notifications.events import OPENED, REMINDER
from notifications.ledger.models import Delivery
from notifications.receipts import DELIVERED, FAILED, READ
from pulse.scoping import as_pipeline
from tenants.actors import Actor

YES = frozenset({"1", "ack", "acknowledge", "ok", "okay", "yes", "y"})
RECENT = timedelta(hours=24)
PHONES = ("sms", "voice")
NOT_UNDERSTOOD = (
    "Reply ACK to take the newest incident that you were told of, or ACK ALL to take all of them."
)
NOTHING = "There is no open incident that this number was told of in the last 24 hours."
# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values and its twin for calls
STATUSES = {
    "delivered": DELIVERED, "read": READ, "undelivered": FAILED, "failed": FAILED, "completed": DELIVERED,
    "busy": FAILED, "no-answer": FAILED, "canceled": FAILED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a chat: what it is about, and who pressed it as the chat says."""

    asked: Asked
    who: str


def twilio_status(fields: Mapping[str, str]) -> tuple[str, str]:
    """(receipt, words); ('', '') for a step on the way that settles nothing."""
    status = fields.get("MessageStatus") or fields.get("CallStatus") or ""
    code = fields.get("ErrorCode", "")
    words = status + (f", error {code[:8]}" if code.isdigit() else "")
    return STATUSES.get(status, ""), words if status in STATUSES else ""


def told(number: str, account: str | None = None) -> list[Asked]:
    """What was sent to this number lately, by any account or by one: the newest of each incident, newest first."""
    if not f"{number}{account}".isprintable():
        return []
    with as_pipeline():
        rows = Delivery.objects.filter(
            recipient=number,
            transport__in=PHONES,
            event__in=(OPENED, REMINDER),
            created_at__gt=timezone.now() - RECENT,
        )
        if account is not None:
            rows = rows.filter(destination=f"twilio:{account}")
        numbers = list(rows.order_by("-no").values_list("tenant_no", "no", "incident_id")[:100])
    newest: dict[Any, tuple[int, int]] = {}
    for tenant_no, no, incident in numbers:
        newest.setdefault(incident, (tenant_no, no))
    found = [answering.find(tokens.token_of(tenant, no, "acknowledge")) for tenant, no in newest.values()]
    return [asked for asked in found if asked is not None]


def answered_by_sms(told: Sequence[Asked], text: str) -> str:
    """`ACK` takes the newest open incident of what the number was told of, `ACK ALL` each of them."""
    words = text.strip().lower().split()
    if not words or words[0] not in YES or (len(words) > 1 and words[1:] != ["all"]):
        return NOT_UNDERSTOOD
    open_ones = [asked for asked in told if _is_open(asked)]
    if not open_ones:
        return NOTHING
    return " ".join(_take(asked) for asked in (open_ones if len(words) > 1 else open_ones[:1]))[:300]


def pressed(tenant_no: int, delivery_no: int, digits: str) -> str:
    """During a call: 1 takes it."""
    asked = answering.find(tokens.token_of(tenant_no, delivery_no, "acknowledge"))
    if asked is None or digits.strip() != "1":
        return "Nothing was changed. Goodbye."
    return _take(asked)


def pressed_in_slack(payload: str) -> Pressed | None:
    """https://api.slack.com/reference/interaction-payloads/block-actions"""
    try:
        content = json.loads(payload)
        action = next(one for one in content["actions"] if one["action_id"] == "acknowledge")
        token, user = str(action["value"]), content["user"]
        who = str(user.get("name") or user.get("username") or user["id"])
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError):
        return None
    asked = answering.find(token)
    printable = "".join(character for character in who if character.isprintable())[:80]
    return Pressed(asked, printable) if asked else None


def act_in_slack(pressed: Pressed) -> str:
    channel = pressed.asked.delivery.channel_id
    return _take(pressed.asked, Actor("channel", channel, f"{pressed.who} (Slack)"))


def written(text: str) -> str:
    answer = MessagingResponse()
    answer.message(text)
    return str(answer)


def spoken(text: str) -> str:
    answer = VoiceResponse()
    answer.say(text)
    return str(answer)


def _is_open(asked: Asked) -> bool:
    incident = asked.incident
    return incident is not None and incident.resolved_at is None and incident.acknowledged_at is None


def _take(asked: Asked, by: Actor | None = None) -> str:
    if asked.refusal or asked.incident is None:
        return asked.refusal or "The incident is gone."
    if asked.incident.resolved_at:
        return f"{asked.incident.name} is over already."
    done = answering.acknowledge(asked, by)
    assert done.incident is not None
    if done.incident.resolved_at:
        return f"{done.incident.name} is over already."
    return f"{done.incident.name}: {done.incident.acknowledged_by} has it."

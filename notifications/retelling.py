"""Retell the way of one message, from the failing check to what became of it, as lines in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from incidents.models import Incident
from monitors.models import Monitor
from notifications.following import FIRST_REMINDER
from notifications.ledger.models import Delivery
from notifications.listing import Row
from notifications.models import Rule
from notifications.stepping import STEPS_PER_CYCLE, TURNS

PURPOSES = {
    "rule": "what a rule tells",
    "fallback": "instead of another channel",
    "digest": "several messages in one",
    "test": "a test",
    "notice": "a notice",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What happened at a moment; `url` leads to what was known then, `status` is a glyph where there is one."""

    at: datetime | None
    title: str
    body: str = ""
    url: str = ""
    status: str = ""


def retell(
    row: Row, incident: Incident | None, monitor: Monitor | None, rule: Rule | None, within: Delivery | None
) -> list[Line]:
    return [
        *_before(row.delivery, incident, monitor),
        *_chosen(row.delivery, rule),
        *_tries(row),
        *_after(row, within),
    ]


def purpose(delivery: Delivery) -> str:
    """As what it was sent, in words."""
    if delivery.purpose == "policy":
        cycle, step = divmod((delivery.turn - 1) % TURNS, STEPS_PER_CYCLE)
        return f"step {step + 1} of a policy" + (f", round {cycle + 1}" if cycle else "")
    if delivery.purpose == "reminder":
        return f"reminder {delivery.turn - FIRST_REMINDER + 1}"
    return PURPOSES.get(delivery.purpose, delivery.purpose)


def _before(delivery: Delivery, incident: Incident | None, monitor: Monitor | None) -> Iterator[Line]:
    why = reverse("monitors:why", args=[monitor.pk]) if monitor else ""
    if incident is not None:
        url = f"{why}?at={_moment(incident.opened_at)}" if why else ""
        yield Line(incident.started_at, "First failing check", incident.cause, url, "down")
        opened = reverse("incidents:detail", args=[incident.pk])
        yield Line(incident.opened_at, "The incident was opened", f"Severity {incident.severity}.", opened)
    elif monitor is not None:
        yield Line(delivery.fact_at, f"{monitor} changed", "", f"{why}?at={_moment(delivery.fact_at)}")


def _chosen(delivery: Delivery, rule: Rule | None) -> Iterator[Line]:
    url = reverse("notifications:rules") if rule else ""
    yield Line(delivery.created_at, "This receiver was chosen", delivery.reason or "Asked for by hand.", url)


def _tries(row: Row) -> Iterator[Line]:
    for one in row.tries:
        body = f"{one.words}. {one.attempt.request}".rstrip(". ") + "."
        yield Line(one.attempt.started_at, f"Try {one.attempt.number}", body, status=one.status)


def _after(row: Row, within: Delivery | None) -> Iterator[Line]:
    delivery = row.delivery
    if within is not None:
        url = reverse("notifications:delivery-why", args=[within.id])
        yield Line(delivery.finished_at, "Told within another message", delivery.last_answer, url)
    if delivery.receipt:
        status = "down" if delivery.receipt == "failed" else "up"
        yield Line(delivery.receipt_at, f"Receipt: {delivery.receipt}", status=status)
    if delivery.acknowledged_at:
        yield Line(delivery.acknowledged_at, "Its link was used to acknowledge")
    if row.next_try_at:
        yield Line(row.next_try_at, "The next try", "Still to come.")
    if row.is_waiting and not row.tries and delivery.retry_at:
        yield Line(delivery.retry_at, "It goes out", delivery.last_answer or "Still to come.")
    if delivery.fallback_at:
        yield Line(delivery.fallback_at, "Without a receipt by then the next channel is told")
    if delivery.repeat_at:
        yield Line(delivery.repeat_at, "Said again, if it still lasts and nobody has it")


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

"""What a worker does, by hand: one round of it, what it leased, and what came of it."""

from __future__ import annotations

import os
from typing import Any

import psycopg

from notifications.ledger import queue
from notifications.ledger.models import Delivery, Escalation
from notifications.ledger.queue import Leased
from notifications.relay import relay
from notifications.stepping import step_all
from pulse.scoping import as_pipeline, in_tenant


def deliveries(organisation: Any) -> list[Delivery]:
    with in_tenant(organisation):
        return list(Delivery.objects.filter(tenant_no=organisation.no).order_by("no"))


def chains(organisation: Any) -> list[Escalation]:
    with in_tenant(organisation):
        return list(Escalation.objects.filter(tenant_no=organisation.no).order_by("no"))


def execute(statement: str, *values: Any) -> None:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute(statement, values)


def run() -> None:
    relay()
    step_all()


def leased() -> list[Leased]:
    with as_pipeline():
        return queue.claim(64, 64, {})

"""The SQL of what follows a message: the next way without a receipt, reminders, digests of what was held."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

# Which organisations have anything of it: three looks at small indexes, twice a second. One that is suspended takes
# nobody's place.
DUE = """
SELECT o.no FROM public.tenants_organisation o WHERE o.state = 'ready' AND o.no IN (
    SELECT tenant_no FROM ledger_delivery WHERE fallback_at <= now()
    UNION SELECT tenant_no FROM ledger_delivery WHERE repeat_at <= now()
    UNION SELECT tenant_no FROM ledger_delivery WHERE state = 'held' AND retry_at <= now())
LIMIT 200
"""
# A mute may be ended early: so what it puts off is looked at again and again until then.
PUT_OFF = """
UPDATE public.ledger_delivery SET
    fallback_at = CASE WHEN fallback_at <= %(now)s THEN %(later)s ELSE fallback_at END,
    repeat_at = CASE WHEN repeat_at <= %(now)s THEN %(later)s ELSE repeat_at END,
    retry_at = CASE WHEN state = 'held' AND retry_at <= %(now)s THEN %(later)s ELSE retry_at END
WHERE no IN (
    SELECT no FROM public.ledger_delivery WHERE tenant_no = %(tenant)s
        AND (fallback_at <= %(now)s OR repeat_at <= %(now)s OR (state = 'held' AND retry_at <= %(now)s))
    ORDER BY no FOR UPDATE)
"""
WITHOUT_RECEIPT = """
UPDATE public.ledger_delivery d SET fallback_at = NULL FROM (
    SELECT no FROM public.ledger_delivery WHERE tenant_no = %(tenant)s AND fallback_at <= %(now)s
    ORDER BY no LIMIT 200 FOR UPDATE SKIP LOCKED
) due WHERE d.no = due.no RETURNING d.no
"""
TO_REPEAT = WITHOUT_RECEIPT.replace("fallback_at", "repeat_at")
# All that is held for a receiver goes out with the first of it that is due.
HELD = """
SELECT h.no FROM public.ledger_delivery h
WHERE h.tenant_no = %(tenant)s AND h.state = 'held' AND (h.channel_id, h.recipient) IN (
    SELECT channel_id, recipient FROM public.ledger_delivery
    WHERE tenant_no = %(tenant)s AND state = 'held' AND retry_at <= %(now)s)
ORDER BY h.no LIMIT 2000 FOR UPDATE SKIP LOCKED
"""
RELEASE = """
UPDATE public.ledger_delivery SET state = 'pending', retry_at = %(now)s
WHERE tenant_no = %(tenant)s AND no = %(no)s AND state = 'held'
"""


def due() -> list[int]:
    """The organisations that have something to follow up, in the pipeline's scope."""
    with connection.cursor() as cursor:
        cursor.execute(DUE)
        return [row[0] for row in cursor.fetchall()]


def put_off(tenant_no: int, now: datetime, later: datetime) -> None:
    """Look at all that is due again then."""
    with connection.cursor() as cursor:
        cursor.execute(PUT_OFF, {"tenant": tenant_no, "now": now, "later": later})


def without_receipt(tenant_no: int, now: datetime) -> list[int]:
    """Deliveries whose receipt did not come in time; each is returned once."""
    return _numbers(WITHOUT_RECEIPT, tenant_no, now)


def to_repeat(tenant_no: int, now: datetime) -> list[int]:
    return _numbers(TO_REPEAT, tenant_no, now)


def held(tenant_no: int, now: datetime) -> list[int]:
    return _numbers(HELD, tenant_no, now)


def release(tenant_no: int, numbers: Collection[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        for no in numbers:
            cursor.execute(RELEASE, {"tenant": tenant_no, "no": no, "now": now})


def _numbers(statement: str, tenant_no: int, now: datetime) -> list[int]:
    values: dict[str, Any] = {"tenant": tenant_no, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]

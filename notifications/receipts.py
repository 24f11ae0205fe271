"""What providers say later of a message: delivered, read or failed; a report may come twice, late or too early."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from notifications import following
from notifications.contacts.models import ContactMethod
from notifications.ledger.models import Delivery
from pulse import bells, live
from pulse.scoping import in_tenant
from tenants.models import Organisation

DELIVERED, READ, FAILED = "delivered", "read", "failed"
# What is final is not taken back by what comes late: a receipt only ever goes up.
RANK = {"": 0, FAILED: 1, DELIVERED: 2, READ: 3}
WRITE = """
UPDATE public.ledger_delivery SET receipt = %(receipt)s, receipt_at = clock_timestamp(), fallback_at = NULL
WHERE tenant_no = %(tenant)s AND no = %(no)s AND receipt = ANY(%(lower)s)
RETURNING no
"""


def report(tenant_no: int, delivery_no: int, receipt: str, words: str) -> bool:
    """Write it down; without a way to arrive the next one is tried at once. False where it says nothing new."""
    organisation = Organisation.objects.filter(no=tenant_no, state=Organisation.State.READY).first()
    if organisation is None or receipt not in RANK:
        return False
    with in_tenant(organisation), transaction.atomic():
        organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        lower = [known for known, rank in RANK.items() if rank < RANK[receipt]]
        with connection.cursor() as cursor:
            cursor.execute(
                WRITE, {"tenant": tenant_no, "no": delivery_no, "receipt": receipt, "lower": lower}
            )
            if not cursor.fetchall():
                return False
        delivery = Delivery.objects.get(tenant_no=tenant_no, no=delivery_no)
        _note(delivery, receipt, words)
        if receipt == FAILED:
            following.fall_back(organisation, [delivery_no], timezone.now())
        live.publish(organisation.id, ["deliveries", f"incident:{delivery.incident_id}"])
        transaction.on_commit(lambda: bells.ring("notifications"))
    if receipt in (DELIVERED, READ):
        ContactMethod.objects.filter(pk=delivery.channel_id).update(last_receipt_at=timezone.now())
    return True


def _note(delivery: Delivery, receipt: str, words: str) -> None:
    if delivery.incident_id is None or not Incident.objects.filter(pk=delivery.incident_id).exists():
        return
    what = {DELIVERED: "has the message", READ: "opened the message", FAILED: "did not get the message"}
    text = f"{delivery.channel_name} {what[receipt]}{f': {words}' if words else ''}."
    TimelineEntry.objects.create(
        incident_id=delivery.incident_id, kind=TimelineEntry.Kind.RECEIPT, text=text[:500]
    )

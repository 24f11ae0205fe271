"""How a channel did lately: how many messages arrived, how many were given up, and how long they took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from pulse import scoping

PERIOD = timedelta(days=7)
FIGURES = """
SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state IN ('dead', 'unknown')),
    count(*) FILTER (WHERE receipt IN ('delivered', 'read')), count(*) FILTER (WHERE receipt = 'failed'),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY finished_at - fact_at) FILTER (WHERE state = 'sent')
FROM public.ledger_delivery
WHERE tenant_no = %s AND channel_id = %s AND created_at > %s
"""


@dataclass(frozen=True, slots=True)
class Health:
    """Of seven days. `p95` is from what happened to the receiver's word; None where nothing was sent."""

    sent: int
    lost: int
    received: int
    returned: int
    p95: timedelta | None

    @property
    def share(self) -> float | None:
        """Of what is settled, how much arrived; None where nothing is."""
        settled = self.sent + self.lost
        return (self.sent - self.returned) / settled if settled else None


def health(channel_id: UUID, now: datetime) -> Health:
    """In one query, by the channel's own index."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, [scoping.current().no, channel_id, now - PERIOD])
        return Health(*cursor.fetchone())

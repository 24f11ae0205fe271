"""Which means of holding outages back, or of judging monitors together, an organisation uses at all.

Most use none of them, and looking along dependencies and groups takes several milliseconds, most of it to plan: what an
outage of 200 organisations pays 200 times. One short statement says what need not be looked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from pulse import scoping

USED = """
SELECT EXISTS (SELECT FROM monitors_monitor_depends_on), EXISTS (SELECT FROM monitors_monitor_members),
    EXISTS (SELECT FROM telemetry_maintenance WHERE tenant_no = %(tenant)s AND ends > %(now)s AND starts <= %(now)s),
    EXISTS (SELECT FROM telemetry_heldoutage WHERE tenant_no = %(tenant)s)
"""


class Used(NamedTuple):
    """By the current organisation, whichever of its monitors: dependencies, members of groups, a window now, held
    outages."""

    dependencies: bool = True
    groups: bool = True
    maintenance: bool = True
    held: bool = True


ANYTHING = Used()


def used(now: datetime) -> Used:
    with connection.cursor() as cursor:
        cursor.execute(USED, {"tenant": scoping.current().no, "now": now})
        return Used(*cursor.fetchone())

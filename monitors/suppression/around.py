"""What stands around a monitor: what it depends on, what depends on it, and the maintenance that is planned for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from monitors.maintenance import occurring
from monitors.maintenance.model import MaintenanceWindow
from monitors.models import Monitor
from monitors.reading import standings
from pulse import scoping

SHOWN = 20
WINDOWS_SHOWN = 3
COMING = """
SELECT window_id, starts, ends FROM telemetry_maintenance
WHERE tenant_no = %s AND window_id = ANY(%s) AND ends > %s AND ends > starts ORDER BY starts LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another monitor, and how it stands now."""

    monitor: Monitor
    word: str


@dataclass(frozen=True, slots=True)
class Planned:
    """When a window covers it next, or now."""

    window: MaintenanceWindow
    starts: datetime
    ends: datetime
    is_running: bool


@dataclass(frozen=True, slots=True)
class Around:
    parents: list[Neighbour]
    children: list[Neighbour]
    planned: list[Planned]

    @property
    def is_nothing(self) -> bool:
        return not (self.parents or self.children or self.planned)


def around(monitor: Monitor, now: datetime) -> Around:
    parents = list(monitor.depends_on.order_by("name")[:SHOWN])
    children = list(monitor.dependents.order_by("name")[:SHOWN])
    known = standings([*parents, *children])

    def shown(monitors: Sequence[Monitor]) -> list[Neighbour]:
        return [Neighbour(one, known[one.no].word_at(now)) for one in monitors]

    return Around(shown(parents), shown(children), _planned(monitor, now))


def _planned(monitor: Monitor, now: datetime) -> list[Planned]:
    windows = {window.pk: window for window in MaintenanceWindow.objects.filter(paused_at=None)}
    covering = [pk for pk, numbers in occurring.covered(list(windows), [monitor.no]).items() if numbers]
    if not covering:
        return []
    with connection.cursor() as cursor:
        cursor.execute(COMING, [scoping.current().no, covering, now, WINDOWS_SHOWN])
        return [Planned(windows[pk], starts, ends, starts <= now) for pk, starts, ends in cursor.fetchall()]

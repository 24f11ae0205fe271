"""Pack results of closed hours and roll up what is due, until nothing is left: what upkeep does a little at a time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from monitors.availability import rolling
from monitors.results import packing, rollups


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        results = packing.pack_closed(float("inf"))
        days = rollups.roll_days(float("inf"))
        monitors = rolling.roll(float("inf"))
        self.stdout.write(
            f"Packed {results:,} results, rolled up {days:,} days of results, kept uptime of {monitors:,} monitors."
        )

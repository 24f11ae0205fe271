"""Points for tests, and a monitor to hang them on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from monitors.series.model import Points


def minute() -> datetime:
    """Now, to the minute: round times are easier to read."""
    return timezone.now().replace(second=0, microsecond=0)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def gauge(*values: float, name: str = "cpu.percent", end: datetime | None = None, **more: Any) -> Points:
    """One value every 15 s, the last of them at `end`."""
    end = end or minute()
    times = [end - timedelta(seconds=15 * back) for back in range(len(values) - 1, -1, -1)]
    return Points(name, list(zip(times, values, strict=True)), **more)

"""What is packed and rolled up at once: the results of a monitor at a location in one hour."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.results.columns import Columns


@dataclass(frozen=True, slots=True)
class Hour:
    """The hour begins at `hour_us`, microseconds since the epoch."""

    tenant_no: int
    monitor_no: int
    location: int
    hour_us: int
    columns: Columns

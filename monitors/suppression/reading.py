"""Say of monitors what maintenance covers them and what holds their outages back, for lists and pages."""

from __future__ import annotations

from monitors.maintenance.occurring import covering
from monitors.suppression.holding import of as held

__all__ = ["covering", "held"]

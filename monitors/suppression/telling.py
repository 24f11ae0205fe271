"""Tell downstream what changed: the one door for changes of status."""

from __future__ import annotations

from collections.abc import Sequence

from monitors.facts import MonitorChangedStatus
from pulse import facts


def tell(changes: Sequence[MonitorChangedStatus]) -> None:
    """Emit these changes of one organisation, in its scope and in the transaction that made them."""
    facts.emit(changes)

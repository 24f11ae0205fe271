"""The words for how a monitor stands."""

from __future__ import annotations

from django.db.models.enums import IntegerChoices


class Status(IntegerChoices):
    """What is stored; paused, snoozed and maintenance are laid over it on reading."""

    PENDING = 0, "pending"
    UP = 1, "up"
    DEGRADED = 2, "degraded"
    DOWN = 3, "down"
    FLAPPING = 4, "flapping"
    UNKNOWN = 5, "unknown"

"""An outage of one monitor, and all that happened during it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from monitors.models import Monitor
from pulse.ids import uuid7


class Incident(models.Model):
    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"

    class Resolution(models.TextChoices):
        RECOVERED = "recovered", "the monitor recovered"
        PAUSED = "paused", "the monitor was paused"
        DELETED = "deleted", "the monitor was deleted"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    monitor = models.ForeignKey(Monitor, null=True, on_delete=models.SET_NULL, related_name="incidents")
    monitor_no = models.BigIntegerField()
    # As it was when the incident opened; the monitor may be renamed or deleted later.
    monitor_snapshot = models.JSONField()
    started_at = models.DateTimeField(help_text="The first failing slot.")
    opened_at = models.DateTimeField(help_text="When the failure was confirmed.")
    cause = models.CharField(max_length=255)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by_id = models.UUIDField(null=True)
    acknowledged_by = models.CharField(max_length=254, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=12, choices=Resolution, blank=True)
    sequence = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor_no"],
                condition=models.Q(resolved_at__isnull=True),
                name="incident_one_open_per_monitor",
            )
        ]
        indexes = [models.Index(fields=["monitor_no", "-id"], name="incident_of_monitor")]

    def __str__(self) -> str:
        return f"{self.monitor_snapshot.get('name')} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def state(self) -> str:
        if self.resolved_at:
            return self.State.RESOLVED
        return self.State.ACKNOWLEDGED if self.acknowledged_at else self.State.OPEN

    @property
    def length(self) -> timedelta | None:
        """From the first failing slot to the end; None while it is open."""
        return self.resolved_at - self.started_at if self.resolved_at else None

    def lasted(self, now: datetime) -> timedelta:
        return (self.resolved_at or now) - self.started_at


class TimelineEntry(models.Model):
    class Kind(models.TextChoices):
        STARTED = "started"
        OPENED = "opened"
        ACKNOWLEDGED = "acknowledged"
        TOLD = "told"
        HELD = "held back"
        NOT_TOLD = "not told"
        CHANGED = "changed"
        RESOLVED = "resolved"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=12, choices=Kind)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=254, blank=True)
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text

"""A maintenance window as people plan it. What really took effect are rows of `telemetry_maintenance`."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from monitors.maintenance.recurring import Schedule
from pulse.ids import uuid7


class MaintenanceWindow(models.Model):
    """When, and of which monitors, outages are expected.

    The start is a time on the clocks of `zone`, so it has none of its own. `rule` is an RFC 5545 recurrence
    without its name, like FREQ=WEEKLY;BYDAY=SU; empty for a window that happens once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    notes = models.TextField(blank=True, max_length=2_000)
    zone = models.CharField(max_length=64)
    start_date = models.DateField()
    start_time = models.TimeField()
    duration_seconds = models.PositiveIntegerField()
    rule = models.CharField(max_length=500, blank=True)
    everything = models.BooleanField(default=False)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    monitors = models.ManyToManyField("monitors.Monitor", related_name="windows", blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "monitors"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def schedule(self) -> Schedule:
        start = datetime.combine(self.start_date, self.start_time)
        return Schedule(start, self.zone, timedelta(seconds=self.duration_seconds), self.rule)

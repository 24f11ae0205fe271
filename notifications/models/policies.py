"""Who is told next when nobody acts."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from pulse.ids import uuid7


class EscalationPolicy(models.Model):
    """`steps` is what notifications.escalation reads: whom to tell, and how long to wait for somebody to act."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    steps = models.JSONField(default=list)
    # How often all steps are gone through again when the last one brought nobody.
    repeat = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "escalation policies"

    def __str__(self) -> str:
        return self.name

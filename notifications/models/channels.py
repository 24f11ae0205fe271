"""A place that messages go to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from pulse.ids import uuid7


class NotificationChannel(models.Model):
    """`kind` names its transport (notifications/transports); `config` is what that transport's table reads."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16)
    config = models.JSONField(default=dict)
    # JSON of the secret settings, sealed by pulse.crypto and bound to this row; never leaves but to the transport.
    sealed_secret = models.TextField(blank=True)
    # Told instead when this one has no receipt, or gives up: a chain of them ends where it would go round.
    fallback = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    fallback_seconds = models.PositiveIntegerField(default=300)
    # Messages in an hour; what is above waits, visibly, and goes out together. None: no limit.
    hourly_limit = models.PositiveIntegerField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

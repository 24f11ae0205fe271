"""Where messages go, and which outages send them. Lives in the organisation's schema."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from monitors.models import Monitor
from pulse.ids import uuid7


class Event(models.TextChoices):
    DOWN = "down", "goes down"
    UP = "up", "comes back up"


class NotificationChannel(models.Model):
    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        EMAIL = "email", "E-mail"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind)
    config = models.JSONField(default=dict)
    # Sealed by pulse.crypto and bound to this row; never leaves but to the transport.
    sealed_secret = models.TextField(blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Rule(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    all_monitors = models.BooleanField(default=True)
    monitors = models.ManyToManyField(Monitor, blank=True, related_name="rules")
    channels = models.ManyToManyField(NotificationChannel, related_name="rules")
    on = ArrayField(models.CharField(max_length=16, choices=Event))
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

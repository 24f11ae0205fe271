"""Which outages tell whom, and when."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from incidents.models import Incident
from monitors.models import Monitor
from notifications.models.channels import NotificationChannel
from notifications.models.policies import EscalationPolicy
from pulse.ids import uuid7


class Event(models.TextChoices):
    """What a rule can speak of. `down` is any incident that opens, `up` the end of one that was told."""

    DOWN = "down", "goes down"
    UP = "up", "comes back up"
    DEGRADED = "degraded", "gets slow or fails a soft assertion, and when that is over"
    FLAPPING = "flapping", "starts flapping"
    CERTIFICATE = "certificate", "has a certificate or a domain that runs out"
    ACKNOWLEDGED = "acknowledged", "is taken care of by somebody"
    DRILL = "drill", "is part of a fire drill"


Severity = Incident.Severity


class Rule(models.Model):
    """Covers a monitor when it is for all of them, names it, one of its tags or a group that holds it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    all_monitors = models.BooleanField(default=True)
    monitors = models.ManyToManyField(Monitor, blank=True, related_name="rules")
    groups = models.ManyToManyField(Monitor, blank=True, related_name="rules_of_group")
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    channels = models.ManyToManyField(NotificationChannel, blank=True, related_name="rules")
    policy = models.ForeignKey(
        EscalationPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="rules"
    )
    on = ArrayField(models.CharField(max_length=16, choices=Event))
    # Empty: of every severity.
    severities = ArrayField(models.CharField(max_length=8, choices=Severity), default=list, blank=True)
    # How long an outage must last before this rule tells of it.
    delay_seconds = models.PositiveIntegerField(default=0)
    # Told again every so often while it lasts and nobody acknowledged it; None: once.
    repeat_seconds = models.PositiveIntegerField(null=True, blank=True)
    # Of one monitor no more than one outage in this time; None: every one.
    cooldown_seconds = models.PositiveIntegerField(null=True, blank=True)
    # Messages of one channel that come within this time go out as one; 0: each at once.
    digest_seconds = models.PositiveIntegerField(default=0)
    # {"zone": "Europe/Berlin", "days": [0, …, 6], "starts": "09:00", "ends": "17:00"}; None: at all hours.
    hours = models.JSONField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

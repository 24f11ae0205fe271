"""What people say should be watched. Lives in the organisation's schema."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from monitors.policy import POLICY_FIELDS, Policy
from pulse.ids import uuid7

if TYPE_CHECKING:
    from tenants.models import Membership


class MonitorQuerySet(models.QuerySet["Monitor"]):
    def visible_to(self, membership: Membership) -> MonitorQuerySet:
        """Every member sees every monitor of the organisation; the schema is the wall."""
        return self.all()


class NextNumber(models.Func):
    """One sequence for all organisations: the number alone names a monitor in shared tables."""

    template = "nextval('public.monitor_no')"
    output_field = models.BigIntegerField()
    arity = 0


class Monitor(models.Model):
    GROUP = "group"  # the one kind that probes nothing

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    no = models.BigIntegerField(unique=True, db_default=NextNumber(), editable=False)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, default="http")
    target = models.CharField(max_length=2048, blank=True)
    config = models.JSONField(default=dict, blank=True)
    sealed_secrets = models.TextField(blank=True, editable=False)
    members = models.ManyToManyField("self", symmetrical=False, related_name="groups", blank=True)
    depends_on = models.ManyToManyField("self", symmetrical=False, related_name="dependents", blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    owner_id = models.UUIDField(null=True, blank=True)
    owner_name = models.CharField(max_length=254, blank=True)
    notes = models.TextField(blank=True, max_length=10_000)
    runbook_url = models.CharField(max_length=2048, blank=True)
    interval_seconds = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(5), MaxValueValidator(86_400)]
    )
    timeout_seconds = models.PositiveIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    retry_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(5), MaxValueValidator(86_400)]
    )
    locations = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    quorum = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    down_after = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    up_after = models.PositiveSmallIntegerField(
        default=2, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    degraded_after = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    window = models.PositiveSmallIntegerField(default=0, db_default=0)
    ratio = models.FloatField(default=0.6, db_default=0.6)
    quiet_seconds = models.PositiveIntegerField(default=0, db_default=0)
    degraded_up_after = models.PositiveSmallIntegerField(null=True, blank=True)
    slow_ms = models.PositiveIntegerField(null=True, blank=True)
    flapping_above = models.FloatField(default=0.4, db_default=0.4)
    flapping_below = models.FloatField(default=0.2, db_default=0.2)
    upside_down = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_by = models.CharField(max_length=254, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = MonitorQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [GinIndex(fields=["tags"], name="monitor_tags")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(timeout_seconds__lt=models.F("interval_seconds")),
                name="monitor_timeout_under_interval",
                violation_error_message="The timeout must be shorter than the interval.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def policy(self) -> Policy:
        return Policy(**{name: getattr(self, name) for name in POLICY_FIELDS})

    def snoozed_at(self, now: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now


from monitors.maintenance.model import MaintenanceWindow  # noqa: E402, F401  # Django finds models in this module

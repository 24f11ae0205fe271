"""Who has the pager. People are global: a user's id and the name as it was."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from pulse.ids import uuid7


class Schedule(models.Model):
    """`layers` is what notifications.oncall reads: who takes turns, how long each, and at which hours."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64)
    layers = models.JSONField(default=list)
    # SHA-256 of the token in the calendar feed's address; '' while there is none.
    feed_hash = models.CharField(max_length=64, blank=True)
    # Up to which hand-over the people have been told.
    handed_over_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Override(models.Model):
    """Somebody takes over for a while, whatever the layers say."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    user_id = models.UUIDField()
    user_name = models.CharField(max_length=254)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by_name = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="override_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_name} from {self.starts_at:%Y-%m-%d %H:%M}"

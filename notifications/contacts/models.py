"""A person's own ways to be told. Public schema: people belong to several organisations."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from pulse.ids import uuid7
from tenants.models import User


class ContactMethod(models.Model):
    """One way to reach one person: nothing but its proof goes there before `verified_at`.

    `is_account`: the address that the account signs in with. Each person has it, it needs no other proof, and it
    follows the account.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contact_methods")
    kind = models.CharField(max_length=16)  # a transport that is personal: email, sms, voice, …
    label = models.CharField(max_length=120)  # what the person recognises it by
    config = models.JSONField(default=dict)
    # JSON of the secret settings, sealed by pulse.crypto and bound to this row.
    sealed_secret = models.TextField(blank=True)
    is_account = models.BooleanField(default=False)
    # So long after the first message this one is used too, unless somebody acted.
    after_seconds = models.PositiveIntegerField(default=0)
    verified_at = models.DateTimeField(null=True, blank=True)
    code_hash = models.CharField(max_length=64, blank=True)
    code_sent_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    last_receipt_at = models.DateTimeField(null=True, blank=True)
    broken_at = models.DateTimeField(null=True, blank=True)
    broken_reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["after_seconds", "id"]
        constraints = [
            models.UniqueConstraint("user", condition=models.Q(is_account=True), name="account_method_once")
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.user}"


class Quiet(models.Model):
    """When a person is not to be woken, on the clocks of their own zone, and by what all the same."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="quiet")
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    # Severities that come through in spite of it.
    except_for = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    # Messages in an hour over all methods; what is above waits, visibly, and goes out together. None: no limit.
    hourly_limit = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"quiet hours of {self.user}"

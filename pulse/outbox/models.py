from __future__ import annotations

from django.db import models


class Fact(models.Model):
    """One thing that happened. (subject, kind, sequence) is unique: writing it twice writes it once."""

    no = models.BigAutoField(primary_key=True)
    tenant_no = models.IntegerField()
    kind = models.TextField()
    subject = models.UUIDField()
    sequence = models.IntegerField()
    payload = models.JSONField()
    created_at = models.DateTimeField()
    hold_until = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    routed_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")

    class Meta:
        managed = False

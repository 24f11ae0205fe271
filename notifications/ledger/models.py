"""One row for each message to one receiver, and one for each try to send it."""

from __future__ import annotations

from django.db import models


class DeliveryState(models.TextChoices):
    """pending → sending (the attempt is committed first) → sent | retrying → … | dead | cancelled.

    A delivery found in `sending` after its lease ended has an unknown outcome: it is sent again with
    the same key, and counted as a repeat.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRYING = "retrying"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Delivery(models.Model):
    no = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True)
    tenant_no = models.IntegerField()
    fact_no = models.BigIntegerField()
    event = models.TextField(help_text="incident.opened, incident.resolved or channel.test")
    incident_id = models.UUIDField(null=True)
    monitor_no = models.BigIntegerField(null=True)
    channel_id = models.UUIDField()
    channel_name = models.TextField()
    transport = models.TextField()
    recipient = models.TextField()
    destination = models.TextField(
        help_text="What deliveries share a concurrency limit by: host or mail domain."
    )
    payload = models.JSONField()
    wants_recovery = models.BooleanField(default=False)
    follows_no = models.BigIntegerField(null=True, help_text="Goes only after this delivery was sent.")
    state = models.TextField(choices=DeliveryState)
    attempts = models.IntegerField(default=0)
    repeats = models.IntegerField(default=0, help_text="Attempts made after an unknown outcome.")
    retry_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fencing_token = models.BigIntegerField(default=0)
    fact_at = models.DateTimeField(help_text="When the transition was committed.")
    created_at = models.DateTimeField()
    first_tried_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    last_answer = models.TextField(default="")

    class Meta:
        managed = False


class Attempt(models.Model):
    pk = models.CompositePrimaryKey("delivery_no", "number", "started_at")
    delivery_no = models.BigIntegerField()
    number = models.IntegerField()
    started_at = models.DateTimeField()
    tenant_no = models.IntegerField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(help_text="sent, failed, refused or unknown")
    status_code = models.IntegerField(null=True)
    answer = models.TextField(default="")

    class Meta:
        managed = False


class LocalMail(models.Model):
    """E-mail that had no server to go to: shown to the installation's operators on the mailbox page."""

    message_id = models.CharField(max_length=255, null=True, unique=True)  # absent is not a name
    at = models.DateTimeField(auto_now_add=True)
    sender = models.TextField()
    to = models.TextField()
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"

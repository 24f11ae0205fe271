"""One row for each message to one receiver, and one for each try to send it."""

from __future__ import annotations

from django.db import models

from notifications.masking import masked


class DeliveryState(models.TextChoices):
    """pending → sending (the attempt is committed first) → sent | retrying → … | dead | cancelled.

    A delivery found in `sending` after its lease ended has an unknown outcome: where the provider can be asked it
    is, else it is sent again with the same key, and counted as a repeat. `held` waits for others, or for a limit, and
    becomes pending or `folded`: told within another message. `unknown` is what nobody can find out any more.
    """

    HELD = "held"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRYING = "retrying"
    DEAD = "dead"
    CANCELLED = "cancelled"
    FOLDED = "folded"
    UNKNOWN = "unknown"


class Delivery(models.Model):
    no = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True)
    tenant_no = models.IntegerField()
    fact_no = models.BigIntegerField()
    turn = models.IntegerField(
        default=0, help_text="Reminders and rounds of a policy: which of them this is."
    )
    event = models.TextField(help_text="What is told, as notifications.events lists them.")
    purpose = models.TextField(
        default="rule", help_text="rule, policy, reminder, fallback, digest, test or notice"
    )
    reason = models.TextField(
        default="", help_text="Why this receiver, in words: the rule, or the policy's step."
    )
    rule_id = models.UUIDField(null=True)
    escalation_no = models.BigIntegerField(null=True)
    person_id = models.UUIDField(
        null=True, help_text="Of a person's own contact method, which channel_id names."
    )
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
    provider_id = models.TextField(default="", help_text="By what the provider speaks of it in receipts.")
    receipt = models.TextField(
        default="", help_text="What the provider said later: delivered, read or failed."
    )
    receipt_at = models.DateTimeField(null=True)
    fallback_at = models.DateTimeField(
        null=True, help_text="Without a receipt until then the next way is tried."
    )
    repeat_at = models.DateTimeField(null=True, help_text="When it is told again while the outage lasts.")
    folded_into = models.BigIntegerField(null=True)
    acknowledged_at = models.DateTimeField(null=True, help_text="When its own link was used.")

    class Meta:
        managed = False

    @property
    def shown_recipient(self) -> str:
        """The receiver as everybody in the organisation may see it."""
        return masked(self.recipient) if self.person_id else self.recipient


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
    request = models.TextField(default="", help_text="What was asked of whom, without secrets.")

    class Meta:
        managed = False


class Escalation(models.Model):
    """One policy at work on one incident: which step comes next, and when."""

    no = models.BigAutoField(primary_key=True)
    tenant_no = models.IntegerField()
    incident_id = models.UUIDField()
    fact_no = models.BigIntegerField()
    policy_id = models.UUIDField()
    policy_name = models.TextField()
    rule_id = models.UUIDField(null=True)
    reason = models.TextField(default="")
    payload = models.JSONField()
    state = models.TextField(help_text="running, paused, acknowledged, over, exhausted or cancelled")
    step = models.IntegerField(default=0)
    cycle = models.IntegerField(default=0)
    run = models.IntegerField(default=0, help_text="Which run of its policy this is: who is first in turn.")
    due_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

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

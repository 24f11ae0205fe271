"""The rows that checks read and write. Their SQL (partitions, row security, fillfactor) is in the migration."""

from __future__ import annotations

from django.db import models

from monitors.statuses import Status as Status  # noqa: PLC0414 - most who read these rows want it beside them


class GapReason(models.IntegerChoices):
    NOT_CLAIMED = 1, "no worker took it in time"
    LEASE_EXPIRED = 2, "the worker that took it did not answer"
    SET_ASIDE = 3, "its result could not be recorded"
    BLIND = 4, "the prober's own network was down"
    SHARED_OUT = 5, "too many checks of the organisation or of that destination were under way"


TOGETHER = 0  # the location that stands for all locations of a monitor, or for the members of a group
REPORTED = -1  # the location of monitors that nobody probes: they report in


class LiveState(models.Model):
    """One row per monitor and location: when the next check is due, who holds it, and where things stand.

    Schedule and state share the row on purpose: the claim locks it, and the record's compare-and-set
    on `fencing_token` is then one row lock and one write, so a slot can never end twice.
    """

    pk = models.CompositePrimaryKey("monitor_no", "location")
    monitor_no = models.BigIntegerField()
    location = models.SmallIntegerField()
    tenant_no = models.IntegerField()
    # schedule
    next_due_at = models.DateTimeField(null=True)
    interval_seconds = models.IntegerField()
    timeout_seconds = models.IntegerField()
    retry_seconds = models.IntegerField(null=True)
    phase_ms = models.IntegerField()
    slot = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fencing_token = models.BigIntegerField(default=0)
    spec_version = models.IntegerField()
    is_head = models.BooleanField(default=True)
    enabled = models.BooleanField(default=True)
    asked = models.BooleanField(default=False)
    holder = models.IntegerField(null=True)
    # state
    status = models.SmallIntegerField(choices=Status, default=Status.PENDING)
    failures = models.IntegerField(default=0)
    successes = models.IntegerField(default=0)
    first_failed_slot = models.DateTimeField(null=True)
    softs = models.IntegerField(default=0)
    first_soft_slot = models.DateTimeField(null=True)
    calm_since = models.DateTimeField(null=True)
    memory = models.BigIntegerField(default=0)
    status_since = models.DateTimeField()
    # the newest result
    last_slot = models.DateTimeField(null=True)
    last_checked_at = models.DateTimeField(null=True)
    last_good_slot = models.DateTimeField(null=True)
    last_ok = models.BooleanField(null=True)
    last_total_us = models.IntegerField(null=True)
    last_error = models.SmallIntegerField(default=0)
    last_detail = models.TextField(default="")
    expires_at = models.DateTimeField(null=True)

    class Meta:
        managed = False


class ProbeSpec(models.Model):
    """What a worker needs to probe and judge, compiled when the monitor is saved."""

    monitor_no = models.BigIntegerField(primary_key=True)
    tenant_no = models.IntegerField()
    version = models.IntegerField()
    spec = models.JSONField()

    class Meta:
        managed = False


class CheckResult(models.Model):
    """What one check found. Times are microseconds; null phases did not happen."""

    pk = models.CompositePrimaryKey("monitor_no", "slot", "location")
    monitor_no = models.BigIntegerField()
    slot = models.DateTimeField()
    location = models.SmallIntegerField()
    tenant_no = models.IntegerField()
    ok = models.BooleanField()
    soft = models.BooleanField(default=False)
    error = models.SmallIntegerField()
    status_code = models.SmallIntegerField(null=True)
    lateness_us = models.IntegerField()
    dns_us = models.IntegerField(null=True)
    connect_us = models.IntegerField(null=True)
    tls_us = models.IntegerField(null=True)
    wait_us = models.IntegerField(null=True)
    transfer_us = models.IntegerField(null=True)
    total_us = models.IntegerField(null=True)
    address = models.TextField(null=True)
    detail = models.TextField(null=True)

    class Meta:
        managed = False


class Gap(models.Model):
    """Due slots that nobody measured: [slot, until)."""

    pk = models.CompositePrimaryKey("monitor_no", "slot", "location")
    monitor_no = models.BigIntegerField()
    slot = models.DateTimeField()
    location = models.SmallIntegerField()
    tenant_no = models.IntegerField()
    until = models.DateTimeField()
    reason = models.SmallIntegerField(choices=GapReason)

    class Meta:
        managed = False


class Evidence(models.Model):
    """What a failure or a change was judged by: phases are on the result, the rest is here, without secrets."""

    pk = models.CompositePrimaryKey("monitor_no", "slot", "location")
    monitor_no = models.BigIntegerField()
    slot = models.DateTimeField()
    location = models.SmallIntegerField()
    tenant_no = models.IntegerField()
    document = models.JSONField()

    class Meta:
        managed = False


class Blindness(models.Model):
    """A time in which the probers of a location could reach nothing, not even the control targets."""

    no = models.BigAutoField(primary_key=True)
    location = models.SmallIntegerField()
    began = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        managed = False


class Decision(models.Model):
    """What a result made of a monitor, or why it made nothing of it; kinds and rules: `monitors.deciding`.

    `at` is the slot of the result, or the moment of what no result decided. `counted` of `needed` results.
    """

    no = models.BigAutoField(primary_key=True)
    monitor_no = models.BigIntegerField()
    at = models.DateTimeField()
    decided_at = models.DateTimeField()
    incident_id = models.UUIDField(null=True)
    tenant_no = models.IntegerField()
    total_us = models.IntegerField(null=True)
    location = models.SmallIntegerField(null=True)
    kind = models.SmallIntegerField()
    rule = models.SmallIntegerField()
    verdict = models.SmallIntegerField(null=True)
    before = models.SmallIntegerField(null=True)
    after = models.SmallIntegerField(null=True)
    counted = models.SmallIntegerField(null=True)
    needed = models.SmallIntegerField(null=True)
    error = models.SmallIntegerField(null=True)
    words = models.TextField(default="")

    class Meta:
        managed = False


class StateChange(models.Model):
    """When a monitor's status changed: uptime is computed from these intervals, kept for good."""

    no = models.BigAutoField(primary_key=True)
    tenant_no = models.IntegerField()
    monitor_no = models.BigIntegerField()
    location = models.SmallIntegerField()
    at = models.DateTimeField()
    status = models.SmallIntegerField(choices=Status)

    class Meta:
        managed = False

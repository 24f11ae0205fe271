"""Outages and other incidents, and all that happened during them. Lives in the organisation's schema."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from monitors.models import Monitor
from pulse.ids import uuid7


class Incident(models.Model):
    """Of one monitor, of many together, or opened by hand.

    One that others are `part_of` stands for them: it opens with the first and ends with the last of them.
    """

    class Kind(models.TextChoices):
        MONITOR = "monitor", "of one monitor"
        GROUP = "group", "of several together"
        MANUAL = "manual", "opened by hand"
        DRILL = "drill", "a fire drill"

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"

    class Resolution(models.TextChoices):
        RECOVERED = "recovered", "the monitor recovered"
        PAUSED = "paused", "the monitor was paused"
        DELETED = "deleted", "the monitor was deleted"
        BY_HAND = "by hand", "somebody resolved it"
        ENDED = "ended", "all that belonged to it is over"

    class Severity(models.TextChoices):
        CRITICAL = "critical"
        MAJOR = "major"
        MINOR = "minor"

    class Impact(models.TextChoices):
        """What those who use the service notice, in the words of status pages."""

        UNSAID = "", "not said"
        NONE = "none"
        DEGRADED = "degraded"
        PARTIAL = "partial outage"
        MAJOR = "major outage"

    class PublicState(models.TextChoices):
        INVESTIGATING = "investigating"
        IDENTIFIED = "identified"
        MONITORING = "monitoring"
        RESOLVED = "resolved"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.MONITOR)
    monitor = models.ForeignKey(Monitor, null=True, on_delete=models.SET_NULL, related_name="incidents")
    monitor_no = models.BigIntegerField(null=True)
    # As it was when the incident opened; the monitor may be renamed or deleted later.
    monitor_snapshot = models.JSONField(default=dict)
    about = models.ManyToManyField(Monitor, blank=True, related_name="named_in")  # what a person named
    part_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="members")
    affected = models.PositiveIntegerField(default=0, help_text="How many incidents were ever part of it.")
    last_joined_at = models.DateTimeField(null=True)  # who fails long after that is no part of it by chance
    # What a mass outage has in common: {"kind": "address", "value": "203.0.113.7"}; null where nobody knows.
    shared = models.JSONField(null=True)
    title = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120, blank=True, help_text="A script's own name for it, one open each.")
    started_at = models.DateTimeField(help_text="The first failing slot.")
    opened_at = models.DateTimeField(help_text="When the failure was confirmed.")
    cause = models.CharField(max_length=255)
    root_cause = models.TextField(blank=True)
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.MAJOR)
    impact = models.CharField(max_length=16, choices=Impact, blank=True)
    public_state = models.CharField(max_length=16, choices=PublicState, default=PublicState.INVESTIGATING)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by_id = models.UUIDField(null=True)
    acknowledged_by = models.CharField(max_length=254, blank=True)
    # Kept when an acknowledgement is taken back: how long it took until anybody looked does not change by that.
    first_acknowledged_at = models.DateTimeField(null=True)
    assignee_id = models.UUIDField(null=True)
    assignee = models.CharField(max_length=254, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by_id = models.UUIDField(null=True)
    resolved_by = models.CharField(max_length=254, blank=True)
    resolution = models.CharField(max_length=12, choices=Resolution, blank=True)
    # Resolved by hand, it keeps its monitor quiet until this is set: until that has worked once again.
    recovered_at = models.DateTimeField(null=True)
    is_told = models.BooleanField(default=True, help_text="It has messages of its own, not only its group's.")
    round = models.PositiveSmallIntegerField(default=0, help_text="How often it was opened again.")
    sequence = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1, help_text="Goes up with each edit.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor_no"],
                condition=models.Q(resolved_at__isnull=True),
                name="incident_one_open_per_monitor",
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(resolved_at__isnull=True) & ~models.Q(key=""),
                name="incident_one_open_per_key",
            ),
        ]
        indexes = [
            models.Index(fields=["monitor_no", "-id"], name="incident_of_monitor"),
            models.Index(
                fields=["started_at", "id"],
                condition=models.Q(resolved_at__isnull=True),
                name="incident_open",
            ),
            models.Index(
                fields=["monitor_no"],
                condition=models.Q(resolution="by hand", recovered_at__isnull=True),
                name="incident_keeping_quiet",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def name(self) -> str:
        if self.title:
            return self.title
        if self.kind == self.Kind.GROUP:
            return f"{self.extent:,} monitor{'' if self.extent == 1 else 's'}"
        return str(self.monitor_snapshot.get("name", "Incident"))

    @property
    def extent(self) -> int:
        """How many monitors it is about: while it goes on, those that fail and are yet to be confirmed too."""
        known = 1 if self.monitor_no else self.affected
        return known if self.resolved_at else max(known, (self.shared or {}).get("count", 0))

    @property
    def state(self) -> str:
        if self.resolved_at:
            return self.State.RESOLVED
        return self.State.ACKNOWLEDGED if self.acknowledged_at else self.State.OPEN

    @property
    def has_own_end(self) -> bool:
        """Whether it ends by itself: what a person opened, a person ends."""
        return self.kind not in (self.Kind.MANUAL, self.Kind.DRILL)

    @property
    def is_drill(self) -> bool:
        return self.kind == self.Kind.DRILL

    @property
    def length(self) -> timedelta | None:
        """From the first failing slot to the end; None while it is open."""
        return self.resolved_at - self.started_at if self.resolved_at else None

    @property
    def time_to_detect(self) -> timedelta:
        return max(self.opened_at - self.started_at, timedelta(0))

    @property
    def time_to_acknowledge(self) -> timedelta | None:
        """From the opening until somebody had it for the first time."""
        first = self.first_acknowledged_at
        return max(first - self.opened_at, timedelta(0)) if first else None

    @property
    def time_to_resolve(self) -> timedelta | None:
        return self.length

    def lasted(self, now: datetime) -> timedelta:
        return (self.resolved_at or now) - self.started_at


class TimelineEntry(models.Model):
    class Kind(models.TextChoices):
        STARTED = "started"
        OPENED = "opened"
        JOINED = "joined"
        MERGED = "merged"
        SPLIT = "split"
        ACKNOWLEDGED = "acknowledged"
        RELEASED = "released"
        ASSIGNED = "assigned"
        NOTE = "note"
        CAUSE = "root cause"
        PUBLIC = "public state"
        TOLD = "told"
        HELD = "held back"
        NOT_TOLD = "not told"
        ESCALATED = "escalated"
        RECEIPT = "receipt"
        CHANGED = "changed"
        TRANSITION = "transition"
        RESOLVED = "resolved"
        REOPENED = "reopened"
        POSTMORTEM = "postmortem"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=16, choices=Kind)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=254, blank=True)
    text = models.TextField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text


class Postmortem(models.Model):
    """What was learnt from an incident, as people wrote it; until then it is drafted from facts."""

    incident = models.OneToOneField(Incident, primary_key=True, on_delete=models.CASCADE)
    text = models.TextField()
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(default=timezone.now)
    updated_by_id = models.UUIDField(null=True)
    updated_by = models.CharField(max_length=254, blank=True)

    def __str__(self) -> str:
        return f"Postmortem of {self.incident_id}"

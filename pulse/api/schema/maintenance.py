"""Maintenance windows, as `/v1/openapi.json` shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s


class NextOccurrence(s.Serializer[Any]):
    start = s.DateTimeField()
    end = s.DateTimeField()


class MaintenanceWindow(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    name = s.CharField(max_length=120)
    notes = s.CharField(max_length=2_000, required=False, allow_blank=True)
    zone = s.CharField(required=False, help_text="A name of the IANA time zone database; UTC without one.")
    start = s.CharField(
        help_text="On the clocks of the zone, like 2027-01-31T22:00; with an offset it is put on them."
    )
    end = s.CharField(
        write_only=True, required=False, help_text="Instead of duration_minutes, likewise on those clocks."
    )
    duration_minutes = s.IntegerField(
        min_value=1, max_value=44_640, required=False, help_text="In elapsed time."
    )
    rule = s.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="A recurrence of RFC 5545 like FREQ=WEEKLY;BYDAY=SU; empty for a window that happens once.",
    )
    everything = s.BooleanField(required=False, help_text="All monitors, later ones too.")
    tags = s.ListField(
        child=s.CharField(max_length=40), required=False, help_text="Monitors that carry one of them."
    )
    monitors = s.ListField(
        child=s.UUIDField(), required=False, help_text="These monitors, and the members of groups among them."
    )
    paused = s.BooleanField(required=False)
    state = s.ChoiceField(["running", "planned", "paused", "over"], read_only=True)
    running_until = s.DateTimeField(read_only=True, allow_null=True)
    next = NextOccurrence(read_only=True, allow_null=True)
    created_at = s.DateTimeField(read_only=True)
    updated_at = s.DateTimeField(read_only=True)
    url = s.URLField(read_only=True)


class Occurrence(s.Serializer[Any]):
    start = s.DateTimeField()
    end = s.DateTimeField()
    local = s.CharField(help_text="What the rule says, on the clocks of the zone.")
    left_out = s.BooleanField()
    note = s.CharField(allow_null=True, help_text="What the setting of clocks does to it.")


class Compared(s.Serializer[Any]):
    outages = s.IntegerField(help_text="Of what it covers now.")
    held_back = s.IntegerField(
        allow_null=True, help_text="How many of them it would have held back; null if it happens once."
    )
    told_after = s.IntegerField(
        allow_null=True, help_text="How many of those were still going on when it ended."
    )


class Occurrences(s.Serializer[Any]):
    last_30_days = Compared()
    results = Occurrence(many=True)


class Extension(s.Serializer[Any]):
    minutes = s.IntegerField(min_value=1, max_value=44_640)

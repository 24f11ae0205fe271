"""Incidents, as the document shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from incidents.grouping import WEIGHTS
from incidents.models import Incident as Row
from incidents.models import TimelineEntry as Entry

KINDS, STATES, ENTRY_KINDS = Row.Kind.values, ["open", "acknowledged", "resolved"], Entry.Kind.values
PUBLIC_STATES, OPEN_PUBLIC_STATES = Row.PublicState.values, ["investigating", "identified", "monitoring"]
SHARED_KINDS = list(WEIGHTS)
SEVERITIES, IMPACTS = Row.Severity.values, [value for value in Row.Impact.values if value]


class IncidentMonitor(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    kind = s.CharField()
    target = s.CharField()


class Shared(s.Serializer[Any]):
    kind = s.ChoiceField(SHARED_KINDS)
    value = s.CharField(allow_blank=True)


class Person(s.Serializer[Any]):
    id = s.UUIDField(allow_null=True)
    name = s.CharField()


class Seconds(s.Serializer[Any]):
    detect = s.FloatField(allow_null=True, help_text="From the first failing check to the confirmation.")
    acknowledge = s.FloatField(allow_null=True, help_text="From there to the first acknowledgement.")
    resolve = s.FloatField(allow_null=True, help_text="From the first failing check to the end.")


class Incident(s.Serializer[Any]):
    id = s.UUIDField()
    kind = s.ChoiceField(KINDS)
    title = s.CharField()
    state = s.ChoiceField(STATES)
    severity = s.ChoiceField(SEVERITIES)
    impact = s.ChoiceField(IMPACTS, allow_null=True)
    public_state = s.ChoiceField(PUBLIC_STATES)
    monitor = IncidentMonitor(
        allow_null=True, help_text="Null for one of several, and for one opened by hand."
    )
    monitors = IncidentMonitor(many=True, help_text="Those named when it was opened by hand.")
    part_of = s.UUIDField(allow_null=True, help_text="The incident that stands for it and for others.")
    affected = s.IntegerField()
    shared = Shared(allow_null=True, help_text="What the monitors of a mass outage have in common.")
    cause = s.CharField()
    root_cause = s.CharField(allow_null=True)
    started_at = s.DateTimeField(help_text="The first failing slot.")
    opened_at = s.DateTimeField()
    acknowledged_at = s.DateTimeField(allow_null=True)
    acknowledged_by = s.CharField(allow_null=True)
    assignee = Person(allow_null=True)
    resolved_at = s.DateTimeField(allow_null=True)
    resolved_by = s.CharField(allow_null=True)
    resolution = s.ChoiceField(Row.Resolution.values, allow_null=True)
    seconds_to = Seconds()
    key = s.CharField(allow_null=True)
    version = s.IntegerField()
    url = s.URLField()


class TimelineEntry(s.Serializer[Any]):
    id = s.UUIDField()
    at = s.DateTimeField()
    kind = s.ChoiceField(ENTRY_KINDS)
    by = s.CharField(allow_null=True)
    text = s.CharField()


class IncidentDetail(Incident):
    timeline = TimelineEntry(many=True, help_text="Oldest first; of more than 1,000 entries the newest.")


class NewIncident(s.Serializer[Any]):
    title = s.CharField(max_length=200)
    monitors = s.ListField(child=s.UUIDField(), required=False, max_length=500)
    severity = s.ChoiceField(SEVERITIES, required=False)
    impact = s.ChoiceField(IMPACTS, required=False)
    public_state = s.ChoiceField(OPEN_PUBLIC_STATES, required=False)
    started_at = s.DateTimeField(required=False, help_text="Now, unless it began earlier.")
    note = s.CharField(max_length=10_000, required=False)
    key = s.CharField(
        max_length=120, required=False, help_text="While one with the same key is open, it is the answer."
    )
    tell = s.BooleanField(required=False, help_text="False: nobody is told of it.")


class IncidentEdit(s.Serializer[Any]):
    title = s.CharField(max_length=200, required=False, allow_blank=True)
    severity = s.ChoiceField(SEVERITIES, required=False)
    impact = s.ChoiceField(IMPACTS, required=False)
    root_cause = s.CharField(max_length=10_000, required=False, allow_blank=True)
    public_state = s.ChoiceField(PUBLIC_STATES, required=False)
    version = s.IntegerField(required=False, help_text="As read: refused (409) if somebody edited it since.")


class Assignee(s.Serializer[Any]):
    member = s.CharField(help_text="E-mail address or id of a member.")


class Note(s.Serializer[Any]):
    text = s.CharField(max_length=10_000)


class Merge(s.Serializer[Any]):
    incidents = s.ListField(child=s.UUIDField(), allow_empty=False, max_length=500)


class Postmortem(s.Serializer[Any]):
    text = s.CharField(max_length=50_000)
    version = s.IntegerField(help_text="0: nobody has saved it yet. Send the version that you have read.")
    updated_at = s.DateTimeField(read_only=True, allow_null=True)
    updated_by = s.CharField(read_only=True, allow_null=True)


class IncidentFigures(s.Serializer[Any]):
    since = s.DateTimeField()
    until = s.DateTimeField()
    incidents = s.IntegerField()
    acknowledged = s.IntegerField()
    resolved = s.IntegerField()
    median_seconds_to = Seconds(help_text="Null where no incident has got so far.")

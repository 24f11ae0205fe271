"""On-call schedules, as `/v1/openapi.json` shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s


class OnCallName(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()


class LayerHours(s.Serializer[Any]):
    days = s.ListField(child=s.IntegerField(min_value=0, max_value=6), help_text="0 is Monday.")
    to = s.CharField(help_text="Like 17:00; not after the start it is on the next day.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's own."""
        return {"from": s.CharField(help_text="Like 09:00."), **super().get_fields()}


class Layer(s.Serializer[Any]):
    name = s.CharField(max_length=120, required=False)
    people = s.ListField(
        child=s.UUIDField(), min_length=1, max_length=100, help_text="In the order of their turns."
    )
    rotation = s.ChoiceField(["daily", "weekly", "custom"], required=False)
    every = s.IntegerField(min_value=1, max_value=8_784, required=False, help_text="Of custom rotations.")
    unit = s.ChoiceField(["hours", "days", "weeks"], required=False, help_text="Of custom rotations.")
    weekday = s.IntegerField(
        min_value=0, max_value=6, required=False, help_text="On which turns of weeks begin; 0 is Monday."
    )
    handoff = s.CharField(required=False, help_text="On the clocks of the zone, like 09:00.")
    start = s.DateField(required=False, help_text="The day on which the first person begins.")
    hours = LayerHours(required=False, allow_null=True, help_text="Null: at all hours.")


class Schedule(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    name = s.CharField(max_length=120)
    zone = s.CharField(required=False, help_text="A name of the IANA time zone database; UTC without one.")
    layers = Layer(many=True, help_text="Later ones go before earlier ones.")
    warnings = s.ListField(child=s.CharField(), read_only=True, help_text="Who of them has left.")
    clock_notes = s.ListField(
        child=s.CharField(), read_only=True, help_text="What the setting of clocks does to hand-overs."
    )
    created_at = s.DateTimeField(read_only=True)
    url = s.URLField(read_only=True)


class NewOverride(s.Serializer[Any]):
    person = s.UUIDField()
    starts_at = s.DateTimeField()
    ends_at = s.DateTimeField()


class Override(s.Serializer[Any]):
    id = s.UUIDField(read_only=True)
    person = OnCallName()
    starts_at = s.DateTimeField()
    ends_at = s.DateTimeField()
    by = s.CharField(read_only=True)


class OnCall(s.Serializer[Any]):
    schedule = OnCallName()
    at = s.DateTimeField()
    person = OnCallName(allow_null=True, help_text="Null: a gap.")
    until = s.DateTimeField(allow_null=True, help_text="The next hand-over; null: there is none.")
    next = OnCallName(allow_null=True)


class OnCallNow(s.Serializer[Any]):
    results = OnCall(many=True)


class Shift(s.Serializer[Any]):
    start = s.DateTimeField()
    end = s.DateTimeField()
    person = OnCallName(allow_null=True, help_text="Null: a gap.")
    by = s.CharField(help_text="The layer, or that it is an override or a gap.")


class Shifts(s.Serializer[Any]):
    results = Shift(many=True)


class People(s.Serializer[Any]):
    results = OnCallName(many=True)

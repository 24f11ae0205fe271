"""Decisions and back-tests, as the document shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from monitors.why.wording import TITLES
from pulse.api.schema.monitors import STATUSES, Policy


class Decision(s.Serializer[Any]):
    at = s.DateTimeField(
        help_text="The slot of the result that decided, or the moment of what no result decided."
    )
    decided_at = s.DateTimeField()
    kind = s.ChoiceField([*TITLES.values()])
    sentence = s.CharField()
    seen = s.CharField(allow_blank=True, help_text="What the result said.")
    status = s.ChoiceField(STATUSES, allow_null=True)
    location = s.CharField(allow_null=True)
    counted = s.IntegerField(allow_null=True)
    needed = s.IntegerField(allow_null=True)
    total_ms = s.FloatField(allow_null=True)
    incident = s.UUIDField(allow_null=True)


# Made by a call where a name is a keyword of Python.
_Span = type(
    "_Span", (s.Serializer,), {"from": s.DateTimeField(required=False), "to": s.DateTimeField(required=False)}
)


class BacktestDraft(_Span):  # type: ignore[misc, valid-type]
    policy = Policy(required=False)
    quorum = s.IntegerField(min_value=1, max_value=20, required=False)


class Outage(s.Serializer[Any]):
    began = s.DateTimeField(help_text="The first failing slot.")
    confirmed = s.DateTimeField(help_text="The slot at which somebody would have been told.")
    ended = s.DateTimeField(allow_null=True)
    seconds = s.IntegerField()
    flapping = s.BooleanField()
    before_the_first_answer = s.BooleanField(
        help_text="Nothing had worked before it: it may have begun earlier."
    )
    in_maintenance = s.BooleanField()


class Side(s.Serializer[Any]):
    opened = s.IntegerField()
    degraded = s.IntegerField()
    down_seconds = s.IntegerField()
    outages = Outage(many=True, help_text="Oldest first; of more than 1,000 the newest.")


class Backtest(_Span):  # type: ignore[misc, valid-type]
    results = s.IntegerField(help_text="How many were replayed: the newest, where there are very many.")
    words = s.ListField(child=s.CharField())
    policy = Policy()
    quorum = s.IntegerField()
    draft = Side()
    today = Side()
    only_draft = Outage(many=True)
    only_today = Outage(many=True)

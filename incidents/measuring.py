"""How long it took to detect, to acknowledge and to resolve: medians over a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.expressions import CombinedExpression

from incidents.models import Incident


class Median(Aggregate):
    """PostgreSQL's percentile_cont: of an even number, the middle between the two in the middle."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, slots=True)
class Figures:
    """Of so many incidents; a median is None where none of them has got so far."""

    incidents: int
    acknowledged: int
    resolved: int
    detect: timedelta | None
    acknowledge: timedelta | None
    resolve: timedelta | None


def measure(incidents: QuerySet[Incident]) -> Figures:
    """In one query. What is part of another incident is measured by that one; drills are no outages."""
    row = (
        incidents.filter(part_of=None)
        .exclude(kind=Incident.Kind.DRILL)
        .order_by()
        .aggregate(
            incidents=Count("pk"),
            acknowledged=Count("first_acknowledged_at"),
            resolved=Count("resolved_at"),
            detect=Median(_between("started_at", "opened_at")),
            acknowledge=Median(_between("opened_at", "first_acknowledged_at")),
            resolve=Median(_between("started_at", "resolved_at")),
        )
    )
    return Figures(**row)


def _between(earlier: str, later: str) -> ExpressionWrapper[CombinedExpression]:
    return ExpressionWrapper(F(later) - F(earlier), output_field=DurationField())

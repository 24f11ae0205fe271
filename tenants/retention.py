"""Set for how long an organisation's raw results are kept; uptime, changes of state and incidents stay for good."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from pulse.fields import FieldError
from pulse.scoping import in_tenant
from tenants.actors import Actor
from tenants.audit import record
from tenants.bounds import RESULTS_LEAST_DAYS, RESULTS_MOST_DAYS, RESULTS_USUAL_DAYS
from tenants.models import Organisation


def read_days(value: Any) -> int | None:
    """Whole days within the bounds; None for as long as is usual here. Raises FieldError."""
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not RESULTS_LEAST_DAYS <= value <= RESULTS_MOST_DAYS
    ):
        raise FieldError(
            f"Use a whole number of days from {RESULTS_LEAST_DAYS} to {RESULTS_MOST_DAYS},"
            f" or null for the usual {RESULTS_USUAL_DAYS}."
        )
    return value


def keep_results(organisation: Organisation, days: int | None, by: Actor) -> None:
    """Keep raw results for so many days from now on; does nothing where that is so already.

    What is older than a shorter time goes with the next upkeep, within the hour. A longer time brings nothing back.
    """
    if organisation.results_kept_days == days:
        return
    with in_tenant(organisation), transaction.atomic():
        before = organisation.results_kept_days
        organisation.results_kept_days = days
        Organisation.objects.filter(pk=organisation.pk).update(results_kept_days=days)
        data = {"days": days or RESULTS_USUAL_DAYS, "before": before or RESULTS_USUAL_DAYS}
        record(organisation, by, "set retention", "organisation", organisation.id, organisation.name, data)

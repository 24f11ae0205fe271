"""What every page's frame shows: organisation, role, open incidents, mute, theme."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from pulse.demo.accounts import SLUG
from tenants.abilities import abilities_of

THEMES = {"light", "dark"}


def page(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get("theme", "")
    values: dict[str, Any] = {"theme": theme if theme in THEMES else ""}
    user = getattr(request, "user", None)
    # Mails hold links that reset passwords: only who runs the installation may read them.
    values["has_mailbox"] = not settings.EMAIL_URL and user is not None and user.is_superuser
    membership = getattr(request, "membership", None)
    if membership is None or membership.organisation.state != "ready":
        return values
    organisation, now = membership.organisation, timezone.now()
    incidents = apps.get_model("incidents", "Incident").objects.filter(resolved_at=None, part_of=None)
    return values | {
        "has_demo": settings.PULSE_DEMO and organisation.slug == SLUG,
        "organisation": organisation,
        "membership": membership,
        "memberships": request.user.memberships.select_related("organisation").order_by(  # type: ignore[union-attr]
            "organisation__name"
        ),
        "abilities": abilities_of(membership.role),
        "open_incident_count": incidents.count(),
        "muted_until": organisation.muted_until if organisation.muted_at(now) else None,
        "now": now,
    }

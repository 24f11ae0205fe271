"""What the demo's receivers share: the demo itself, its members, and the settings of its channels."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse

from notifications import channels
from notifications.models import NotificationChannel
from pulse.demo import filling
from pulse.scoping import in_tenant
from tenants.abilities import Ability
from tenants.middleware import find_membership
from tenants.models import Organisation
from tenants.requests import PublicRequest

TABS = {"phone": "Phone", "chat": "Chat", "receiver": "Webhooks"}


def demo() -> Organisation:
    organisation = filling.find() if settings.PULSE_DEMO else None
    if organisation is None or organisation.state != Organisation.State.READY:
        raise Http404
    return organisation


def for_members(ability: Ability) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Whoever may not gets what an unknown address gives: the pages stand outside of the organisation's own."""

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: PublicRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            found = find_membership(demo().slug, request.user.pk) if request.user.is_authenticated else None
            if found is None or not found.may(ability):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return guard


def config_of(kind: str, **config: str) -> Any:
    """The typed settings of the demo's channel with that account, secrets and all; None where it was deleted."""
    organisation = demo()
    with in_tenant(organisation):
        channel = NotificationChannel.objects.filter(kind=kind, config__contains=config).first()
        return channels.open_config(organisation, channel) if channel else None


def tabs(current: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": reverse(f"demo:{name}"), "current": name == current}
        for name, label in TABS.items()
    ]

"""The demo's shop, which fails on purpose, and its receiver, which checks what it gets as a real one would."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from notifications import channels
from notifications.models import NotificationChannel
from pulse.demo import filling, keeping
from pulse.demo.members import demo, for_members, tabs
from pulse.scoping import in_tenant
from tenants.abilities import Ability
from tenants.requests import PublicRequest

PERIOD = timedelta(minutes=5)
OUTAGE = timedelta(minutes=1)
PLACE = "receiver"


def is_down(born: datetime, now: datetime) -> bool:
    """One minute in every five, the first of them one minute after the demo was made."""
    return OUTAGE <= (now - born) % PERIOD < 2 * OUTAGE


@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    if is_down(demo().created_at, timezone.now()):
        response = HttpResponse("Out of order, as for one minute in every five.\n", "text/plain", status=503)
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  # Django offers no other way to say "meant so"
        return response
    return HttpResponse("Open.\n", "text/plain")


def front(request: HttpRequest) -> HttpResponse:
    return redirect("demo:phone")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def receiver(request: PublicRequest) -> HttpResponse:
    """POST takes a signed message; GET shows members of the demo what came in."""
    return _receive(request) if request.method == "POST" else _show(request)


@for_members(Ability.VIEW)
def _show(request: PublicRequest) -> HttpResponse:
    received = [row | {"at": datetime.fromisoformat(row["at"])} for row in keeping.kept(PLACE)]
    context = {"received": received, "demo": demo(), "tabs": tabs("receiver")}
    return render(request, "demo/receiver.html", context)


def _receive(request: HttpRequest) -> HttpResponse:
    organisation = demo()
    with in_tenant(organisation):
        channel = NotificationChannel.objects.filter(name=filling.RECEIVER).first()
        secret = channels.secret_of(organisation, channel) if channel else ""
    try:
        content = Webhook(secret).verify(request.body, dict(request.headers)) if secret else None
    except (WebhookVerificationError, ValueError) as error:
        return JsonResponse({"error": f"signature refused: {error}"}, status=400)
    if not isinstance(content, dict):
        return JsonResponse({"error": "no channel of the demo posts here"}, status=404)
    if keeping.is_new(PLACE, content["id"]):
        row = {"id": content["id"], "type": content["type"], "body": json.dumps(content, indent=2)}
        keeping.keep(PLACE, row)
    return HttpResponse(status=204)

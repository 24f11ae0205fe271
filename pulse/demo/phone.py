"""The demo's phone: the texts and calls that came to it, and what is replied."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from notifications.transports.base import DeliveryFailed
from pulse.demo import keeping, twilio
from pulse.demo.accounts import PHONE, SENDER, TWILIO
from pulse.demo.members import demo, for_members, tabs
from pulse.demo.twilio import PLACE
from tenants.abilities import Ability
from tenants.requests import PublicRequest

TITLES = {
    "Messages": "Text from Pulse",
    "Calls": "Call from Pulse",
    "reply": "You",
    "answer": "Pulse answers",
}
LONGEST_REPLY = 160
_SAID = re.compile(r"<(?:Message|Say)>(.*?)</", re.DOTALL)


@never_cache
@for_members(Ability.VIEW)
@require_GET
def page(request: PublicRequest) -> HttpResponse:
    rows = keeping.kept(PLACE)
    known = keeping.version(rows)
    if request.htmx:
        if request.GET.get("known") == known:
            return HttpResponse(status=204)  # it asks every other second: nothing to swap
        return render(request, "demo/_phone.html", {"rows": [_shown(row) for row in rows], "known": known})
    context = {"rows": [_shown(row) for row in rows], "known": known, "number": PHONE}
    return render(request, "demo/phone.html", context | {"demo": demo(), "tabs": tabs("phone")})


@for_members(Ability.ACKNOWLEDGE)
@require_POST
def reply(request: PublicRequest) -> HttpResponse:
    text = request.POST.get("text", "").strip()[:LONGEST_REPLY]
    if text:
        keeping.keep(PLACE, {"kind": "reply", "text": text})
        fields = {
            "MessageSid": f"SM{uuid4().hex}",
            "AccountSid": TWILIO,
            "From": PHONE,
            "To": SENDER,
            "Body": text,
        }
        _answer("/t/sms", fields)
    return redirect("demo:phone")


@for_members(Ability.ACKNOWLEDGE)
@require_POST
def press(request: PublicRequest, number: int) -> HttpResponse:
    """A key during a call: 1, which takes the incident."""
    call = keeping.find(PLACE, number=number, kind="Calls")
    if call is None or not call["gathers"]:
        raise Http404
    keeping.keep(PLACE, {"kind": "reply", "text": "1"})
    _answer(call["gathers"], {"CallSid": call["resource"]["sid"], "AccountSid": TWILIO, "Digits": "1"})
    return redirect("demo:phone")


def _answer(path: str, fields: dict[str, str]) -> None:
    """Ask Pulse as the provider would, and keep what it says to the phone."""
    try:
        said = twilio.post(path, fields, twilio.auth_token())
        found = _SAID.search(said)
        text = unescape(found[1]) if found else said
    except DeliveryFailed as failure:
        text = f"Pulse could not be reached: {failure}"
    keeping.keep(PLACE, {"kind": "answer", "text": text[:500]})


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    status = row.get("resource", {}).get("status", "")
    return row | {"at": datetime.fromisoformat(row["at"]), "title": TITLES[row["kind"]], "status": status}

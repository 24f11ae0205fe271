"""Pages of people and organisations that belong to no organisation: home, one-time sign-in, waiting."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tenants import signin, zones
from tenants.membership import organisations_of
from tenants.models import User
from tenants.personal_forms import TimeZoneForm
from tenants.requests import PublicRequest
from tenants.signup import signup_is_open

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_GET
def home(request: PublicRequest) -> HttpResponse:
    """A visitor sees what Pulse is; a member of one organisation goes straight there."""
    if not request.user.is_authenticated:
        return render(request, "landing.html", {"signup_is_open": signup_is_open()})
    memberships = organisations_of(request.user)
    if len(memberships) == 1:
        return HttpResponseRedirect(memberships[0].organisation.url)
    return render(request, "tenants/choose.html", {"choices": memberships})


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows a button: mail scanners and previews open links, and must not use them up."""
    if request.method == "GET":
        return render(request, "tenants/sign_in_link.html", {"token": token})
    user = signin.redeem(token)
    if user is None:
        return render(request, "tenants/sign_in_link.html", {"refused": True}, status=410)
    login(request, user, backend=BACKEND)
    if not user.has_usable_password():
        messages.info(
            request, "You are in. Choose a password in the menu under your name, to come back without a link."
        )
    return redirect("/")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def time_zone(request: PublicRequest) -> HttpResponse:
    """On whose clocks pages show times to this person."""
    form = TimeZoneForm(request.POST if request.method == "POST" else None, user=cast(User, request.user))
    back = zones.back_to(request)
    if form.is_valid():
        form.save()
        messages.success(request, "Times are shown on your clocks.")
        return redirect(back)
    context = {"form": form, "zones": zones.names(), "next": back, "browser": zones.of_browser(request)}
    return render(request, "tenants/time_zone.html", context, status=422 if form.is_bound else 200)


@never_cache
def waiting(request: HttpRequest) -> HttpResponse:
    """The organisation is being made: a page that asks again each second."""
    response = render(request, "tenants/waiting.html", status=503)
    response["Retry-After"] = response["Refresh"] = "1"
    return response

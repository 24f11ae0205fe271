"""Pages of channels: list, form, the secret that is shown once, and the test that takes the real path."""

from __future__ import annotations

from typing import get_args
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import channels, listing, measuring
from notifications.channel_forms import ChannelForm
from notifications.ledger.models import DeliveryState
from notifications.models import NotificationChannel
from notifications.overview import channel_row, channel_rows
from notifications.transports import TRANSPORTS
from notifications.transports.base import Group
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest

ANSWER = "channel-health"  # the element that shows a test's answer


@require_GET
@requires(Ability.VIEW)
def channel_list(request: TenantRequest) -> HttpResponse:
    return render(request, "notifications/channels.html", {"rows": channel_rows()})


@require_GET
@requires(Ability.VIEW)
def table(request: TenantRequest) -> HttpResponse:
    return render(request, "notifications/_channels.html", {"rows": channel_rows()})


@require_GET
@requires(Ability.EDIT_CHANNELS)
def choose_kind(request: TenantRequest) -> HttpResponse:
    groups = {
        group: [(kind, one) for kind, one in TRANSPORTS.items() if one.group == group]
        for group in get_args(Group)
    }
    return render(request, "notifications/channel_kind.html", {"groups": groups})


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_CHANNELS)
def create(request: TenantRequest, kind: str) -> HttpResponse:
    """A signing secret is shown in the very answer, so that it is kept nowhere in readable form."""
    if kind not in TRANSPORTS:
        raise Http404
    form = ChannelForm(request.POST if request.method == "POST" else None, kind=kind)
    if not form.is_valid():
        return _form(request, form, kind)
    channel, secret = channels.create(request.organisation, form.cleaned_data, Actor.person(request.user))
    if secret:
        return _secret(request, channel, secret, status=201)
    messages.success(request, f"{channel} is saved. Test it now, so that the first outage does not.")
    return redirect("notifications:channel-edit", channel.pk)


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_CHANNELS)
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    channel = get_object_or_404(NotificationChannel, pk=pk)
    form = ChannelForm(request.POST if request.method == "POST" else None, kind=channel.kind, channel=channel)
    if not form.is_valid():
        rotating = channels.is_rotating(request.organisation, channel)
        return _form(
            request, form, channel.kind, channel=channel, is_rotating=rotating, **_health(request, channel)
        )
    channel = channels.update(request.organisation, channel, form.cleaned_data, Actor.person(request.user))
    messages.success(request, f"{channel} is saved.")
    return redirect("notifications:channel-edit", pk)


@never_cache
@require_POST
@requires(Ability.EDIT_CHANNELS)
def rotate(request: TenantRequest, pk: UUID) -> HttpResponse:
    channel = _signing(pk)
    secret = channels.rotate(request.organisation, channel, Actor.person(request.user))
    return _secret(request, channel, secret, is_rotating=True)


@require_POST
@requires(Ability.EDIT_CHANNELS)
def end_rotation(request: TenantRequest, pk: UUID) -> HttpResponse:
    channel = _signing(pk)
    channels.end_rotation(request.organisation, channel, Actor.person(request.user))
    messages.success(request, "Only the newest secret signs from now on.")
    return redirect("notifications:channel-edit", pk)


@require_GET
@requires(Ability.EDIT_CHANNELS)
def health(request: TenantRequest, pk: UUID) -> HttpResponse:
    channel = get_object_or_404(NotificationChannel, pk=pk)
    return render(
        request, "notifications/_channel_health.html", {"channel": channel, **_health(request, channel)}
    )


@require_POST
@requires(Ability.EDIT_CHANNELS)
def test(request: TenantRequest, pk: UUID) -> HttpResponse:
    channel = get_object_or_404(NotificationChannel, pk=pk)
    subject = channels.test(request.organisation, channel, Actor.person(request.user))
    response = redirect("notifications:channel-edit", pk)
    response["Location"] += f"?test={subject}#{ANSWER}"
    return response


@require_POST
@requires(Ability.EDIT_CHANNELS)
def delete(request: TenantRequest, pk: UUID) -> HttpResponse:
    channel = get_object_or_404(NotificationChannel, pk=pk)
    name = channel.name
    cancelled = channels.delete(request.organisation, channel, Actor.person(request.user))
    waited = (
        f" {cancelled} waiting deliver{'y was' if cancelled == 1 else 'ies were'} cancelled."
        if cancelled
        else ""
    )
    messages.success(request, f"{name} is deleted.{waited}")
    return redirect("notifications:channels")


def _form(request: TenantRequest, form: ChannelForm, kind: str, **more: object) -> HttpResponse:
    context = {"form": form, "kind": kind, "transport": TRANSPORTS[kind], **more}
    return render(request, "notifications/channel_form.html", context, status=422 if form.is_bound else 200)


def _secret(
    request: TenantRequest,
    channel: NotificationChannel,
    secret: str,
    *,
    is_rotating: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {"channel": channel, "secret": secret, "is_rotating": is_rotating}
    return render(request, "notifications/channel_secret.html", context, status=status)


def _signing(pk: UUID) -> NotificationChannel:
    channel = get_object_or_404(NotificationChannel, pk=pk)
    if not TRANSPORTS[channel.kind].signs:
        raise Http404
    return channel


def _health(request: TenantRequest, channel: NotificationChannel) -> dict[str, object]:
    """How the channel stands; with `?test=` in the address, also what came of that test."""
    try:
        subject = UUID(request.GET["test"])
    except (KeyError, ValueError):
        subject = None
    tested = listing.of_test(subject) if subject else None
    mine = tested if tested and tested.delivery.channel_id == channel.pk else None
    final = mine is not None and mine.delivery.state not in (DeliveryState.PENDING, DeliveryState.SENDING)
    return {
        "row": channel_row(channel),
        "week": measuring.health(channel.pk, timezone.now()),
        "asked": subject,
        "tested": mine,
        "awaiting": subject is not None and not final,
    }

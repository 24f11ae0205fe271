"""Pages of how a person is reached: their methods, the proof of each, quiet hours. Everybody sees their own alone."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications.contacts import keeping, opening, proving, sending
from notifications.contacts.forms import CodeForm, ContactForm, DelayForm, QuietForm, delay_in_words
from notifications.contacts.models import ContactMethod, Quiet
from notifications.contacts.sending import NotPossible
from tenants.models import User
from tenants.requests import PublicRequest
from tenants.zones import zone_of


@never_cache
@login_required
@require_GET
def page(request: PublicRequest) -> HttpResponse:
    return _page(request)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def add(request: PublicRequest, kind: str) -> HttpResponse:
    if kind not in keeping.kinds():
        raise Http404
    form = ContactForm(request.POST if request.method == "POST" else None, user=_user(request), kind=kind)
    method = form.save() if form.is_valid() else None
    if method is None:
        context = {"form": form, "title": form.transport.title}
        return render(request, "contacts/form.html", context, status=422 if form.is_bound else 200)
    _send_code(request, method)
    return redirect("contacts:method", method.pk)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def method(request: PublicRequest, pk: UUID) -> HttpResponse:
    """Where the code is typed that was sent there."""
    found, form = _mine(request, pk), CodeForm(request.POST if request.method == "POST" else None)
    if found.is_account or found.verified_at:
        return redirect("contacts:page")
    if form.is_valid():
        try:
            proving.prove(found, form.cleaned_data["code"], timezone.now())
        except NotPossible as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, f"{found.label} is proven: you are told there from now on.")
            return redirect("contacts:page")
    context = {"method": found, "form": form, "recipient": opening.recipient(found)}
    return render(request, "contacts/method.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def send_code(request: PublicRequest, pk: UUID) -> HttpResponse:
    _send_code(request, _mine(request, pk))
    return redirect("contacts:method", pk)


@login_required
@require_POST
def test(request: PublicRequest, pk: UUID) -> HttpResponse:
    found = _mine(request, pk)
    try:
        answer = sending.test(found, timezone.now())
    except NotPossible as error:
        messages.error(request, f"{found.label}: {error}")
    else:
        messages.success(request, f"{found.label}: sent; {answer.text}.")
    return redirect("contacts:page")


@login_required
@require_POST
def delay(request: PublicRequest, pk: UUID) -> HttpResponse:
    found, form = _mine(request, pk), DelayForm(request.POST)
    if form.is_valid():
        keeping.delay(found, form.cleaned_data["after"])
        messages.success(
            request, f"{found.label} is used {'later' if form.cleaned_data['after'] else 'at once'}."
        )
    else:
        messages.error(request, " ".join(map(str, form.errors["after"])))
    return redirect("contacts:page")


@login_required
@require_POST
def remove(request: PublicRequest, pk: UUID) -> HttpResponse:
    found = _mine(request, pk)
    if keeping.remove(found):
        messages.success(request, f"{found.label} is removed.")
    else:
        messages.error(request, "The address of the account stays: change it with the account.")
    return redirect("contacts:page")


@never_cache
@login_required
@require_POST
def quiet(request: PublicRequest) -> HttpResponse:
    form = QuietForm(request.POST, quiet=None)
    if not form.is_valid():
        return _page(request, form, 422)
    keeping.keep_quiet(_user(request), form.cleaned_data, zone_of(request))
    messages.success(request, "Saved.")
    return redirect("contacts:page")


def _page(request: PublicRequest, quiet_form: QuietForm | None = None, status: int = 200) -> HttpResponse:
    user = _user(request)
    quiet = Quiet.objects.filter(user=user).first()
    titles = keeping.kinds()
    rows = [
        (one, titles.get(one.kind, one.kind), opening.recipient(one), delay_in_words(one))
        for one in keeping.methods(user)
    ]
    context = {
        "rows": rows,
        "kinds": titles,
        "quiet_form": quiet_form or QuietForm(quiet=quiet),
        "zone": zone_of(request),
        "has_zone": bool(user.time_zone),
    }
    return render(request, "contacts/page.html", context, status=status)


def _send_code(request: PublicRequest, method: ContactMethod) -> None:
    try:
        proving.send_code(method, timezone.now())
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.info(request, f"A code is on its way to {opening.recipient(method)}.")


def _mine(request: PublicRequest, pk: UUID) -> ContactMethod:
    """Another person's is as if there were none."""
    return get_object_or_404(ContactMethod.objects.select_related("user"), pk=pk, user=_user(request))


def _user(request: PublicRequest) -> User:
    return cast(User, request.user)

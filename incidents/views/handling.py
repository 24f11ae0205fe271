"""What people do to an incident from its page. Done twice, or by two at once, each gets a clear answer."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from incidents import affecting, assigning, handling, learning, merging, resolving
from incidents.declaring import declare, read_note
from incidents.forms import EditForm, NewIncidentForm, PostmortemForm
from incidents.handling import Contradiction
from incidents.models import Incident
from incidents.views.detail import find
from pulse.fields import ConfigError, FieldError
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest


@require_POST
@requires(Ability.ACKNOWLEDGE)
def acknowledgement(request: TenantRequest, pk: UUID) -> HttpResponse:
    by = Actor.person(request.user)
    if request.POST.get("end"):
        return _do(
            request, pk, lambda it: handling.release(request.organisation, it, by), "Nobody has it now."
        )
    incident = handling.acknowledge(request.organisation, find(pk), by)
    if incident.acknowledged_by_id == by.id:
        messages.success(request, "You have it. Everybody sees that.")
    elif incident.acknowledged_at:
        messages.warning(request, f"{incident.acknowledged_by} has it already.")
    else:
        messages.warning(request, "It was over before you took it.")
    return redirect("incidents:detail", pk)


@require_POST
@requires(Ability.HANDLE)
def resolution(request: TenantRequest, pk: UUID) -> HttpResponse:
    by = Actor.person(request.user)
    if request.POST.get("end"):
        return _do(
            request, pk, lambda it: resolving.reopen(request.organisation, it, by), "It is open again."
        )
    incident = find(pk)
    if incident.resolved_at:
        who = incident.resolved_by or "Its monitor"
        messages.warning(request, f"It was over already: {who} was first.")
        return redirect("incidents:detail", pk)
    return _do(request, pk, lambda it: resolving.resolve(request.organisation, it, by), "It is resolved.")


@require_POST
@requires(Ability.HANDLE)
def assignee(request: TenantRequest, pk: UUID) -> HttpResponse:
    by, chosen = Actor.person(request.user), request.POST.get("assignee", "")
    try:
        to = assigning.find(chosen) if chosen else None
    except FieldError as error:
        messages.error(request, str(error))
        return redirect("incidents:detail", pk)
    words = f"It is assigned to {to[1]}." if to else "It is assigned to nobody."
    return _do(request, pk, lambda it: handling.assign(request.organisation, it, to, by), words)


@require_POST
@requires(Ability.HANDLE)
def notes(request: TenantRequest, pk: UUID) -> HttpResponse:
    try:
        words = read_note({"text": request.POST.get("text", "")})
    except ConfigError as error:
        messages.error(request, error.errors[0][1])
        return redirect("incidents:detail", pk)
    handling.note(request.organisation, find(pk), words, Actor.person(request.user))
    return redirect("incidents:detail", pk)


@require_http_methods(["GET", "POST"])
@requires(Ability.HANDLE)
def create(request: TenantRequest) -> HttpResponse:
    form = NewIncidentForm(
        request.POST if request.method == "POST" else None, monitors=request.GET.getlist("monitor")
    )
    if not form.is_valid():
        return render(request, "incidents/new.html", {"form": form}, status=422 if form.is_bound else 200)
    incident, _ = declare(request.organisation, form.cleaned_data, Actor.person(request.user))
    messages.success(request, "It is open." + (" People are being told." if incident.is_told else ""))
    return redirect("incidents:detail", incident.pk)


@require_http_methods(["GET", "POST"])
@requires(Ability.HANDLE)
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    incident = find(pk)
    form = EditForm(request.POST if request.method == "POST" else None, incident=incident)
    if form.is_valid():
        by = Actor.person(request.user)
        try:
            handling.edit(request.organisation, incident, form.cleaned_data, by, form.seen)
            return redirect("incidents:detail", pk)
        except Contradiction as refusal:
            form.add_error(None, str(refusal))
            incident.refresh_from_db()
    context = {"form": form, "incident": incident}
    return render(request, "incidents/edit.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@requires(Ability.HANDLE)
def members(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Choose what is merged into it, and merge."""
    incident = find(pk)
    if request.method == "GET":
        context = {"incident": incident, "others": affecting.mergeable(incident)}
        return render(request, "incidents/merge.html", context)
    chosen = [identity for identity in map(_identity, request.POST.getlist("incident")) if identity]
    others = list(Incident.objects.filter(pk__in=chosen[: merging.MERGED_AT_MOST]))
    if not others:
        messages.error(request, "Choose at least one incident.")
        return redirect("incidents:members", pk)
    try:
        whole = merging.merge(request.organisation, incident, others, Actor.person(request.user))
    except Contradiction as refusal:
        messages.error(request, str(refusal))
        return redirect("incidents:detail", pk)
    messages.success(request, "They are one incident now.")
    return redirect("incidents:detail", whole.pk)


@require_POST
@requires(Ability.HANDLE)
def split(request: TenantRequest, pk: UUID, member: UUID) -> HttpResponse:
    part, by = find(member), Actor.person(request.user)
    words = f"{part.name} is an incident by itself now."
    return _do(request, pk, lambda it: merging.split(request.organisation, it, part, by), words)


@require_http_methods(["GET", "POST"])
@requires(Ability.VIEW)
def postmortem(request: TenantRequest, pk: UUID) -> HttpResponse:
    incident = find(pk)
    stored = learning.stored_of(incident)
    may_write = request.membership.may(Ability.HANDLE)
    text = stored.text if stored else learning.draft(incident)
    context: dict[str, object] = {
        "incident": incident,
        "stored": stored,
        "text": text,
        "may_write": may_write,
    }
    if request.method == "GET":
        begun = {"text": text, "version": stored.version if stored else 0}
        return render(request, "incidents/postmortem.html", context | {"form": PostmortemForm(initial=begun)})
    return _write(request, incident, context) if may_write else HttpResponse(status=403)


def _write(request: TenantRequest, incident: Incident, context: dict[str, object]) -> HttpResponse:
    form = PostmortemForm(request.POST)
    if form.is_valid():
        typed, by = form.cleaned_data, Actor.person(request.user)
        try:
            words, version = learning.read({"text": typed["text"], "version": typed["version"]})
            learning.save(request.organisation, incident, words, version, by)
            messages.success(request, "The postmortem is saved.")
            return redirect("incidents:postmortem", incident.pk)
        except ConfigError as error:
            form.add_error("text", error.errors[0][1])
        except learning.Overtaken as refusal:
            form.add_error(None, str(refusal))
            # What one typed stays; the next save is one over the text that is shown beside it.
            form.data = {**typed, "version": refusal.stored.version}
            context |= {"theirs": refusal.stored}
    return render(request, "incidents/postmortem.html", context | {"form": form}, status=422)


def _do(request: TenantRequest, pk: UUID, verb: Callable[[Incident], object], words: str) -> HttpResponse:
    """Do one thing to an incident and say so, or say why not."""
    try:
        verb(find(pk))
        messages.success(request, words)
    except Contradiction as refusal:
        messages.warning(request, str(refusal))
    return redirect("incidents:detail", pk)


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

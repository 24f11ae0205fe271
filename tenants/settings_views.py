"""Settings and team: members and their roles, API keys, the mute of everything."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from pulse import links
from tenants import keys, membership, muting, retention, signin
from tenants.abilities import Ability, Role
from tenants.access import requires
from tenants.actors import Actor
from tenants.models import ApiKey, Membership
from tenants.requests import TenantRequest
from tenants.settings_forms import KeyForm, MemberForm, MuteForm, RetentionForm, RoleForm


@never_cache
@require_GET
@requires(Ability.MANAGE_MEMBERS)
def settings(request: TenantRequest) -> HttpResponse:
    return _page(request)


@require_POST
@requires(Ability.MUTE)
def mute(request: TenantRequest) -> HttpResponse:
    by, form = Actor.person(request.user), MuteForm(request.POST)
    if "unmute" in request.POST:
        muting.unmute(request.organisation, by)
    elif form.is_valid():
        muting.mute(request.organisation, timezone.now() + form.cleaned_data["duration"], by)
        messages.warning(request, "Everything is muted. Checks go on; messages wait until the mute ends.")
    else:
        messages.error(request, "Choose for how long to mute everything.")
    return redirect("tenants:settings" if "from_settings" in request.POST else "dashboard:now")


@require_POST
@requires(Ability.SET_RETENTION)
def keep_results(request: TenantRequest) -> HttpResponse:
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _page(request, retention_form=form, status=422)
    retention.keep_results(request.organisation, form.cleaned_data["days"], Actor.person(request.user))
    messages.success(request, "Saved. What is older than that goes within the hour.")
    return redirect("tenants:settings")


@never_cache
@require_POST
@requires(Ability.MANAGE_MEMBERS)
def add_member(request: TenantRequest) -> HttpResponse:
    """A link for somebody new is shown in the very answer, so that it is kept nowhere in readable form."""
    form = MemberForm(request.POST, by=request.membership)
    if not form.is_valid():
        return _page(request, member_form=form, status=422)
    email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
    try:
        member = membership.invite(request.membership, email, role)
    except membership.MembershipError as error:
        form.add_error("email", str(error))
        return _page(request, member_form=form, status=422)
    messages.success(request, f"{member.user} is {role} now.")
    if not membership.needs_link(member):
        return redirect("tenants:settings")
    return _page(request, invited=member.user, link=request.build_absolute_uri(signin.make_link(member.user)))


@require_POST
@requires(Ability.MANAGE_MEMBERS)
def change_member(request: TenantRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    form = RoleForm(request.POST, by=request.membership)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["role"])))
        return redirect("tenants:settings")
    try:
        membership.change(request.membership, member, Role(form.cleaned_data["role"]))
    except membership.MembershipError as error:
        messages.error(request, str(error))
    return redirect("tenants:settings")


@require_POST
@requires(Ability.MANAGE_MEMBERS)
def remove_member(request: TenantRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    try:
        membership.expel(request.membership, member)
    except membership.MembershipError as error:
        messages.error(request, str(error))
        return redirect("tenants:settings")
    if member.user == request.user:
        return redirect(links.public_path("tenants:home"))
    messages.success(request, f"{member.user} is no longer a member.")
    return redirect("tenants:settings")


@never_cache
@require_POST
@requires(Ability.MANAGE_KEYS)
def create_key(request: TenantRequest) -> HttpResponse:
    """The key is shown in the very answer, this once."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, key_form=form, status=422)
    values, by = form.cleaned_data, Actor.person(request.user)
    row, key = keys.create(request.organisation, values["name"], values["scopes"], by, values["expires_at"])
    example = f'curl -H "Authorization: Bearer {key}" {links.absolute("/v1/monitors")}'
    return _page(request, made=row, key=key, example=example)


@require_POST
@requires(Ability.MANAGE_KEYS)
def revoke_key(request: TenantRequest, pk: UUID) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk, organisation=request.organisation)
    keys.revoke(key, Actor.person(request.user))
    messages.success(request, f"The key {key.name} no longer works.")
    return redirect("tenants:settings")


def _member(request: TenantRequest, pk: int) -> Membership:
    members = Membership.objects.select_related("user", "organisation")
    return get_object_or_404(members, pk=pk, organisation=request.organisation)


def _page(request: TenantRequest, *, status: int = 200, **given: object) -> HttpResponse:
    by, organisation = request.membership, request.organisation
    members = organisation.memberships.select_related("user").order_by("user__email")
    context = {
        "members": members,
        "roles": RoleForm(by=by).fields["role"].choices,  # type: ignore[attr-defined]
        "keys": organisation.api_keys.filter(revoked_at=None).order_by("-created_at"),
        "member_form": MemberForm(by=by),
        "key_form": KeyForm(),
        "mute_form": MuteForm(),
        "retention_form": RetentionForm(initial={"days": organisation.results_kept_days}),
    }
    return render(request, "tenants/settings.html", context | given, status=status)

"""Move `/o/<slug>` from the path to the script prefix, and enter the organisation if one may; the reader's clocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone

from pulse.errors import not_found
from pulse.logs import bind
from pulse.scoping import in_tenant
from tenants.models import SLUG, Membership, Organisation
from tenants.zones import zone_of

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.requests import PublicRequest, TenantRequest

PREFIX = re.compile(r"^/o/([^/]*)(/.*)?$", re.DOTALL)


class OrganisationMiddleware:
    """Every `{% url %}` below then carries the prefix by itself, the admin's and the API's too.

    The prefix is computed from the request's own SCRIPT_NAME: Django's get_script_prefix() lives in
    the thread and would pile up. Whoever is no member gets the answer of a slug that does not exist.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PublicRequest) -> HttpResponse:
        match = PREFIX.match(request.path_info)
        if not match:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={quote(request.get_full_path())}")
        membership = find_membership(match[1], request.user.pk)
        if membership is None:
            return not_found(request, Http404())
        if match[2] is None:
            return HttpResponseRedirect(request.get_full_path(force_append_slash=True))
        return self._inside(cast("TenantRequest", request), membership, match[2])

    def _inside(self, request: TenantRequest, membership: Membership, path: str) -> HttpResponse:
        organisation = membership.organisation
        request.membership, request.organisation = membership, organisation
        ready = organisation.state == Organisation.State.READY
        request.urlconf = settings.TENANT_URLCONF if ready else "pulse.urls.waiting"
        before, script_name = get_script_prefix(), request.META.get("SCRIPT_NAME", "")
        request.path_info = request.META["PATH_INFO"] = path
        request.META["SCRIPT_NAME"] = f"{script_name}/o/{organisation.slug}"
        set_script_prefix(request.META["SCRIPT_NAME"] + "/")
        bind(organisation=organisation.slug)
        try:
            if not ready:
                return self.get_response(request)
            with in_tenant(organisation):
                return _rendered(self.get_response(request))
        finally:
            set_script_prefix(before)


class TimeZoneMiddleware:
    """Pages show times on the reader's clocks. Scripts send no cookie, so theirs are UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(ZoneInfo(zone_of(request))):
            return self.get_response(request)


def find_membership(slug: str, user_id: UUID) -> Membership | None:
    """Resolved afresh for every request and socket: a changed role holds from the next one on."""
    try:
        SLUG(slug)  # what cannot be a slug never reaches the database, which chokes on NUL
    except ValidationError:
        return None
    return (
        Membership.objects.select_related("organisation")
        .filter(organisation__slug=slug, user_id=user_id, user__is_active=True)
        .exclude(organisation__state=Organisation.State.SUSPENDED)
        .first()
    )


def _rendered(response: HttpResponse) -> HttpResponse:
    """A TemplateResponse that is still to be rendered must be so inside the organisation."""
    if callable(render := getattr(response, "render", None)):
        render()
    return response

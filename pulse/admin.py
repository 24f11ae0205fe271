"""Two admin sites: `/admin/` for the installation, `/o/<slug>/admin/` for one organisation's own rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from pulse.links import public_path
from tenants.abilities import Ability


def install() -> None:
    """Sign-in, sign-out and passwords have one door each, with throttles: the site's own pages."""
    site = admin.site
    site.site_header = site.site_title = "Pulse"
    site.index_title = "This installation"
    site.login = secure_admin_login(site.login)  # type: ignore[method-assign]
    site.logout = to_page("account_logout")  # type: ignore[method-assign,assignment]
    site.password_change = to_page("account_change_password")  # type: ignore[method-assign,assignment]
    register_rows()


def to_page(view: str) -> Callable[..., HttpResponse]:
    """307 keeps a POST what it is."""

    def go(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect(public_path(view), preserve_request=True)

    return go


class OrganisationAdmin(admin.AdminSite):
    """Permission comes from the ability table, not from Django's per-model permissions."""

    site_header = site_title = "Pulse"
    index_title = "This organisation's rows"

    def has_permission(self, request: HttpRequest) -> bool:
        membership = getattr(request, "membership", None)
        return bool(membership and membership.may(Ability.MANAGE_ORGANISATION))

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Whoever is inside an organisation is signed in: what is missing is the role, not a password."""
        guarded = super().admin_view(view, cacheable)

        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not self.has_permission(request):
                raise PermissionDenied(f"Only an owner may {Ability.MANAGE_ORGANISATION.value}.")
            return guarded(request, *args, **kwargs)

        return checked

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("organisation-admin:index")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return to_page("account_logout")(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return to_page("account_change_password")(request)


class ReadOnlyRows(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows are looked at here and changed by the pages' verbs, which keep schedule, audit and facts in step."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


organisation_admin = OrganisationAdmin(name="organisation-admin")


def register_rows() -> None:
    """Called when all apps are loaded."""
    from incidents.models import Incident, TimelineEntry
    from monitors.models import Monitor
    from notifications.models import NotificationChannel, Rule

    for model, columns, hidden in (
        (Monitor, ("name", "kind", "target", "enabled"), ()),
        (Incident, ("__str__", "started_at", "resolved_at"), ()),
        (TimelineEntry, ("at", "kind", "text"), ()),
        (NotificationChannel, ("name", "kind", "disabled_at"), ("sealed_secret",)),
        (Rule, ("name", "enabled"), ()),
    ):
        attributes = {"list_display": columns, "exclude": hidden}
        organisation_admin.register(model, type(f"{model.__name__}Rows", (ReadOnlyRows,), attributes))

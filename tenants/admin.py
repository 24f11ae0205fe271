"""The installation's own admin: organisations and people. Secrets are never shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pulse import live
from tenants import keys
from tenants.actors import Actor
from tenants.models import ApiKey, Membership, Organisation, User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    exclude = ("password", "user_permissions", "groups")
    readonly_fields = ("last_login", "date_joined")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Somebody new gets no password but a link: `manage.py sign_in_link`. Who is closed out is so at once."""
        if not change:
            obj.set_unusable_password()
        obj.email = obj.email.lower()
        super().save_model(request, obj, form, change)
        live.recheck(obj.pk)


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug", "state", "created_at")
    search_fields = ("name", "slug")
    fields = ("name", "slug", "state", "schema_name", "created_at")
    readonly_fields = ("slug", "schema_name", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # create_org and sign-up provision the schema too

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for user_id in obj.memberships.values_list("user_id", flat=True):
            live.recheck(user_id)


class Looking(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only their verbs may change, which write the audit trail and keep the last owner."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(Looking):
    """Changed on an organisation's settings page, or with `manage.py add_member`."""

    list_display = ("organisation", "user", "role")
    list_select_related = ("organisation", "user")
    search_fields = ("user__email", "organisation__slug")


@admin.register(ApiKey)
class ApiKeyAdmin(Looking):
    list_display = ("name", "organisation", "prefix", "last_four", "revoked_at", "last_used_at")
    list_select_related = ("organisation",)
    search_fields = ("name", "organisation__slug")
    actions = ("revoke",)

    @admin.action(description="Revoke the chosen keys", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset.select_related("organisation"):
            keys.revoke(key, Actor.person(request.user))  # type: ignore[arg-type]

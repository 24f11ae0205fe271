"""Each view declares its resource; the key's scopes say whether it may read or write it."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.abilities import scope_allows
from tenants.models import ApiKey


class Scoped(BasePermission):
    """Deny by default: a view without `resource`, or a `scope` of its own, is refused to everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        resource = getattr(view, "resource", "")
        verb = "read" if request.method in SAFE_METHODS else "write"
        wanted = getattr(view, "scope", "") or (f"{resource}:{verb}" if resource else "")
        self.message = f"This key's scopes do not include {wanted}."
        key = cast(ApiKey | None, request.auth)
        return bool(wanted) and key is not None and scope_allows(key.scopes, wanted)

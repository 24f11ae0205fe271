"""Say beside each page what it takes to open it; a page without a word is refused by a test."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from tenants.abilities import Ability
from tenants.requests import TenantRequest

P = ParamSpec("P")
View = Callable[Concatenate[TenantRequest, P], HttpResponse]


def requires(ability: Ability) -> Callable[[View[P]], View[P]]:
    """Refuse (403) a member whose role lacks the ability. The organisation's wall stands before it."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: TenantRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.membership.may(ability):
                raise PermissionDenied(f"Your role ({request.membership.role}) may not {ability.value}.")
            return view(request, *args, **kwargs)

        guarded.ability = ability  # type: ignore[attr-defined]
        return guarded

    return decorate

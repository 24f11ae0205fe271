"""What every view of the API does: enter the key's organisation for as long as it works."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pulse.logs import bind
from pulse.scoping import in_tenant
from tenants.actors import Actor
from tenants.models import ApiKey, Organisation


class LengthRequired(APIException):
    status_code = 411
    default_detail = "Send the body with a Content-Length, not in chunks."


class View(APIView):
    """Subclasses set `resource` (what scopes speak of), or one `scope`; without it every request is refused."""

    resource = ""
    scope = ""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as self._scope:
            response = super().dispatch(request, *args, **kwargs)
            if isinstance(response, Response) and not response.is_rendered:
                response.render()
            response["Cache-Control"] = "no-store"
            return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # WSGI has no body without a length: taken as empty, it would be called incomplete instead.
        if "Transfer-Encoding" in request.headers and not request.headers.get("Content-Length"):
            raise LengthRequired

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        if request.auth is not None:
            self._scope.enter_context(in_tenant(self.organisation))
            bind(organisation=self.organisation.slug)

    @property
    def key(self) -> ApiKey:
        return cast(ApiKey, self.request.auth)

    @property
    def organisation(self) -> Organisation:
        return self.key.organisation

    @property
    def actor(self) -> Actor:
        return Actor.key(self.key)


def find(rows: QuerySet[Any], pk: str) -> Any:
    """One row by its id as text. Unknown, foreign and malformed are the same 404."""
    try:
        return rows.get(pk=UUID(pk))
    except (ValueError, rows.model.DoesNotExist):
        raise Http404 from None


def lock(rows: QuerySet[Any], pk: str) -> Any:
    """The same, held until the transaction ends: what is read of it and then written cannot change between.

    Without the key, so that the recorder's foreign keys to the row do not wait for it.
    """
    return find(rows.select_for_update(no_key=True), pk)

"""`/v1/openapi.json`: the API described for programs (OpenAPI 3.1), the same for everybody."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from pulse.api.problems import MEANING, problem


class BearerKey(OpenApiAuthenticationExtension):
    target_class = "pulse.api.authentication.ApiKeyAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key: `ppk_live_…`."}


def openapi(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return problem(405, MEANING[405], headers={"Allow": "GET, HEAD"})
    response = HttpResponse(document(), content_type="application/json")
    response["Cache-Control"] = "public, max-age=300"
    return response


@cache
def document() -> bytes:
    """Made once a process: it takes most of a second, and anybody may ask for it."""
    return json.dumps(SchemaGenerator().get_schema(request=None, public=True)).encode()


def without_slashes(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Show each address as it is written in links; the slash at its end is only tolerated."""
    result["paths"] = {path.rstrip("/"): operations for path, operations in result["paths"].items()}
    return result

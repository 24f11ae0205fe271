"""The pages for what went wrong, the same for everybody who meets them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Says nothing about the path: what is not yours looks like what does not exist."""
    return render(request, "404.html", {"bare": True}, status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", {"bare": True}, status=400)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"bare": True, "reason": str(exception)}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    why = "This form is no longer valid: go back, reload the page and send it again."
    return render(request, "403.html", {"bare": True, "reason": why}, status=403)

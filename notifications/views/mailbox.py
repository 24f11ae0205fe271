"""The local mailbox: where e-mail goes that has no server to go to. For the installation's operators only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp, csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from notifications.ledger.models import LocalMail

SHOWN = 200
# A mail's own page in a frame: no script, no form, no fetch, nothing but its inline styles.
NOTHING_ACTIVE = {
    "sandbox": True,
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
}


def for_operators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mails hold links that reset passwords: whoever is no superuser gets what an unknown address gives."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (request.user.is_authenticated and request.user.is_superuser):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@require_GET
@for_operators
def mail_list(request: HttpRequest) -> HttpResponse:
    mails = LocalMail.objects.defer("text", "html")[:SHOWN]
    return render(request, "notifications/mailbox.html", {"mails": mails})


@never_cache
@csp_update({"frame-src": ["'self'"]})
@require_GET
@for_operators
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "notifications/mail.html", {"mail": get_object_or_404(LocalMail, pk=pk)})


@never_cache
@xframe_options_sameorigin
@csp(NOTHING_ACTIVE)
@require_GET
@for_operators
def mail_html(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse(get_object_or_404(LocalMail.objects.exclude(html=""), pk=pk).html)

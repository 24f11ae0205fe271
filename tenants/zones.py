"""On whose clocks a page shows times: those that the person chose, else those of the browser."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest

COOKIE = "zone"  # written by zone.js from what the browser says
UTC = "UTC"


def zone_of(request: HttpRequest) -> str:
    """The name of a time zone that there is."""
    user: Any = getattr(request, "user", None)
    chosen = getattr(user, "time_zone", "")
    return chosen if is_zone(chosen) else of_browser(request)


def of_browser(request: HttpRequest) -> str:
    said = request.COOKIES.get(COOKIE, "")
    return said if is_zone(said) else UTC


def back_to(request: HttpRequest) -> str:
    """The page that somebody came from to choose, if it is one of ours."""
    came = request.POST.get("next", "") or urlsplit(request.headers.get("Referer", "")).path
    return came if url_has_allowed_host_and_scheme(came, allowed_hosts=None) and came != request.path else "/"


def is_zone(name: str) -> bool:
    return name in _known()


def names() -> list[str]:
    """For people to choose from."""
    return sorted(
        name
        for name in _known()
        if name == UTC or ("/" in name and not name.startswith(("Etc/", "SystemV/")))
    )


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())

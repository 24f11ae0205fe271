"""Addresses for messages and answers: absolute, made the same way in a request and in a worker."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import get_resolver, get_script_prefix, reverse, set_script_prefix


def absolute(path: str) -> str:
    return f"{settings.PULSE_BASE_URL}{path}"


def path_in(slug: str, view: str, *args: Any) -> str:
    """The path of an organisation's page: `/o/<slug>/…`."""
    return f"/o/{slug}{_bare(view, settings.TENANT_URLCONF, args)}"


def page_of(slug: str, view: str, *args: Any) -> str:
    """The absolute address of an organisation's page."""
    return absolute(path_in(slug, view, *args))


def public_path(view: str, *args: Any) -> str:
    """The path of a page that belongs to no organisation, also from inside one."""
    return _bare(view, settings.ROOT_URLCONF, args)


def prepare() -> None:
    """Read all addresses now: the first message of a worker would wait for that, with an outage under way."""
    assert get_resolver(settings.TENANT_URLCONF).reverse_dict is not None


def _bare(view: str, urlconf: str, args: tuple[Any, ...]) -> str:
    prefix = get_script_prefix()
    set_script_prefix("/")
    try:
        return reverse(view, urlconf=urlconf, args=args)
    finally:
        set_script_prefix(prefix)

"""Where a page is: element ids that live updates can find, and the section of the navigation."""

from __future__ import annotations

from collections.abc import Collection

from django import template
from django.db.models import Model
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from pulse.links import path_in, public_path

register = template.Library()


@register.simple_tag
def dom_id(thing: Model, part: str = "") -> str:
    """`monitor_0190…_row`: one id for the page's include, the htmx answer and the live push."""
    name = f"{type(thing).__name__.lower()}_{thing.pk}"
    return f"{name}_{part}" if part else name


@register.simple_tag(takes_context=True)
def current(context: Context, *prefixes: str) -> SafeString:
    """` aria-current="page"` if the view's name (`monitors:list`) starts with one of `prefixes`.

    Inside a section, on another page than its first, the value is `true`: `current "monitors:"`.
    """
    match = getattr(context.get("request"), "resolver_match", None)
    name = match.view_name if match else ""
    if not name.startswith(prefixes):
        return mark_safe("")
    first_page = name in prefixes or name.endswith((":list", ":now"))
    return format_html(' aria-current="{}"', "page" if first_page else "true")


@register.simple_tag
def public_url(view: str, *args: object) -> str:
    """The path of a page outside all organisations (sign-out), also from inside one."""
    return public_path(view, *args)


@register.simple_tag
def url_in(slug: str, view: str, *args: object) -> str:
    """The path of an organisation's page, also where no request is: a worker that renders what it pushes."""
    return path_in(slug, view, *args)


@register.filter
def can(abilities: Collection[str] | None, ability: str) -> bool:
    """`{% if abilities|can:"edit monitors" %}`; no abilities, no right."""
    return ability in (abilities or ())

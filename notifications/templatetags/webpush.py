"""What a page needs to subscribe a browser."""

from __future__ import annotations

from django import template

from notifications.transports import webpush

register = template.Library()


@register.simple_tag
def webpush_key() -> str:
    """The public half of the key that services of browsers know this installation by."""
    return webpush.public_key()

"""Form controls with the classes of field.css."""

from __future__ import annotations

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: BoundField, autocomplete: str = "", placeholder: str = "") -> SafeString:
    """The widget of `field`, with what was typed; Django itself adds aria-invalid and aria-describedby."""
    choice = isinstance(field.field.widget, CheckboxInput | CheckboxSelectMultiple | RadioSelect)
    attrs: dict[str, str | bool] = {"class": "field__choice" if choice else "field__control"}
    if autocomplete:
        attrs["autocomplete"] = autocomplete
    if placeholder:
        attrs["placeholder"] = placeholder
    return field.as_widget(attrs=attrs)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether `field` is one box to tick, which stands before its label."""
    return isinstance(field.field.widget, CheckboxInput)

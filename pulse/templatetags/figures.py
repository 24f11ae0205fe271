"""Figures as people read them; each with the unit apart, so that columns line up."""

from __future__ import annotations

from typing import Any

from django import template

from pulse.charts import units

register = template.Library()


@register.filter
def thousands(value: int | None) -> str:
    """`1284` → `1,284`; None is a dash."""
    return "—" if value is None else f"{value:,}"


@register.filter
def milliseconds(value: float | None) -> str:
    """`812.4` → `812 ms`, `0.42` → `0.4 ms`, `0.042` → `0.04 ms`, `12400` → `12.4 s`; None is a dash."""
    if value is None:
        return "—"
    if value >= 10_000:
        return f"{value / 1000:.1f} s"
    if 0 < value < 0.1:
        return f"{value:.2f} ms"
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"


@register.filter
def percent(share: float | None) -> str:
    """A share of 1 in per cent with up to three decimals, never rounded up to 100: `0.99999` → `99.999`."""
    if share is None:
        return "—"
    # Cut, not rounded: "100 %" is a claim that only a flawless record may make.
    cut = int(share * 100_000 + 1e-6) / 1000
    return f"{cut:.3f}".rstrip("0").rstrip(".")


@register.filter
def figure(value: Any) -> Any:
    """A number in at most four digits: `50291334.73` → `50.29 M`; anything else as it is."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return units.shown(float(value), "") if is_number else value


@register.filter
def begun(text: str) -> str:
    """With a capital, to begin a sentence: `cannot resolve` → `Cannot resolve`; a name like `cpu.percent` stays."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.rstrip(",:;").replace("-", "").isalpha() else text

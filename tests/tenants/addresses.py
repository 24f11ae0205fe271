"""Every address of a URLconf, made by walking it: a new page is tested before anybody thinks of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
SAMPLES = {"uuid": UNKNOWN, "int": "7", "slug": "x", "str": "x", "path": "x"}
METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
CONVERTER = re.compile(r"<(?:(\w+):)?\w+>")
GROUP = re.compile(r"\((?:\?P<\w+>)?[^()]*\)")


def addresses(urlconf: str) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """(path without the leading slash, namespace, view) for each pattern."""
    yield from _walk(get_resolver(urlconf).url_patterns, "", "")


def _walk(patterns: list[Any], prefix: str, namespace: str) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for pattern in patterns:
        path = prefix + _sample(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern):
            yield path, namespace, pattern.callback


def _sample(pattern: Any) -> str:
    if isinstance(pattern, RoutePattern):
        return CONVERTER.sub(lambda match: SAMPLES[match[1] or "str"], str(pattern))
    assert isinstance(pattern, RegexPattern)
    text = str(pattern).replace("/?$", "").replace("\\.", ".").replace("\\Z", "")
    return GROUP.sub("x", text).lstrip("^").rstrip("$")

"""Keep secrets out of what is shown: a target that echoes one, in an error or a banner, must not publish it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
# A shorter one would be found in words that have nothing to do with it.
SHORTEST = 4
# No text without one of these holds an escape.
_MARKS = "\\%&+"
_UNICODE = re.compile(r"\\u([0-9a-f]{4})")
_PERCENT = re.compile(r"%[0-9A-F]{2}")


def secrets_of(config: Any) -> tuple[str, ...]:
    """The secrets among a kind's settings, the longest first.

    They are what its dataclass keeps out of `repr`, with the values of "Name: value" lines; or its own `secrets`.
    """
    own: Sequence[str] | None = getattr(config, "secrets", None)
    if own is None:
        if not is_dataclass(config):
            return ()
        values = [getattr(config, field.name) for field in fields(config) if not field.repr]
        own = [part for value in values for part in _parts(value)]
    return tuple(sorted((value for value in own if len(value) >= SHORTEST), key=len, reverse=True))


def _parts(value: str) -> list[str]:
    lines = value.splitlines()
    return [value, *(line.partition(":")[2].strip() for line in lines)]


def without(value: Any, secrets: Sequence[str]) -> Any:
    """`value`, JSON, with every secret in its texts and names replaced, and the beginning of one at a text's end.

    Texts come here cut to a length, perhaps in the midst of a secret.
    """
    if isinstance(value, str):
        if secrets:
            if any(mark in value for mark in _MARKS):
                secrets = _as_written(secrets)
            for one in secrets:
                value = value.replace(one, HIDDEN)
            value = _without_beginning(value, secrets)
        return value.replace("\0", "\ufffd")  # PostgreSQL's jsonb takes no NUL
    if isinstance(value, list):
        return [without(one, secrets) for one in value]
    if isinstance(value, dict):
        return {without(name, secrets): without(one, secrets) for name, one in value.items()}
    return value


def _as_written(secrets: Sequence[str]) -> list[str]:
    """Each as it is, and as an answer may have it: escaped in JSON, in HTML or in a URL; the longest first."""
    forms: set[str] = set(secrets)
    for one in secrets:
        if one.isascii() and one.isalnum():
            continue
        for text in (json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1]):
            forms |= {text, text.replace("/", "\\/"), _UNICODE.sub(_upper, text)}
        url = one.encode("utf-8", "replace")
        for text in (quote(url), quote(url, safe=""), quote_plus(url)):
            forms |= {text, _PERCENT.sub(_lower, text)}
        text = html.escape(one)
        forms |= {
            html.escape(one, quote=False),
            text,
            text.replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        }
    return sorted(forms, key=len, reverse=True)


def _upper(match: re.Match[str]) -> str:
    return f"\\u{match[1].upper()}"


def _lower(match: re.Match[str]) -> str:
    return match[0].lower()


def _without_beginning(text: str, secrets: Sequence[str]) -> str:
    kept = text.removesuffix("…")
    for one in secrets:
        for length in range(min(len(one) - 1, len(kept)), SHORTEST - 1, -1):
            if one[length - 1] == kept[-1] and kept.endswith(one[:length]):
                return kept[:-length] + HIDDEN + text[len(kept) :]
    return text

"""Keep secrets out of what is shown: a target that echoes one, in an error or a banner, must not publish it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
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

    They are what its dataclass keeps out of `repr`, with the values of "Name: value" lines and what is `bare` of them;
    or its own `secrets`.
    """
    own: Sequence[str] | None = getattr(config, "secrets", None)
    if own is None:
        if not is_dataclass(config):
            return ()
        own = [
            part
            for field in fields(config)
            if not field.repr
            for part in _parts(field.name, getattr(config, field.name))
        ]
    return tuple(sorted((value for value in own if len(value) >= SHORTEST), key=len, reverse=True))


def _parts(name: str, value: str) -> list[str]:
    lines = [line.partition(":")[2].strip() for line in value.splitlines()]
    credentials = [value] if name == "authorization" else lines
    return [value, *lines, *map(bare, credentials)]


def bare(credentials: str) -> str:
    """What comes after a scheme, as in `Bearer abc`: who checks it often tells of it alone (RFC 9110, 11.4)."""
    return credentials.strip().partition(" ")[2].strip()


def without(value: Any, secrets: Sequence[str]) -> Any:
    """`value`, JSON, with every secret in its texts and names replaced, and the beginning of one at a text's end.

    Texts come here cut to a length, perhaps in the midst of a secret.
    """
    whole = "\n".join(_texts(value))
    forms = _as_written(tuple(secrets)) if secrets and any(mark in whole for mark in _MARKS) else secrets
    # Of many secrets in many texts hardly one is there: the others are looked for once, in all texts together.
    present = [one for one in forms if one in whole]
    begun = [one for one in forms if one[:SHORTEST] in whole]
    return _cleaned(value, present, begun)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(name)
            yield from _texts(one)


def _cleaned(value: Any, present: Sequence[str], begun: Sequence[str]) -> Any:
    if isinstance(value, str):
        for one in present:
            value = value.replace(one, HIDDEN)
        # PostgreSQL's jsonb takes no NUL.
        return _without_beginning(value, begun).replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_cleaned(one, present, begun) for one in value]
    if isinstance(value, dict):
        return {_cleaned(name, present, begun): _cleaned(one, present, begun) for name, one in value.items()}
    return value


@lru_cache(64)
def _as_written(secrets: tuple[str, ...]) -> list[str]:
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
        start = one[:SHORTEST]
        at = kept.find(start, max(0, len(kept) - len(one) + 1))
        while at >= 0:
            if one[len(kept) - at - 1] == kept[-1] and one.startswith(kept[at:]):
                return kept[:at] + HIDDEN + text[len(kept) :]
            at = kept.find(start, at + 1)
    return text

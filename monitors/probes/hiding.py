"""Keep secrets out of what is shown: a target that echoes one, in an error or a banner, must not publish it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

HIDDEN = "[secret]"
# A shorter one would be found in words that have nothing to do with it.
SHORTEST = 4


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
            for one in secrets:
                value = value.replace(one, HIDDEN)
            value = _without_beginning(value, secrets)
        return value.replace("\0", "\ufffd")  # PostgreSQL's jsonb takes no NUL
    if isinstance(value, list):
        return [without(one, secrets) for one in value]
    if isinstance(value, dict):
        return {without(name, secrets): without(one, secrets) for name, one in value.items()}
    return value


def _without_beginning(text: str, secrets: Sequence[str]) -> str:
    kept = text.removesuffix("…")
    for one in secrets:
        for length in range(min(len(one) - 1, len(kept)), SHORTEST - 1, -1):
            if kept.endswith(one[:length]):
                return kept[:-length] + HIDDEN + text[len(kept) :]
    return text

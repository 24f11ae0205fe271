"""What all of these services check: a body of the documented shape, and nothing else in it."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from tests.peers.providers import Asked

TEXT = {"type": "string"}
URL = {"type": "string", "pattern": "^https?://", "maxLength": 3000}


class Wrong(Exception):
    """The service would refuse it; says what is wrong."""


def text(longest: int, shortest: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def shape(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
        "additionalProperties": False,
    }


def many(item: dict[str, Any], most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": item, "maxItems": most, "minItems": least}


def read(asked: Asked, schema: dict[str, Any], largest: int = 1 << 20) -> Any:
    """The JSON that was sent. Raises Wrong where the service would refuse it."""
    if not asked.headers.get("content-type", "").startswith("application/json"):
        raise Wrong(f"content type {asked.headers.get('content-type')}")
    if len(asked.body) > largest:
        raise Wrong(f"{len(asked.body)} bytes")
    document = json.loads(asked.body)
    for error in Draft202012Validator(schema).iter_errors(document):
        raise Wrong(f"{error.json_path}: {error.message[:300]}")
    return document

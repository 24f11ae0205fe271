"""Identifiers that the outside sees: UUIDv7 (RFC 9562), ordered by time, made in Python."""

from __future__ import annotations

import uuid

import uuid_utils


def uuid7() -> uuid.UUID:
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)

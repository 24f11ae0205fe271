"""The one way into an organisation, and the one way to see the machine rows of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.db import connection
from django_tenants.utils import get_public_schema_name


class Tenant(Protocol):
    """What a scope needs of an organisation: its schema and its number in shared tables."""

    schema_name: str

    @property
    def no(self) -> int: ...


class ScopeError(RuntimeError):
    """The code tried to be in two organisations at once."""


def current() -> Any:
    """The organisation whose scope this thread is in, or None."""
    tenant = connection.tenant  # type: ignore[attr-defined]
    return tenant if getattr(tenant, "no", None) else None


@contextmanager
def in_tenant(tenant: Tenant) -> Iterator[None]:
    """Run the block in one organisation: its schema first on the path, its number in the row policies.

    Entering the same organisation again is free. Entering another one raises ScopeError: rows of
    two organisations must never meet in one block. The scope before is restored whatever happens.
    """
    inside = current()
    if inside is not None:
        if inside.no != tenant.no:
            raise ScopeError(f"already in {inside.schema_name}, cannot enter {tenant.schema_name}")
        yield
        return
    if tenant.schema_name == get_public_schema_name() or not tenant.no:
        raise ScopeError("public is not an organisation")
    pipeline = connection.pipeline  # type: ignore[attr-defined]
    connection.set_tenant(tenant)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        _leave(pipeline)


@contextmanager
def as_pipeline() -> Iterator[None]:
    """Run the block over the machine rows of all organisations, with no schema but public.

    Only claim, record, relay and delivery do: their queries carry `tenant_no` themselves.
    """
    if current() is not None:
        raise ScopeError("the pipeline cannot be entered from inside an organisation")
    pipeline = connection.pipeline  # type: ignore[attr-defined]
    connection.set_pipeline()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        _leave(pipeline)


def _leave(pipeline: bool) -> None:
    if pipeline:
        connection.set_pipeline()  # type: ignore[attr-defined]
    else:
        connection.set_schema_to_public()  # type: ignore[attr-defined]

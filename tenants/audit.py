"""Record who changed what, in the transaction of the change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

from pulse.scoping import in_tenant
from tenants.actors import Actor

if TYPE_CHECKING:
    from tenants.models import Organisation

INSERT = """
INSERT INTO tenants_audit
    (tenant_no, actor_kind, actor_id, actor_name, verb, object_kind, object_id, object_name, data)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def record(
    organisation: Organisation,
    by: Actor,
    verb: str,
    object_kind: str,
    object_id: UUID | str | None = None,
    object_name: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """Append one entry. `data` holds what changed, never a secret's value."""
    row: list[Any] = [organisation.no, by.kind, by.id, by.name, verb, object_kind]
    row += [str(object_id) if object_id else None, object_name, json.dumps(data or {}, default=str)]
    with in_tenant(organisation), connection.cursor() as cursor:
        cursor.execute(INSERT, row)

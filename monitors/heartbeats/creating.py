"""Make the heartbeat that a ping with `?create=1` names and that is not there yet."""

from __future__ import annotations

import zlib

import structlog
from django.db import connection

from monitors import definition, editing
from monitors.heartbeats.arrivals import FAILED, Answer
from monitors.telemetry import heartbeats
from monitors.telemetry.locks import impatient, is_busy
from pulse.scoping import in_tenant
from tenants.actors import Actor
from tenants.models import ApiKey

log = structlog.get_logger(__name__)

_CREATING = 0x637265  # "cre", the first key of the advisory lock


def create(key: ApiKey, slug: str) -> int | Answer | None:
    """The number of the monitor that has this slug now; None when somebody else is making it at this moment.

    Two first pings at the same time make one monitor: the second finds what the first has made.
    """
    organisation = key.organisation
    try:
        with in_tenant(organisation), impatient():
            with connection.cursor() as cursor:
                word = zlib.crc32(f"{organisation.no}/{slug}".encode()) - 2**31
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_CREATING, word])
            if known := heartbeats.by_slug([(organisation.no, slug)]):
                return known[organisation.no, slug][0]
            values = definition.read({"name": slug, "kind": "heartbeat", "config": {"slug": slug}})
            return editing.create(organisation, values, Actor.key(key)).no
    except ValueError as error:
        log.warning("heartbeat_not_created", organisation=organisation.slug, error=str(error))
        return FAILED
    except Exception as error:
        if is_busy(error):
            return None
        raise

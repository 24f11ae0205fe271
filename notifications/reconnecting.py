"""Connect anew after the database failed over one organisation, and tell that from a database that is away."""

from __future__ import annotations

import structlog
from django.db import InterfaceError, OperationalError, connection

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)


def reconnect(error: Exception, organisation: str, at: str) -> None:
    """So that the others go on at once: a deadlock or a cut connection is not theirs. Raises where nobody answers."""
    log.warning("cut_off", at=at, organisation=organisation, error=str(error).splitlines()[0])
    connection.close()
    connection.ensure_connection()

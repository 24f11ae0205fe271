"""Sessions in the database; when one ends, the sockets that were opened with it are told."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from pulse import live


class SessionStore(db.SessionStore):
    def flush(self) -> None:
        """Django announces a sign-out before it does this; sockets that looked then would find the session."""
        user_id = self.get(SESSION_KEY)
        super().flush()
        if user_id:
            live.recheck(UUID(user_id))

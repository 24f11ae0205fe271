"""For the type checker, which loads settings but no server."""

import os

os.environ.setdefault("DATABASE_URL", "postgresql://pulse@localhost/pulse")
os.environ.setdefault("REDIS_URL", "redis://localhost:6379/0")
os.environ.setdefault("SECRET_KEY", "only for reading types, never for serving")
os.environ.setdefault("PULSE_ENCRYPTION_KEYS", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")

from pulse.settings.local import *  # noqa: F403

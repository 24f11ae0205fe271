"""Try DATABASE_URL and REDIS_URL before anything starts, in a process of its own: drivers cost memory.

`python -m pulse.supervisor.reach` prints one line and exits with status 1 when one of them does not work.
"""

import os
import sys
from urllib.parse import urlsplit

import psycopg
import redis

from pulse.embedded.errors import EmbeddedError

_SECONDS = 5


def check_database(url: str) -> str:
    """A line about the server; raises EmbeddedError saying what was tried and what to change."""
    try:
        with psycopg.connect(url, connect_timeout=_SECONDS, application_name="pulse make run") as connection:
            row = connection.execute(
                "SELECT current_setting('server_version_num')::int, (SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user) - 1"
            ).fetchone()
    except (psycopg.Error, UnicodeError, ValueError) as error:
        raise EmbeddedError(
            f"DATABASE_URL does not work: tried {without_password(url)}: {_first_line(error)}. Start that "
            "server, correct the URL (postgresql://user:password@host:5432/database), or unset it for the "
            "embedded one."
        ) from error
    assert row is not None
    version, others = row
    if version < 150000:
        raise EmbeddedError(f"DATABASE_URL is PostgreSQL {version // 10000}: Pulse needs 15 or newer.")
    shared = f"; {others} other connections, so another Pulse may share it" if others else ""
    return f"PostgreSQL {version // 10000} at {without_password(url)}{shared}"


def check_redis(url: str) -> str:
    """A line about the server; raises EmbeddedError saying what was tried and what to change."""
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS)
        client.ping()
        client.close()
    except (redis.RedisError, OSError, ValueError) as error:
        raise EmbeddedError(
            f"REDIS_URL does not work: tried {without_password(url)}: {_first_line(error)}. Start that "
            "server, correct the URL (redis://host:6379/0), or unset it for the embedded one."
        ) from error
    return f"Redis or Valkey at {without_password(url)}"


def without_password(url: str) -> str:
    """The URL as it may be shown: passwords stay out of terminals and logs."""
    try:
        parts = urlsplit(url)
        if "@" not in parts.netloc:
            return url if "://" in url else "(not a URL)"
        credentials, _, host = parts.netloc.rpartition("@")
        user = credentials.partition(":")[0]
        return f"{parts.scheme}://{user}:***@{host}{parts.path}"
    except ValueError:
        return "(not a URL)"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")


def main() -> int:
    """Check what is set in the environment."""
    try:
        if database_url := os.environ.get("DATABASE_URL"):
            print(check_database(database_url))
        if redis_url := os.environ.get("REDIS_URL"):
            print(check_redis(redis_url))
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

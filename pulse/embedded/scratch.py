"""Run one command with servers of its own that vanish with it: `python -m pulse.embedded.scratch command …`.

For what needs a database but no data: the check for missing migrations, the type checker, the bench.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulse.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey
from pulse.embedded.secrets import encryption_keys, password


@contextmanager
def scratch_servers(*, durable: bool = False) -> Iterator[dict[str, str]]:
    """The environment of a fresh PostgreSQL (role may create databases) and Valkey; some 0.8 s to start.

    The directory is mode 711, so that under root the database user can pass through to its own files.
    """
    directory = Path(tempfile.mkdtemp(prefix="pulse-scratch-"))
    directory.chmod(0o711)
    try:
        with (
            EmbeddedPostgres(directory, create_db=True, durable=durable, temporary=True) as postgres,
            EmbeddedValkey(directory, temporary=True) as valkey,
        ):
            yield {
                "DATABASE_URL": postgres.url,
                "REDIS_URL": valkey.url,
                "SECRET_KEY": password(),
                "PULSE_ENCRYPTION_KEYS": encryption_keys(),
                "PULSE_DATA": str(directory),
            }
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main(command: list[str]) -> int:
    """The command's exit status."""
    if not command:
        print("usage: python -m pulse.embedded.scratch command [argument …]", file=sys.stderr)
        return 2
    try:
        with scratch_servers() as environment:
            return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

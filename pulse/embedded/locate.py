"""Find a running Pulse from beside it: where its data is, and the environment that its processes share."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path

from pulse.embedded.errors import EmbeddedError

REPOSITORY = Path(__file__).resolve().parents[2]


def data_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """PULSE_DATA, taken from where the command was typed; unset, `.pulse` in the repository."""
    wanted = environ.get("PULSE_DATA", "").strip()
    return Path(wanted).expanduser().absolute() if wanted else REPOSITORY / ".pulse"


def lock_file(data_dir: Path) -> Path:
    """Held (flock) by the supervisor for as long as it lives; its text is JSON with pid and address."""
    return data_dir / "supervisor.lock"


def environment_file(data_dir: Path) -> Path:
    """What the supervisor hands to its children, as JSON, mode 600; gone when Pulse is stopped."""
    return data_dir / "secrets" / "environment.json"


def is_running(data_dir: Path) -> bool:
    """Whether a supervisor holds the lock: true to the moment, whatever a killed one left in its files."""
    try:
        with lock_file(data_dir).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """DATABASE_URL, REDIS_URL, SECRET_KEY, PULSE_ENCRYPTION_KEYS, PULSE_BASE_URL, … of the running Pulse.

    Raises EmbeddedError ("not running: make run") when none runs there, or it belongs to another user.
    """
    data_dir = data_directory(environ)
    try:
        if is_running(data_dir):
            values: dict[str, str] = json.loads(environment_file(data_dir).read_text())
            return values
    except PermissionError as error:
        raise EmbeddedError(
            f"The Pulse in {data_dir} belongs to another user: run this as that user."
        ) from error
    except (FileNotFoundError, json.JSONDecodeError):
        pass  # between taking the lock and having servers, or on its way out
    raise EmbeddedError(
        f"Pulse is not running in {data_dir}: make run. If it runs elsewhere, give PULSE_DATA here too; for servers of "
        "your own set DATABASE_URL and REDIS_URL."
    )

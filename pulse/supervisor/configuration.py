"""Read what `make run` may be told by the environment, and build the environment of its children."""

import errno
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulse.embedded.errors import EmbeddedError
from pulse.embedded.locate import REPOSITORY, data_directory
from pulse.embedded.secrets import encryption_keys, load_or_create, password, secret_directory

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (how to reach a server bound to all addresses)


_NO_SUCH_HOST = "HOST={} is no address of this machine: leave HOST unset for 127.0.0.1."


@dataclass(frozen=True)
class Configuration:
    """`host` and `port` of the web process; `base_url` is how people reach it, without a closing slash."""

    data_dir: Path
    host: str
    port: int
    base_url: str
    demo: bool
    database_url: str  # empty: start the embedded PostgreSQL
    redis_url: str  # empty: start the embedded Valkey

    @property
    def local_host(self) -> str:
        """The address at which this machine reaches the web process."""
        return _ANYWHERE.get(self.host, self.host)


def read_configuration(environ: Mapping[str, str] = os.environ) -> Configuration:
    """Raises EmbeddedError naming the variable at fault."""
    port = _port(environ.get("PORT", "").strip() or "8000")
    host = environ.get("HOST", "").strip() or "127.0.0.1"
    shown = "localhost" if host in _LOOPBACK or host in _ANYWHERE else host
    return Configuration(
        data_dir=data_directory(environ),
        host=host,
        port=port,
        base_url=environ.get("PULSE_BASE_URL", "").strip().rstrip("/")
        or f"http://{_bracketed(shown)}:{port}",
        demo=environ.get("PULSE_DEMO", "1").strip() != "0",
        database_url=environ.get("DATABASE_URL", "").strip(),
        redis_url=environ.get("REDIS_URL", "").strip(),
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise EmbeddedError(
            f"PORT={text} is not a port: give a number from 1 to 65535, for example PORT=8001."
        )
    return int(text)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def check_port(configuration: Configuration) -> None:
    """Refuse a port that the web process could not listen on, before anything is started."""
    host, port = configuration.host, configuration.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError as error:
        raise EmbeddedError(
            f"PORT={port} needs root: choose one above 1023, for example PORT=8000."
        ) from error
    except socket.gaierror as error:
        raise EmbeddedError(_NO_SUCH_HOST.format(host)) from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise EmbeddedError(_NO_SUCH_HOST.format(host)) from error
        other = port + 1 if port < 65535 else port - 1
        raise EmbeddedError(
            f"PORT={port} is in use on {host}: stop what listens there, or use PORT={other} make run"
        ) from error


def child_environment(
    configuration: Configuration, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What every process of Pulse needs to know; given values win over generated ones."""
    secrets = secret_directory(configuration.data_dir / "secrets")
    return {
        "DATABASE_URL": configuration.database_url,
        "REDIS_URL": configuration.redis_url,
        "SECRET_KEY": environ.get("SECRET_KEY") or load_or_create(secrets / "secret-key", password),
        "PULSE_ENCRYPTION_KEYS": environ.get("PULSE_ENCRYPTION_KEYS")
        or load_or_create(secrets / "encryption-keys", encryption_keys),
        "PULSE_BASE_URL": configuration.base_url,
        "PULSE_SELF_URL": f"http://{_bracketed(configuration.local_host)}:{configuration.port}",
        "PULSE_DATA": str(configuration.data_dir),
        "PULSE_DEMO": "1" if configuration.demo else "0",
        "DJANGO_SETTINGS_MODULE": environ.get("DJANGO_SETTINGS_MODULE") or "pulse.settings.local",
    }


def process_environment(shared: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The whole environment of one Python child."""
    tuning = {
        "PYTHONPATH": str(REPOSITORY),  # children run in /, and find Pulse wherever it was started from
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc's arena per thread costs tens of MB in a process with many threads
        "CELERY_SKIP_CHECKS": "1",  # prepare_database ran them; they would load every view into each worker
    }
    return {**tuning, **environ, **shared}


def python(*arguments: str) -> list[str]:
    """The command line of a Python child, with the interpreter that runs the supervisor."""
    return [sys.executable, *arguments]


def manage(command: str) -> list[str]:
    """The command line of a management command."""
    return python(str(REPOSITORY / "manage.py"), command)

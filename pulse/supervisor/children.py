"""The table of what `make run` runs: name, command line, and its place in the order of stopping."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pulse.embedded.process import ServerUser
from pulse.supervisor.configuration import Configuration, manage, python

# Stopping goes by stage: first nothing new begins, then what is in hand is finished, then the stores close.
RINGS_BELLS, DOES_WORK, KEEPS_DATA = 0, 1, 2


@dataclass(frozen=True)
class ChildSpec:
    """One process that the supervisor keeps running.

    `before_start` runs before each start (a server checks its data directory). `quiet` keeps all but the
    output's problems off the terminal; the log file always has everything.
    """

    name: str
    argv: Sequence[str]
    stage: int = DOES_WORK
    env: Mapping[str, str] | None = None  # None: the shared environment
    user: ServerUser | None = None
    stop_signal: int = signal.SIGTERM
    kill_signal: int = signal.SIGKILL
    death_signal: int = signal.SIGKILL  # sent by the kernel when the supervisor dies
    quiet: bool = False
    starts_first: bool = False  # the rest waits until this one is ready
    before_start: Callable[[], None] | None = None


@dataclass(frozen=True)
class Preparation:
    """A command that must succeed before the children start.

    With `keeps_answer` its lines are shown once all is ready and never logged: they hold a sign-in link.
    """

    name: str
    argv: Sequence[str]
    keeps_answer: bool = False


@dataclass(frozen=True)
class Program:
    """Everything that a supervisor runs beside the servers; tests hand in one of their own."""

    children: Sequence[ChildSpec]
    preparations: Sequence[Preparation] = field(default_factory=tuple)
    health_path: str = ""  # empty: ready as soon as the children run


def pulse_program(configuration: Configuration) -> Program:
    """Pulse itself: see "What runs" in docs/architecture.md."""
    web = python("-m", "uvicorn", "pulse.asgi:application", *_uvicorn(configuration))
    checks = ("-Q", "checks", "--concurrency", "1", "-n", "checks@%h")
    work = ("-Q", "notifications,default", "--concurrency", "1", "-n", "work@%h")
    scheduler = "django_celery_beat.schedulers:DatabaseScheduler"
    children = [
        ChildSpec("web", web, starts_first=True),
        ChildSpec("checks", _celery("worker", *_POOL, *checks)),
        ChildSpec("work", _celery("worker", *_POOL, *work)),
        # Beat says each bell at INFO: three lines every five seconds.
        ChildSpec("beat", _celery("beat", "-S", scheduler, "--pidfile", "", level="WARNING"), RINGS_BELLS),
    ]
    return Program(
        children=children,
        preparations=[
            Preparation("prepare_database", manage("prepare_database")),
            Preparation("first_start", manage("first_start"), keeps_answer=True),
        ],
        health_path="/health/ready",
    )


_POOL = ("--pool", "prefork", "--without-gossip", "--without-mingle")


def _celery(command: str, *arguments: str, level: str = "INFO") -> list[str]:
    # Celery warns root of pickle, which its messages here never use.
    calm = ("-W", "ignore:You're running the worker with superuser") if os.geteuid() == 0 else ()
    return python(*calm, "-m", "celery", "-q", "-A", "pulse", command, *arguments, "--loglevel", level)


def _uvicorn(configuration: Configuration) -> list[str]:
    return [
        *("--host", configuration.host, "--port", str(configuration.port)),
        *("--no-server-header", "--no-proxy-headers", "--no-access-log", "--log-level", "info"),
        *("--timeout-graceful-shutdown", "5"),
        # Compressing the same 4 KB anew for each open page costs more than the line between here and there.
        *("--ws-per-message-deflate", "false"),
        # Pages send nothing but pings; nobody makes the server hold more of a message than that.
        *("--ws-max-size", "4096"),
    ]

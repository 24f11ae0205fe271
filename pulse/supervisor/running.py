"""`make run` from beginning to end: lock, port, servers, database, children, ready, and whatever ends it."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pulse.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey
from pulse.embedded.errors import from_os_error, from_output
from pulse.embedded.locate import environment_file
from pulse.embedded.place import choose_place
from pulse.embedded.secrets import write_private
from pulse.supervisor.child import Child
from pulse.supervisor.children import KEEPS_DATA, ChildSpec, Preparation, Program
from pulse.supervisor.configuration import (
    Configuration,
    check_port,
    child_environment,
    process_environment,
    python,
)
from pulse.supervisor.health import ask
from pulse.supervisor.lock import SupervisorLock
from pulse.supervisor.state import StateFile
from pulse.supervisor.stopping import stop
from pulse.supervisor.supervising import StopRequested, Supervisor

_READY_SECONDS = 120.0
_CRASHES_BEFORE_GIVING_UP = 3


def run(configuration: Configuration, program: Program) -> int:
    """Run until ^C, SIGTERM or SIGHUP; exit status 0 after a stop that was asked for, 1 after a failure."""
    lock = SupervisorLock(configuration.data_dir)
    try:
        choose_place(configuration.data_dir)
        lock.acquire(configuration.base_url)
        check_port(configuration)
        return _run_locked(configuration, program)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        lock.release()


def _run_locked(configuration: Configuration, program: Program) -> int:
    state = StateFile(
        configuration.data_dir,
        base_url=configuration.base_url,
        local_host=configuration.local_host,
        port=configuration.port,
        health_path=program.health_path,
    )
    supervisor = Supervisor(configuration.data_dir, state)
    try:
        supervisor.begin()
        answer = _start(supervisor, configuration, program)
        _announce(supervisor, configuration, answer)
        while True:
            supervisor.pump(60.0)
    except StopRequested:
        supervisor.say("stopping; ^C again to hurry")
        return 0
    except OSError as error:
        raise from_os_error(f"run Pulse in {configuration.data_dir}", error) from error
    finally:
        environment_file(configuration.data_dir).unlink(missing_ok=True)
        began = time.monotonic()
        stop(supervisor)
        state.remove()
        supervisor.say(f"stopped in {time.monotonic() - began:.1f} s")


def _start(supervisor: Supervisor, configuration: Configuration, program: Program) -> list[str]:
    """Everything up to "ready"; returns the lines that the preparations want shown then."""
    shared = child_environment(configuration)
    if configuration.database_url or configuration.redis_url:
        supervisor.env = process_environment(shared)
        reach = Preparation("servers", python("-m", "pulse.supervisor.reach"), keeps_answer=True)
        for line in _prepare(supervisor, reach):
            supervisor.say(line)
    if not configuration.database_url:
        shared["DATABASE_URL"] = _start_postgres(supervisor, configuration)
    if not configuration.redis_url:
        shared["REDIS_URL"] = _start_valkey(supervisor, configuration)
    supervisor.env = {
        **process_environment(shared),
        "PROMETHEUS_MULTIPROC_DIR": str(_empty_directory(configuration.data_dir / "metrics")),
    }
    write_private(environment_file(configuration.data_dir), json.dumps(shared))
    for preparation in program.preparations:
        if not preparation.keeps_answer:
            _prepare(supervisor, preparation)
    answer = _start_children(supervisor, configuration, program)
    supervisor.say("started " + ", ".join(spec.name for spec in program.children))
    return answer


def _start_children(supervisor: Supervisor, configuration: Configuration, program: Program) -> list[str]:
    """Importing Django is what costs: web does it beside the last preparations, the others after that.

    All at once on two cores would make web, for which a person waits, the last to be there.
    """
    answers = [preparation for preparation in program.preparations if preparation.keeps_answer]
    for spec in program.children:
        if spec.starts_first:
            supervisor.add(spec)
    answer = [line for preparation in answers for line in _prepare(supervisor, preparation)]
    _wait_until_ready(supervisor, configuration, program)
    for spec in program.children:
        if not spec.starts_first:
            supervisor.add(spec)
    return answer


def _empty_directory(path: Path) -> Path:
    """For counters that all processes share; those of an earlier run would be counted again."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path


def _start_postgres(supervisor: Supervisor, configuration: Configuration) -> str:
    server = EmbeddedPostgres(configuration.data_dir, say=supervisor.say)
    if not server.cluster.exists():
        supervisor.say("creating the database")
    _start_server(
        supervisor,
        ChildSpec(
            "postgres",
            server.argv,
            KEEPS_DATA,
            env=server.env,
            user=server.user,
            stop_signal=server.stop_signal,
            kill_signal=server.kill_signal,
            death_signal=server.stop_signal,
            quiet=True,
            before_start=server.prepare,
        ),
        server.wait_ready,
    )
    server.provision()
    supervisor.say(f"PostgreSQL is ready in {server.cluster}")
    return server.url


def _start_valkey(supervisor: Supervisor, configuration: Configuration) -> str:
    server = EmbeddedValkey(configuration.data_dir)
    _start_server(
        supervisor,
        ChildSpec("valkey", server.argv, KEEPS_DATA, env=server.env, quiet=True, before_start=server.prepare),
        server.wait_ready,
    )
    supervisor.say("Valkey is ready")
    return server.url


def _start_server(
    supervisor: Supervisor, spec: ChildSpec, wait_ready: Callable[[Callable[[], bool]], None]
) -> None:
    """Start a server that the rest needs: it is only restarted later once it has been ready."""
    child = supervisor.add(spec, restart=False)
    try:
        wait_ready(lambda: supervisor.runs(child))
    except EmbeddedError as error:
        raise from_output(f"start {spec.name}", "\n".join(child.output.tail) or str(error)) from error
    child.restart = True


def _prepare(supervisor: Supervisor, preparation: Preparation) -> list[str]:
    """Run a command to its end; its lines when they are wanted later, else they are shown as they come."""
    spec = ChildSpec(preparation.name, preparation.argv)
    child = supervisor.add(spec, restart=False, is_secret=preparation.keeps_answer)
    while supervisor.runs(child):
        supervisor.pump(0.5)
    supervisor.children.remove(child)
    if child.exit_status:
        _explain(supervisor, child)
    return list(child.output.tail) if preparation.keeps_answer else []


def _explain(supervisor: Supervisor, child: Child) -> None:
    """A command that fails in words ends with them; one that crashes has its traceback in the log file."""
    child.output.keep(supervisor.log_path(child.spec.name))
    lines = [line for line in child.output.tail if line.strip()]
    is_crash = any(line.startswith("Traceback") for line in lines)
    said = " ".join(lines[-1:] if is_crash else lines[-3:]) or f"{child.spec.name}: {child.describe_end()}"
    where = f" (the whole story: {supervisor.log_path(child.spec.name)})" if is_crash else ""
    raise EmbeddedError(f"{said}{where}")


def _wait_until_ready(supervisor: Supervisor, configuration: Configuration, program: Program) -> None:
    def is_ready() -> bool:
        for child in supervisor.children:
            if child.restarts >= _CRASHES_BEFORE_GIVING_UP:
                _explain(supervisor, child)
        if not program.health_path:
            return True
        status, _ = ask(
            configuration.local_host,
            configuration.port,
            program.health_path,
            configuration.base_url,
            seconds=4.0,
        )
        return status == 200

    if not supervisor.wait(is_ready, _READY_SECONDS):
        raise EmbeddedError(
            f"Pulse was not ready after {_READY_SECONDS:.0f} s: see {supervisor.log_path('web')} "
            f"and {configuration.base_url}{program.health_path}."
        )


def _announce(supervisor: Supervisor, configuration: Configuration, answer: list[str]) -> None:
    supervisor.state.is_ready = True
    supervisor.state.save(supervisor.children)
    supervisor.say("ready")
    for line in ["", f"  Pulse is at {configuration.base_url}/", *(f"  {line}" for line in answer), ""]:
        supervisor.show(line)

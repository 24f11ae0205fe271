"""`python -m pulse.supervisor run | stop | status`: what the Makefile's targets of these names call."""

import sys

from pulse.embedded.errors import EmbeddedError
from pulse.embedded.locate import data_directory
from pulse.supervisor.children import pulse_program
from pulse.supervisor.configuration import read_configuration
from pulse.supervisor.running import run
from pulse.supervisor.status import show_status, stop_running


def main(arguments: list[str]) -> int:
    """Exit status: 0 fine, 1 a failure told in one line, 2 wrong usage, 3 not running."""
    command = arguments[0] if len(arguments) == 1 else ""
    try:
        if command == "run":
            configuration = read_configuration()
            return run(configuration, pulse_program(configuration))
        if command == "stop":
            return stop_running(data_directory())
        if command == "status":
            return show_status(data_directory())
    except (EmbeddedError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    print("usage: python -m pulse.supervisor run | stop | status", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

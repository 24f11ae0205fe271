"""A supervisor with real servers and a table of children of the test's own: `program.py DATA PORT TABLE`.

TABLE is JSON: {"children": {name: shell command}, "preparations": {…}, "answers": {…}, "database_url": str}.
"""

import json
import sys
from pathlib import Path

from pulse.supervisor.children import ChildSpec, Preparation, Program
from pulse.supervisor.configuration import Configuration
from pulse.supervisor.running import run


def shell(command: str) -> list[str]:
    return ["/bin/sh", "-c", command]


def main(data: str, port: str, table: str) -> int:
    rows = json.loads(table)
    configuration = Configuration(
        data_dir=Path(data),
        host="127.0.0.1",
        port=int(port),
        base_url=f"http://localhost:{port}",
        demo=False,
        database_url=rows.get("database_url", ""),
        redis_url="",
    )
    preparations = [
        Preparation(name, shell(command)) for name, command in rows.get("preparations", {}).items()
    ]
    preparations += [
        Preparation(name, shell(command), keeps_answer=True)
        for name, command in rows.get("answers", {}).items()
    ]
    children = [ChildSpec(name, shell(command)) for name, command in rows.get("children", {}).items()]
    return run(configuration, Program(children, preparations))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""`pulse-agent`: run it, or see with --check what it would send and whether Pulse takes it."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import tempfile
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulse_agent import VERSION
from pulse_agent.configuration import DEFAULT_FILE, Configuration, Misconfigured, from_environment
from pulse_agent.running import Agent
from pulse_agent.sending import Fate, Sender

if TYPE_CHECKING:
    from pulse_agent.sample import Sample, Samples

CHECK_S = 1.0  # shares of the CPU need two looks


def main() -> int:
    """0: stopped as asked, or the check went well. 1: it did not. 2: misconfigured."""
    parser = argparse.ArgumentParser(prog="pulse-agent", description="Send what this host is like to Pulse.")
    parser.add_argument("--config", help=f"an INI file; {DEFAULT_FILE} unless told, if it is there")
    parser.add_argument("--check", action="store_true", help="show what would be sent, send it once, and end")
    parser.add_argument("--version", action="version", version=f"pulse-agent {VERSION}")
    options = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        configuration = from_environment(options.config)
        return check(configuration) if options.check else run(configuration)
    except Misconfigured as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename or configuration.ca_file}: {error.strerror or error}", file=sys.stderr)
        return 2


def run(configuration: Configuration) -> int:
    agent = Agent(configuration)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    logging.info("pulse-agent %s: %s reports to %s every %g s",
                 VERSION, configuration.host, configuration.url, configuration.interval)  # fmt: skip
    agent.run()
    return 0


def check(configuration: Configuration) -> int:
    with tempfile.TemporaryDirectory() as directory:
        agent = Agent(replace(configuration, buffer=Path(directory)))
        first = agent.batch()
        time.sleep(CHECK_S)
        batch = agent.batch()
    batch["samples"] += _missing(first["samples"], batch["samples"])  # of commands, which had their turn
    for sample in batch["samples"]:
        labels = "".join(f" {name}={text}" for name, text in sample.get("labels", {}).items())
        print(f"{sample['name']}{labels}: {sample['value']:g} {sample.get('unit', '')}".rstrip())
    batch["batch"] = str(uuid.uuid4())
    answer = Sender(configuration).send([json.dumps(batch).encode()])
    if answer.fate is not Fate.STORED or answer.words:
        print(answer.words, file=sys.stderr)
    if answer.fate is not Fate.STORED:
        return 1
    host = answer.content["hosts"][0]
    print(f"Pulse took {answer.content['accepted']} values for {host['name']}: {host['url']}")
    return 0


def _missing(first: Samples, second: Samples) -> Samples:
    """Of the first look the series that the second has not."""
    known = {_series(sample) for sample in second}
    return [sample for sample in first if _series(sample) not in known]


def _series(sample: Sample) -> tuple[Any, ...]:
    return sample["name"], *sorted(sample.get("labels", {}).items())


if __name__ == "__main__":
    sys.exit(main())

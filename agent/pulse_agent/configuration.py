"""Read what the agent is to do: from a file in INI format, and from the environment, which wins."""

from __future__ import annotations

import configparser
import os
import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pulse_agent.collecting import PARTS

DEFAULT_FILE = Path("/etc/pulse-agent/pulse-agent.ini")
DEFAULT_BUFFER = "/var/lib/pulse-agent"
# Setting of [pulse] and the environment's variable: PULSE_AGENT_ and the name in capitals.
SETTINGS = {
    "url": "", "key": "", "key_file": "", "host": "", "host_id": "", "create": "yes", "interval": "30", "jitter": "",
    "buffer": DEFAULT_BUFFER, "buffer_mb": "64", "ca_file": "", "timeout": "15", "collect": "", "processes": "",
    "skip_mounts": "", "skip_interfaces": "lo, veth*, docker*, br-*, virbr*",
}  # fmt: skip
COMMAND_SETTINGS = {"run", "unit", "interval", "timeout"}
WORDS = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}


class Misconfigured(Exception):
    """What is wrong and what to write instead."""


@dataclass(frozen=True)
class Command:
    """A command of the owner's, run without a shell."""

    name: str
    argv: list[str]
    unit: str = ""
    interval: float = 0.0  # 0: at every turn
    timeout: float = 10.0


@dataclass(frozen=True)
class Configuration:
    url: str
    key: str
    host: str
    host_id: str
    create: bool
    interval: float
    jitter: float
    buffer: Path
    buffer_bytes: int
    ca_file: str
    timeout: float
    parts: list[str]
    processes: list[str]
    skip_mounts: list[str]
    skip_interfaces: list[str]
    commands: list[Command] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Configuration(url={self.url!r}, host={self.host!r})"  # the key is a secret


def load(path: str | None, environment: Mapping[str, str]) -> Configuration:
    """Raises Misconfigured. Without a path the usual file is read if it is there."""
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    file = Path(path) if path else DEFAULT_FILE
    if path or file.exists():
        try:
            parser.read_string(file.read_text(encoding="utf-8"), str(file))
        except OSError as error:
            raise Misconfigured(f"{file} cannot be read: {error.strerror}.") from None
        except (configparser.Error, UnicodeDecodeError) as error:
            raise Misconfigured(f"{file} is no INI file: {error}") from None
    values = dict(SETTINGS)
    if parser.has_section("pulse"):
        for name, value in parser.items("pulse"):
            if name not in SETTINGS:
                raise Misconfigured(f"[pulse] has no setting {name}: known are {', '.join(SETTINGS)}.")
            values[name] = value.strip()
    for name in SETTINGS:
        if value := environment.get(f"PULSE_AGENT_{name.upper()}", "").strip():
            values[name] = value
    return _configuration(values, _commands(parser))


def _configuration(values: dict[str, str], commands: list[Command]) -> Configuration:
    if not values["url"].startswith(("https://", "http://")):
        raise Misconfigured("Set url to the address of Pulse, like https://pulse.example.org.")
    interval = _number(values, "interval", 1, 3600)
    return Configuration(
        url=values["url"].rstrip("/"),
        key=_key(values),
        host=values["host"] or socket.gethostname(),
        host_id=values["host_id"],
        create=_switch(values, "create"),
        interval=interval,
        jitter=_number(values, "jitter", 0, 3600) if values["jitter"] else interval,
        buffer=Path(values["buffer"]),
        buffer_bytes=int(_number(values, "buffer_mb", 1, 100_000) * 1_000_000),
        ca_file=values["ca_file"],
        timeout=_number(values, "timeout", 1, 300),
        parts=_parts(_list(values["collect"])),
        processes=_list(values["processes"]),
        skip_mounts=_list(values["skip_mounts"]),
        skip_interfaces=_list(values["skip_interfaces"]),
        commands=commands,
    )


def _key(values: dict[str, str]) -> str:
    key = values["key"]
    if not key and values["key_file"]:
        try:
            key = Path(values["key_file"]).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Misconfigured(f"key_file {values['key_file']} cannot be read: {error.strerror}.") from None
    if not key:
        raise Misconfigured("Set key, or key_file, to an API key of the scope ingest (Settings, API keys).")
    if not key.isascii() or not key.isprintable():
        raise Misconfigured("The key is not one that Pulse makes: copy it again.")
    return key


def _parts(chosen: list[str]) -> list[str]:
    if unknown := [name for name in chosen if name not in PARTS]:
        raise Misconfigured(f"collect does not know {', '.join(unknown)}: use {', '.join(PARTS)}.")
    return chosen or list(PARTS)


def _commands(parser: configparser.ConfigParser) -> list[Command]:
    commands = []
    for section in parser.sections():
        kind, _, name = section.partition(" ")
        if section == "pulse":
            continue
        if kind != "command" or not name.replace("_", "").replace("-", "").replace(".", "").isalnum():
            raise Misconfigured(f"[{section}] is unknown: use [pulse] and [command NAME].")
        values = dict(parser.items(section))
        if unknown := values.keys() - COMMAND_SETTINGS:
            raise Misconfigured(f"[{section}] has no setting {', '.join(sorted(unknown))}.")
        commands.append(_command(section, name, values))
    return commands


def _command(section: str, name: str, values: dict[str, str]) -> Command:
    try:
        argv = shlex.split(values.get("run", ""))
    except ValueError as error:
        raise Misconfigured(f"[{section}] run: {error}.") from None
    if not argv:
        raise Misconfigured(f"[{section}] needs run: the command, as in run = /usr/local/bin/check_raid.")
    values = {"interval": "0", "timeout": "10", **values}
    return Command(
        name,
        argv,
        values.get("unit", "").strip(),
        _number(values, "interval", 0, 86_400),
        _number(values, "timeout", 1, 300),
    )


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _switch(values: dict[str, str], name: str) -> bool:
    word = values[name].lower()
    if word not in WORDS:
        raise Misconfigured(f"{name} = {values[name]} is neither yes nor no.")
    return WORDS[word]


def _number(values: dict[str, str], name: str, low: float, high: float) -> float:
    try:
        number = float(values[name])
        if not low <= number <= high:
            raise ValueError
    except ValueError:
        raise Misconfigured(f"{name} = {values[name]} is no number from {low:g} to {high:g}.") from None
    return number


def from_environment(path: str | None) -> Configuration:
    return load(path, os.environ)

"""The hosts file: names such as localhost that no name server is asked about."""

import os
from ipaddress import ip_address
from pathlib import Path
from time import monotonic

HOSTS_PATH = Path("/etc/hosts")
LOOK_AGAIN_S = 5.0


class HostsFile:
    """The addresses by name, IPv4 first; read again at most every 5 s and only when the file changed."""

    def __init__(self, path: Path = HOSTS_PATH) -> None:
        self._path = path
        self._names: dict[str, tuple[str, ...]] = {}
        self._stamp: tuple[int, int] | None = None
        self._look_again_at = 0.0

    def addresses(self, name: str) -> tuple[str, ...]:
        now = monotonic()
        if now >= self._look_again_at:
            self._look_again_at = now + LOOK_AGAIN_S
            self._reload()
        return self._names.get(name, ())

    def _reload(self) -> None:
        try:
            status = os.stat(self._path)
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp == self._stamp:
                return
            text = self._path.read_text("utf-8", "replace")
        except OSError:
            # A machine without a hosts file still knows itself.
            self._stamp, self._names = None, {"localhost": ("127.0.0.1", "::1")}
            return
        self._stamp, self._names = stamp, _parse(text)


def _parse(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        try:
            ip_address(address)
        except ValueError:
            continue
        for name in names:
            found.setdefault(name.lower().removesuffix("."), []).append(address)
    return {
        name: tuple(sorted(dict.fromkeys(known), key=lambda text: ":" in text))
        for name, known in found.items()
    }

"""Run by itself: one message by apprise, behind walls that its plug-ins cannot take down. Order in, verdict out."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection
from ipaddress import ip_address
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STATUS = re.compile(r"error[= ]+(\d{3})\b", re.IGNORECASE)
FORBIDDEN = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ctypes.")
LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
# What Python and its libraries read at run time, and nothing else that lies around.
READABLE = ("/etc/ssl", "/usr/lib", "/usr/share", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/dev/null",
            "/dev/urandom", "/etc/localtime", "/etc/gai.conf", "/etc/mime.types", "/etc/services")  # fmt: skip
# Where it really is: the environment may be a link.
PYTHON = tuple(str(Path(prefix).resolve()) for prefix in (sys.prefix, sys.base_prefix))


class Refused(PermissionError):
    """A plug-in wanted to go where it may not."""


def main() -> None:
    order = json.load(sys.stdin)
    sys.path.insert(0, str(ROOT))
    # All that is imported later than this is imported behind the walls too.
    import apprise  # noqa: PLC0415

    from pulse.net.addresses import Policy, parse_networks  # noqa: PLC0415

    policy = Policy(parse_networks(order["networks"]))
    sys.addaudithook(walls(order["hosts"], lambda address: policy.verdict(ip_address(address))))
    asset = apprise.AppriseAsset(plugin_paths=[], storage_mode=apprise.PersistentStoreMode.MEMORY)
    json.dump(tell(apprise, asset, order), sys.stdout)


def walls(
    hosts: Collection[str], verdict: Callable[[str], str | None]
) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook, which nothing that runs later can remove: these names alone, public addresses, no programs."""

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(FORBIDDEN):
            raise Refused(event)
        if event in LOOK_UPS and _text(arguments[0]) not in hosts:
            raise Refused("a host that is not the service's")
        if event in ("socket.connect", "socket.sendto"):
            address = arguments[1]
            if not isinstance(address, tuple) or verdict(str(address[0])):
                raise Refused("an address that is not public")
        if event == "open":
            _check_file(arguments)

    return check


def _text(host: Any) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)


def _check_file(arguments: tuple[Any, ...]) -> None:
    """Nothing is written; what is read belongs to Python."""
    path, _, flags = arguments
    if not isinstance(path, str | bytes):
        return  # a descriptor that is open already
    name = str(Path(_text(path)).resolve())
    is_write = isinstance(flags, int) and flags & 0b11
    if is_write or not name.startswith((*PYTHON, *READABLE)):
        raise Refused("a file")


def tell(apprise: Any, asset: Any, order: dict[str, Any]) -> dict[str, Any]:
    """What came of it. What the service wrote stays in here: it may hold the address, which is a password."""
    plugin = apprise.Apprise.instantiate(order["url"], asset=asset, suppress_exceptions=True)
    if plugin is None:
        return {"sent": False, "refused": True, "reason": "the address is not one of this service"}
    with apprise.LogCapture(level=apprise.logging.INFO) as lines:
        try:
            sent = bool(plugin.notify(title=order["title"], body=order["body"], notify_type=order["type"]))
        except Refused as refused:
            return {"sent": False, "refused": True, "reason": f"it wanted to reach {refused}"}
        said = lines.getvalue()
    found = STATUS.search(said)
    return {"sent": sent} | ({"status": int(found[1])} if found and not sent else {})


if __name__ == "__main__":
    main()

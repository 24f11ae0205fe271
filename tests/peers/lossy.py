"""A host that loses pings and takes its time, in a network of its own; run by `unshare --net`, as root.

Prints what the check of it comes to for each of the settings that are given as JSON: [ok, soft, error, detail].
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import sys
import threading
import time
from ipaddress import ip_network

from monitors.probes import PROBES
from monitors.probes.jobs import Job
from pulse.net.addresses import Policy
from tests.probes.running import Probing

HOST, LOST, DELAY_S = "10.77.0.9", {1}, 0.03  # the second request is lost, the others take 30 ms
_TUNSETIFF, _TUN_WITHOUT_HEADER = 0x400454CA, 0x1001
_SET_ADDRESS, _SET_MASK, _SET_FLAGS, _UP = 0x8916, 0x891C, 0x8914, 0x1 | 0x40


def open_device() -> int:
    """A network device whose packets are read and written here; all of 10.77.0.0/24 is behind it."""
    name = b"lossy"
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name, _TUN_WITHOUT_HEADER))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for what, address in ((_SET_ADDRESS, "10.77.0.1"), (_SET_MASK, "255.255.255.0")):
            place = struct.pack("16sH2s4s8x", name, socket.AF_INET, b"", socket.inet_aton(address))
            fcntl.ioctl(control, what, place)
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sh14x", name, _UP))
    return device


def answer(device: int) -> None:
    while True:
        packet = os.read(device, 2048)
        is_echo = packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_ICMP and packet[20] == 8
        if is_echo and int.from_bytes(packet[26:28], "big") not in LOST:
            threading.Timer(DELAY_S, os.write, (device, _reply(packet))).start()


def _reply(packet: bytes) -> bytes:
    """Source and destination change places, which leaves the header's sum as it is; the type is 0 in place of 8."""
    total = int.from_bytes(packet[22:24], "big") + 0x0800
    checksum = ((total & 0xFFFF) + (total >> 16)).to_bytes(2, "big")
    return packet[:12] + packet[16:20] + packet[12:16] + b"\0\0" + checksum + packet[24:]


def main() -> None:
    threading.Thread(target=answer, args=(open_device(),), daemon=True).start()
    found = []
    with Probing(Policy(allow=(ip_network("10.77.0.0/24"),)), ["127.0.0.1:1"]) as probing:
        for settings in json.loads(sys.argv[1]):
            config = PROBES["icmp"].load({"count": 4, "interval_ms": 10, **settings})
            probing.engine.submit([Job(HOST, 1, "icmp", HOST, config, 0.5, time.monotonic())])
            outcome = probing.next()[1]
            found.append([outcome.ok, outcome.soft, outcome.error.name, outcome.detail])
    print(json.dumps(found))


if __name__ == "__main__":
    main()

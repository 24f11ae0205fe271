"""A machine without IPv4 reaches names that have both kinds of addresses, by each kind of check."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

# In a network of its own there is loopback, which is switched on by hand, and no way to anywhere else.
CHILD = """
import fcntl, json, socket, struct
from ipaddress import ip_network
from monitors.probes import PROBES
from pulse.net.addresses import Policy
from tests.probes.asking import Asking
from tests.probes.running import Probing
from tests.resolver import DnsServer
from tests.talking import Talking
from tests.targets import HttpTarget

with socket.socket() as sock:
    fcntl.ioctl(sock, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
echo = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
echo.bind(("::1", 0))
policy = Policy(allow=(ip_network("203.0.113.0/24"), ip_network("::1/128")))
with DnsServer() as dns, HttpTarget(host="::1") as web, Talking(lambda one: one.sendall(b"hi"), address="::1") as tcp:
    dns.answers("both.test", "203.0.113.7", "::1")
    dns.answers("four.test", "203.0.113.7")
    asking = Asking.__new__(Asking)
    Probing.__init__(asking, policy, [dns.nameserver])
    with asking:
        udp = f"both.test:{echo.getsockname()[1]}"
        found = [
            asking.ask("http", f"http://both.test:{web.port}/"),
            asking.ask("tcp", f"both.test:{tcp.port}", {"expect": "hi"}),
            asking.ask("udp", udp, {"send": "x", "expect": "y"}, 0.5),
            asking.ask("icmp", "both.test"),
            asking.ask("tcp", "four.test:25"),
            asking.ask("http", "http://four.test/"),
            asking.ask("icmp", "four.test"),
            asking.ask("icmp", "both.test", {"family": "4"}),
        ]
    print(json.dumps([[one.ok, one.error.name, one.address] for one in found]))
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="only root can make a network")
def test_without_a_way_to_ipv4_the_other_kind_is_tried() -> None:
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", CHILD], capture_output=True, timeout=30, check=False
    )

    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == [
        [True, "NONE", "::1"],
        [True, "NONE", "::1"],
        [False, "TIMEOUT", "::1"],
        [True, "NONE", "::1"],
        [False, "CONNECT_FAILED", "203.0.113.7"],
        [False, "CONNECT_FAILED", "203.0.113.7"],
        [False, "CONNECT_FAILED", "203.0.113.7"],
        [False, "CONNECT_FAILED", "203.0.113.7"],
    ]

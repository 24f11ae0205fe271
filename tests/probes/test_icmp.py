"""Pings of this machine itself, by raw and by ping sockets, and what is said where neither is allowed."""

import asyncio
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import icmplib
import pytest

from monitors.probes import PROBES
from monitors.probes.icmp import SETTINGS, judge
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from pulse.net.icmp import NO_SUCH_SOCKETS, NOT_POSSIBLE, Echo, NoPing, missing, why_not
from tests.probes.asking import Asking, facts, notes
from tests.resolver import DnsServer

pytestmark = pytest.mark.skipif(missing() != "", reason=missing())

FAST = {"interval_ms": 10}
SLOW = ErrorClass.TOO_SLOW


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.answers("both.test", "127.0.0.1", "::1")
        yield server


@pytest.fixture(scope="module")
def asking(dns: DnsServer) -> Iterator[Asking]:
    with Asking([dns.nameserver]) as engine:
        yield engine


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_host_that_answers_is_up_with_all_figures(asking: Asking, address: str) -> None:
    outcome = asking.ask("icmp", address, {**FAST, "count": 5})

    ping = notes(outcome)["ping"]
    assert (outcome.ok, outcome.soft, outcome.address) == (True, False, address)
    assert outcome.detail.startswith("5 of 5 came back in ")
    assert (ping["sent"], ping["received"], len(ping["round_trips_ms"])) == (5, 5, 5)
    assert 0 < ping["min_ms"] <= ping["avg_ms"] <= ping["max_ms"] < 1000
    assert facts(outcome)["loss"] == 0
    assert facts(outcome)["jitter"] >= 0
    assert outcome.wait_us == outcome.total_us == round(ping["avg_ms"] * 1000)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_another_implementation_finds_the_same(asking: Asking, address: str) -> None:
    ours = asking.ask("icmp", address, {**FAST, "count": 5})
    theirs = their_ping(address, 5)

    assert (
        (ours.ok, notes(ours)["ping"]["received"]) == (theirs.is_alive, theirs.packets_received) == (True, 5)
    )
    assert facts(ours)["loss"] == theirs.packet_loss * 100 == 0


def their_ping(address: str, count: int) -> icmplib.Host:
    """By whichever kind of socket this process may use: one is allowed, else no test of this module runs."""
    try:
        return icmplib.ping(address, count, interval=0.01, timeout=2, privileged=False)
    except icmplib.SocketPermissionError:
        return icmplib.ping(address, count, interval=0.01, timeout=2, privileged=True)


def test_family_is_as_chosen(asking: Asking) -> None:
    assert asking.ask("icmp", "both.test", FAST).address == "127.0.0.1"
    assert asking.ask("icmp", "both.test", {**FAST, "family": "6"}).address == "::1"
    assert asking.ask("icmp", "127.0.0.1", {**FAST, "family": "6"}).error is ErrorClass.DNS_NO_ADDRESS


def test_limits_make_it_degraded_or_down(asking: Asking) -> None:
    jitter = asking.ask("icmp", "127.0.0.1", {**FAST, "assertions": ["[JITTER] < 0", "[LOSS] == 0"]})
    loss = asking.ask("icmp", "127.0.0.1", {**FAST, "assertions": ["[LOSS] > 0 (soft)"]})

    assert (jitter.ok, jitter.error) == (False, ErrorClass.ASSERTION_FAILED)
    assert (loss.ok, loss.soft, loss.detail) == (True, True, "[LOSS] > 0 failed: it was 0")


@pytest.mark.parametrize(
    ("settings", "sent", "came", "average", "verdict"),
    [
        ({}, 4, 4, 900.0, (ErrorClass.NONE, "4 of 4 came back in 900.0 ms on average", False)),
        ({}, 4, 3, 1.0, (ErrorClass.PACKETS_LOST, "3 of 4 came back: 25 % lost, limit 0 %", True)),
        ({"warn_loss": None}, 4, 1, 1.0, (ErrorClass.NONE, "1 of 4 came back in 1.0 ms on average", False)),
        ({"warn_loss": 25}, 4, 3, 1.0, (ErrorClass.NONE, "3 of 4 came back in 1.0 ms on average", False)),
        ({"max_loss": 25}, 4, 3, 1.0, (ErrorClass.PACKETS_LOST, "3 of 4 came back: 25 % lost, limit 0 %", True)),
        ({"max_loss": 24}, 4, 3, 1.0, (ErrorClass.PACKETS_LOST, "3 of 4 came back: 25 % lost, limit 24 %", False)),
        ({}, 4, 0, 0.0, (ErrorClass.TIMEOUT, "no answer to 4 pings", False)),
        ({"max_ms": 20}, 4, 4, 20.0, (ErrorClass.NONE, "4 of 4 came back in 20.0 ms on average", False)),
        ({"max_ms": 20}, 4, 4, 20.1, (SLOW, "4 of 4 came back in 20.1 ms on average, limit 20 ms", False)),
        ({"warn_ms": 20}, 4, 4, 20.0, (ErrorClass.NONE, "4 of 4 came back in 20.0 ms on average", False)),
        ({"warn_ms": 20}, 4, 4, 20.1, (SLOW, "4 of 4 came back in 20.1 ms on average, limit 20 ms", True)),
        ({"max_ms": 20}, 4, 3, 30.0, (SLOW, "3 of 4 came back in 30.0 ms on average, limit 20 ms", False)),
    ],
)  # fmt: skip
def test_each_limit_counts_from_beyond_it_on(
    settings: dict[str, object], sent: int, came: int, average: float, verdict: tuple[ErrorClass, str, bool]
) -> None:
    assert judge(SETTINGS.load(settings), sent, came, average) == verdict


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare") or not os.path.exists("/dev/net/tun"),
    reason="only root can make a network",
)
def test_host_that_loses_a_ping_and_is_slow_is_as_its_limits_say() -> None:
    tried = [{"warn_loss": None}, {}, {"max_loss": 20}, {"warn_loss": None, "warn_ms": 20}, {"max_ms": 20}]
    command = ["unshare", "--net", sys.executable, "-m", "tests.peers.lossy", json.dumps(tried)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=30)

    assert [found[:3] for found in json.loads(done.stdout)] == [
        [True, False, "NONE"],
        [True, True, "PACKETS_LOST"],
        [False, False, "PACKETS_LOST"],
        [True, True, "TOO_SLOW"],
        [False, False, "TOO_SLOW"],
    ]


def test_silent_address_is_down_within_its_time(asking: Asking) -> None:
    # Nobody answers for the network's own last address, and the kernel refuses to ask it.
    outcome = asking.ask("icmp", "127.255.255.255", FAST, timeout_s=0.3)

    assert not outcome.ok
    assert outcome.error in (ErrorClass.TIMEOUT, ErrorClass.CONNECT_FAILED)


def test_address_that_policy_forbids_is_never_pinged(asking: Asking) -> None:
    outcome = asking.ask("icmp", "10.0.0.1", FAST)

    assert (outcome.ok, outcome.error) == (False, ErrorClass.REFUSED_ADDRESS)


def test_many_at_once_to_one_host_do_not_mix_their_answers() -> None:
    async def ping_all() -> list[float]:
        loop = asyncio.get_running_loop()
        echoes = [Echo(loop, "127.0.0.1") for _ in range(100)]
        trips = await asyncio.wait_for(asyncio.gather(*(echo.send(7, 56) for echo in echoes)), 5)
        for echo in echoes:
            echo.__exit__()
        return trips

    trips = asyncio.run(ping_all())

    assert len(trips) == 100


def test_neither_kind_of_socket_is_said_at_once() -> None:
    def refuse(*_: int) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    async def try_it() -> None:
        Echo(asyncio.get_running_loop(), "127.0.0.1", make_socket=refuse)

    with pytest.raises(NoPing):
        asyncio.run(try_it())
    assert missing(refuse) == NOT_POSSIBLE


@pytest.mark.parametrize(
    ("version", "codes", "words"),
    [
        (4, [errno.EPERM], NOT_POSSIBLE),
        (4, [errno.EPERM, errno.EPERM], NOT_POSSIBLE),
        (4, [errno.EACCES, errno.EPERM], NOT_POSSIBLE),
        (4, [errno.EPROTONOSUPPORT, errno.EPERM], NOT_POSSIBLE),  # the right to raw sockets would do
        (4, [errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT], NO_SUCH_SOCKETS),
        (
            6,
            [errno.EAFNOSUPPORT, errno.EAFNOSUPPORT],
            "ping over IPv6 is not possible here: this system has no IPv6",
        ),
        (4, [errno.EMFILE], ""),
        (6, [errno.EPERM, errno.ENOBUFS], ""),
    ],
)
def test_what_a_system_does_not_have_is_told_from_what_is_short_now(
    version: int, codes: list[int], words: str
) -> None:
    assert why_not(version, codes) == words


@pytest.mark.parametrize("code", [errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.ESOCKTNOSUPPORT])
def test_a_system_without_such_sockets_is_said_at_once(code: int) -> None:
    def refuse(*_: int) -> socket.socket:
        raise OSError(code, os.strerror(code))

    async def try_it() -> None:
        Echo(asyncio.get_running_loop(), "::1", make_socket=refuse)

    with pytest.raises(NoPing, match="is not possible here"):
        asyncio.run(try_it())
    assert "is not possible here" in missing(refuse)


def test_a_machine_with_one_family_can_ping_and_one_short_of_descriptors_can_again_later() -> None:
    def only_six(family: int, kind: int, protocol: int) -> socket.socket:
        if family == socket.AF_INET:
            raise OSError(errno.EAFNOSUPPORT, "no IPv4")
        return socket.socket(family, kind, protocol)

    def none_left(*_: int) -> socket.socket:
        raise OSError(errno.EMFILE, "too many open files")

    assert missing(only_six) == ""
    assert missing(none_left) == ""


def test_a_socket_that_cannot_stamp_packets_pings_all_the_same() -> None:
    class Plain(socket.socket):
        def setsockopt(self, *arguments: Any) -> None:
            raise OSError(errno.ENOPROTOOPT, "no such option")

    async def ping() -> float:
        with Echo(asyncio.get_running_loop(), "127.0.0.1", make_socket=Plain) as echo:
            return await asyncio.wait_for(echo.send(1, 56), 5)

    assert asyncio.run(ping()) > 0


CHILD = """
import json, sys
from monitors.probes import PROBES
from tests.probes.asking import Asking
with Asking() as asking:
    outcome = asking.ask("icmp", "127.0.0.1", {"interval_ms": 10})
    print(json.dumps([PROBES["icmp"].missing(), outcome.ok, int(outcome.error), outcome.detail]))
"""


def in_child(*wrapper: str, before: str = "") -> list[object]:
    """What a process with other rights reports: [missing, ok, error, detail]."""
    command = [*wrapper, sys.executable, "-c", before + CHILD]
    done = subprocess.run(command, capture_output=True, check=True, timeout=30, env={**os.environ})
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can give up a right")
def test_process_without_the_right_says_what_to_do_and_tries_nothing_else() -> None:
    with open("/proc/sys/net/ipv4/ping_group_range") as file:
        if file.read().split()[0] == "0":
            pytest.skip("this machine lets everyone ping")

    found = in_child("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")

    assert found == [NOT_POSSIBLE, False, int(ErrorClass.NOT_POSSIBLE_HERE), NOT_POSSIBLE]


# A network of its own, where the group may use ping sockets; its loopback is switched on by hand.
OWN_NETWORK = """
import fcntl, socket, struct
from pathlib import Path
Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0")
with socket.socket() as sock:
    fcntl.ioctl(sock, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="only root can make a network")
def test_ping_sockets_are_enough() -> None:
    script = f'exec setpriv --bounding-set=-net_raw --inh-caps=-net_raw {sys.executable} -c "$0"'
    command = ["unshare", "--net", "sh", "-c", f"{sys.executable} -c '{OWN_NETWORK}' && {script}", CHILD]
    done = subprocess.run(command, capture_output=True, check=True, timeout=30)

    assert json.loads(done.stdout)[:3] == ["", True, 0]


@pytest.mark.parametrize(
    "settings", [{"count": 0}, {"count": 21}, {"warn_loss": 50, "max_loss": 20}, {"warn_ms": 9, "max_ms": 5}]
)
def test_wrong_setting_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        SETTINGS.load(settings)


def test_kind_says_what_is_missing() -> None:
    assert PROBES["icmp"].missing() == ""

"""The embedded Valkey: a socket of one's own, nothing on disk, a full broker that refuses."""

import signal
import stat
from pathlib import Path

import redis

from pulse.embedded import EmbeddedValkey


def test_it_answers_on_a_private_socket_only(data_dir: Path) -> None:
    with EmbeddedValkey(data_dir) as valkey:
        client = redis.Redis.from_url(valkey.url)
        assert client.ping()
        assert client.config_get("port") == {"port": "0"}
        assert stat.S_IMODE(valkey.socket_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE(valkey.socket.stat().st_mode) == 0o700


def test_it_refuses_when_full_and_keeps_nothing_on_disk(data_dir: Path) -> None:
    with EmbeddedValkey(data_dir) as valkey:
        client = redis.Redis.from_url(valkey.url)
        assert client.config_get("maxmemory*")["maxmemory-policy"] == "noeviction"
        client.set("a", "b")
    assert sorted(path.name for path in valkey.directory.iterdir()) == ["valkey.conf", "valkey.log"]


def test_a_socket_left_by_a_killed_server_does_not_stop_the_next(data_dir: Path) -> None:
    first = EmbeddedValkey(data_dir)
    first.start()
    assert first.process is not None
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    with EmbeddedValkey(data_dir) as second:
        assert redis.Redis.from_url(second.url).ping()

"""A real Prometheus writes what it scrapes of itself to Pulse, as a host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from monitors.models import Monitor
from monitors.series.reading import series_of
from pulse.scoping import in_tenant
from tests.agent.harness import Front
from tests.conftest import Api
from tests.peers.running import peer_folder, program, running
from tests.ports import free_port
from tests.receivers import wait_until

CONFIG = """
global: {{ scrape_interval: 1s }}
scrape_configs:
  - job_name: itself
    static_configs: [ {{ targets: ["127.0.0.1:{port}"], labels: {{ host: prom-1 }} }} ]
remote_write:
  - url: {url}/v1/ingest/prometheus?create=1
    authorization: {{ credentials: {key} }}
    queue_config: {{ batch_send_deadline: 200ms, min_shards: 1, max_shards: 1 }}
    write_relabel_configs:
      - {{ source_labels: [__name__], regex: "up|process_.*|prometheus_http_requests_total", action: keep }}
"""


@pytest.fixture
def front(world: None) -> Iterator[Front]:
    front = Front()
    front.come()
    yield front
    front.go()


def newest(organisation: Any) -> dict[str, tuple[str, bool, float]]:
    """By name: unit, whether a counter, and the newest value."""
    with in_tenant(organisation):
        monitor = Monitor.objects.filter(kind="host", name="prom-1").first()
        found = series_of(monitor.no, organisation.no, timezone.now()) if monitor else []
    return {one.name: (one.unit, one.is_counter, one.newest[1]) for one in found if one.newest}


def test_prometheus_writes_to_pulse(acme: Any, front: Front) -> None:
    port, key = free_port(), Api(acme, ["ingest"]).key
    with peer_folder() as folder:
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(port=port, url=front.url, key=key))
        argv: list[str | Path] = [
            program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
        ]  # fmt: skip
        with running(argv, folder, port=port):
            wait_until(lambda: "process_cpu_seconds_total" in newest(acme), 20, "what Prometheus writes")
            found = newest(acme)

    assert found["up"][2] == 1
    assert found["process_resident_memory_bytes"][:2] == ("bytes", False)
    assert found["process_cpu_seconds_total"][:2] == ("s", True)

"""Whether a process lives, whether it can serve, and what it has counted."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client

from pulse import metrics
from tests.api.making import make_monitor, open_incident

ROOT = Path(__file__).resolve().parents[2]
GONE = "postgresql://pulse:x@127.0.0.1:1/pulse"
NAMES = {
    "http_requests_total",
    "http_request_duration_seconds",
    "monitor_checks_total",
    "monitor_check_duration_milliseconds",
    "active_monitors",
    "active_incidents",
    "pulse_check_lateness_seconds",
    "pulse_checks_missed_total",
    "pulse_outbox_depth",
    "pulse_outbox_oldest_seconds",
    "pulse_delivery_latency_seconds",
}


def elsewhere(program: str, **environment: str) -> Any:
    """What a process with another environment prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\nimport json\n" + program],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


ASK = """
from django.test import Client
answer = Client(raise_request_exception=False).get("{}")
print(json.dumps([answer.status_code, answer.content.decode()]))
"""


def readiness(**environment: str) -> tuple[int, dict[str, Any]]:
    status, content = elsewhere(ASK.format("/health/ready"), **environment)
    return status, json.loads(content)


def test_a_process_that_lives_says_so_without_a_database() -> None:
    from pulse.asgi import application

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(application({"type": "http", "path": "/health", "method": "GET"}, None, send))

    assert sent[0]["status"] == 200
    assert json.loads(sent[1]["body"]) == {"status": "ok"}


def test_without_workers_pulse_is_degraded(world: None) -> None:
    answer = Client().get("/health/ready")

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer.json() == {
        "status": "degraded",
        "parts": {
            "database": "ok",
            "migrations": "ok",
            "redis": "ok",
            "checks": "degraded",
            "notifications": "degraded",
        },
    }


def test_with_its_workers_pulse_is_ok(world: None) -> None:
    separator = "&" if "?" in os.environ["DATABASE_URL"] else "?"
    urls = [
        f"{os.environ['DATABASE_URL']}{separator}application_name=pulse {role}" for role in ("checks", "work")
    ]

    with psycopg.connect(urls[0].replace(" ", "%20")), psycopg.connect(urls[1].replace(" ", "%20")):
        answer = Client().get("/health/ready").json()

    assert answer["status"] == "ok"
    assert set(answer["parts"].values()) == {"ok"}


def test_without_redis_pulse_is_degraded_and_serves(world: None) -> None:
    status, body = readiness(REDIS_URL="redis://127.0.0.1:1/0")

    assert status == 200
    assert (body["status"], body["parts"]["redis"], body["parts"]["database"]) == (
        "degraded",
        "degraded",
        "ok",
    )


def test_without_its_database_pulse_is_failing(world: None) -> None:
    status, body = readiness(DATABASE_URL=GONE)

    assert status == 503
    assert body == {"status": "failing", "parts": {"database": "failing"}}


def test_behind_its_migrations_pulse_is_failing(world: None) -> None:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        last = superuser.execute(
            "UPDATE django_migrations SET name = name || ' hidden' WHERE app = 'outbox' RETURNING id"
        ).fetchall()
        try:
            answer = Client().get("/health/ready")
        finally:
            superuser.execute(
                "UPDATE django_migrations SET name = replace(name, ' hidden', '') WHERE id = ANY(%s)",
                [[row[0] for row in last]],
            )

    assert answer.status_code == 503
    assert answer.json()["parts"]["migrations"] == "failing"


def names_in(text: str) -> set[str]:
    declared = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    assert len(declared) == len(re.findall(r"^# TYPE ", text, re.MULTILINE)), "a name is declared twice"
    return declared


def test_metrics_have_every_name(world: None) -> None:
    answer = Client().get("/metrics")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert names_in(answer.content.decode()) >= NAMES


def test_processes_that_share_a_directory_count_together_under_every_name(
    world: None, tmp_path: Path
) -> None:
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    elsewhere(ASK.format("/v1/nowhere"), **shared)
    elsewhere(ASK.format("/v1/nowhere"), **shared)

    _, text = elsewhere(ASK.format("/metrics"), **shared)

    assert names_in(text) >= NAMES
    assert 'http_requests_total{method="GET",route="v1/",status="404"} 2.0' in text
    assert "Multiprocess metric" not in text


def test_every_counter_is_among_the_shared_ones() -> None:
    from prometheus_client import Counter, Histogram

    own = {name for name, value in vars(metrics).items() if isinstance(value, Counter | Histogram)}

    assert {getattr(metrics, name) for name in own} == set(metrics.COUNTED)


def test_gauges_tell_of_all_organisations(api: Any, globex_api: Any, acme: Any) -> None:
    monitor = make_monitor(api)
    make_monitor(globex_api)
    make_monitor(api, enabled=False)
    open_incident(acme, monitor)

    text = Client().get("/metrics").content.decode()

    assert "\nactive_monitors 2.0" in text
    assert "\npulse_outbox_depth 1.0" in text
    assert float(text.split("\npulse_outbox_oldest_seconds ")[1].split()[0]) >= 0


def test_counters_are_told_while_the_database_is_away(world: None) -> None:
    status, text = elsewhere(ASK.format("/metrics"), DATABASE_URL=GONE)

    assert status == 200
    assert "http_requests_total" in text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_metrics_are_not_for_those_behind_the_proxy(world: None, header: str) -> None:
    assert Client().get("/metrics", headers={header: "198.51.100.7"}).status_code == 404


def test_metrics_name_no_organisation_and_no_path(api: Any, acme: Any) -> None:
    monitor = make_monitor(api, name="canary")
    api.get(f"monitors/{monitor['id']}")
    api.client.generic("INVENTED", "/v1/monitors")

    text = Client().get("/metrics").content.decode()

    for word in ("acme", "canary", monitor["id"], "INVENTED"):
        assert word not in text

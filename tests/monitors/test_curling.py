"""A monitor's request as a curl command that a shell takes."""

from __future__ import annotations

import shlex
import subprocess
from itertools import pairwise
from typing import Any

from monitors.curling import command
from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.monitors.making import make


def written(organisation: Any, monitor: Monitor) -> list[str]:
    with in_tenant(organisation):
        return shlex.split(command(monitor))


def test_a_plain_check(acme: Any) -> None:
    monitor = make(acme)

    assert written(acme, monitor) == [
        "curl", "--include", "--max-time", "10", "--location", "--max-redirs", "5", "http://127.0.0.1:9/shop",
    ]  # fmt: skip


def test_everything_that_is_set_is_there_and_no_secret(acme: Any) -> None:
    config = {
        "method": "POST", "headers": {"X-Shop": "it's; $(reboot)"}, "body_type": "json", "body": '{"a": "\'"}',
        "auth": "basic", "username": "al ice", "password": "canary", "verify_tls": False, "ip_version": "4",
        "http_version": "1.1", "follow_redirects": False, "user_agent": "Own/1", "proxy": "127.0.0.1:3128",
    }  # fmt: skip
    monitor = make(acme, target="https://127.0.0.1/a?b=c&d", config=config)

    words = written(acme, monitor)

    assert "canary" not in " ".join(words)
    pairs = list(pairwise(words))
    for option in [
        ("--request", "POST"), ("--header", "X-Shop: it's; $(reboot)"), ("--data-raw", '{"a": "\'"}'),
        ("--user", "al ice:$PASSWORD"), ("--user-agent", "Own/1"), ("--proxy", "http://127.0.0.1:3128"),
        ("--header", "Content-Type: application/json"),
    ]:  # fmt: skip
        assert option in pairs, option
    assert {"--insecure", "--ipv4", "--http1.1"} <= set(words)
    assert "--location" not in words
    assert words[-1] == "https://127.0.0.1/a?b=c&d"


def test_curl_itself_takes_it(acme: Any, target: Any) -> None:
    monitor = make(acme, target=target.at("/status/204"), config={"headers": {"X-Shop": "a b"}})

    with in_tenant(acme):
        said = subprocess.run(["sh", "-c", command(monitor)], capture_output=True, timeout=20, check=True)

    assert b" 204 " in said.stdout
    assert target.requests[-1].headers["x-shop"] == "a b"


def test_other_kinds_have_none_and_the_page_shows_it(acme: Any, as_alice: Any) -> None:
    other = make(acme, "gate", kind="tcp", target="127.0.0.1:9")
    assert written(acme, other) == []

    page = as_alice.get(f"/o/acme/monitors/{make(acme).pk}/").content.decode()

    assert "As a curl command" in page

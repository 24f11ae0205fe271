"""A monitor's request as a curl command that a shell takes."""

from __future__ import annotations

import shlex
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from monitors.curling import command
from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.certificates import Authority
from tests.monitors.making import make


def written(organisation: Any, monitor: Monitor) -> list[str]:
    with in_tenant(organisation):
        return shlex.split(command(monitor))


def test_a_plain_check(acme: Any) -> None:
    monitor = make(acme)

    assert written(acme, monitor) == [
        "curl", "--include", "--compressed", "--max-time", "10", "--location", "--max-redirs", "5", "http://127.0.0.1:9/shop",
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


def test_a_get_with_a_body_stays_one_and_brackets_are_no_pattern(acme: Any, target: Any) -> None:
    config = {"body_type": "text", "body": "ü", "headers": {"X-Empty": ""}}
    monitor = make(acme, target=target.at("/ok?ids[1-3]=1"), config=config)

    with in_tenant(acme):
        subprocess.run(["sh", "-c", command(monitor)], capture_output=True, timeout=20, check=True)

    came = target.requests[-1]
    assert (came.method, came.path, came.body) == ("GET", "/ok?ids[1-3]=1", "ü".encode())
    assert came.headers["x-empty"] == ""
    assert came.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("auth", "wanted"),
    [
        ({"auth": "bearer", "bearer_token": "canary"}, ("--header", "Authorization: Bearer $BEARER_TOKEN")),
        (
            {
                "auth": "oauth2", "token_url": "https://127.0.0.1/t", "client_id": "me", "client_secret": "canary",
            },
            ("--header", "Authorization: Bearer $ACCESS_TOKEN"),
        ),
        ({"secret_headers": "X-Key: canary"}, ("--header", "$SECRET_HEADERS")),
        (
            {"proxy": "127.0.0.1:3128", "proxy_username": "al", "proxy_password": "canary"},
            ("--proxy-user", "al:$PROXY_PASSWORD"),
        ),
    ],
)  # fmt: skip
def test_each_way_to_sign_in_names_what_is_to_be_filled_in(
    acme: Any, auth: dict[str, Any], wanted: tuple[str, str]
) -> None:
    words = written(acme, make(acme, config=auth))

    assert wanted in list(pairwise(words))
    assert "canary" not in " ".join(words)


def test_a_client_certificate_is_a_file_and_the_page_shows_the_command(
    acme: Any, as_alice: Any, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.client_pair("pulse")
    config = {
        "client_certificate": certificate, "client_key": key, "ca": authority.ca_file.read_text(),
    }  # fmt: skip
    monitor = make(acme, target="https://127.0.0.1/", config=config)

    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/")

    words = written(acme, monitor)
    assert page.status_code == 200
    files = {("--cert", "client.pem"), ("--key", "client-key.pem"), ("--cacert", "authority.pem")}
    assert files <= set(pairwise(words))
    assert "BEGIN" not in " ".join(words)


def test_other_kinds_have_none_and_the_page_shows_it(acme: Any, as_alice: Any) -> None:
    other = make(acme, "gate", kind="tcp", target="127.0.0.1:9")
    assert written(acme, other) == []

    page = as_alice.get(f"/o/acme/monitors/{make(acme).pk}/").content.decode()

    assert "As a curl command" in page

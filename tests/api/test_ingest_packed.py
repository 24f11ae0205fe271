"""Numbers that come packed, too large, or as what they are not."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.api.test_ingest import SAMPLES, push
from tests.conftest import Api


@pytest.fixture
def agent(acme: Any) -> Api:
    return Api(acme, ["ingest"])


def test_gzip_is_unpacked(acme: Any, agent: Api) -> None:
    body = gzip.compress(json.dumps({"host": "web-1", "samples": SAMPLES}).encode())

    assert push(agent, body, headers={"Content-Encoding": "gzip"}).json()["accepted"] == 2


def test_a_gzip_bomb_is_413_before_it_unfolds(agent: Api) -> None:
    answer = push(agent, gzip.compress(b" " * 200_000_000), headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 413
    assert "8,388,608 bytes" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [(b"no gzip", "gzip", 400), (gzip.compress(b"{}" * 99, mtime=0)[:-9], "gzip", 400), (b"{}", "br", 415)],
)
def test_other_encodings_are_told(agent: Api, body: bytes, encoding: str, status: int) -> None:
    assert push(agent, body, headers={"Content-Encoding": encoding}).status_code == status


def test_what_is_not_taken_says_what_is(agent: Api) -> None:
    packed = push(agent, b"{}", headers={"Content-Encoding": "br"}).json()
    assert packed["detail"] == "Send the body as it is, or with Content-Encoding: gzip."
    plain = agent.client.post("/v1/ingest/metrics", b"{}", content_type="text/plain").json()
    assert plain["detail"] == "Send the body as application/json."


def test_a_body_that_is_too_large_is_413(agent: Api) -> None:
    assert push(agent, b" " * (2 * 1024 * 1024 + 1)).status_code == 413

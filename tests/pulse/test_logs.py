"""Lines of the log say who asked for what, and never a secret."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.test import Client
from structlog.stdlib import ProcessorFormatter

from pulse import logs

ROOT = Path(__file__).resolve().parents[2]
KEY = "ppk_live_" + "C" * 36
CANARIES = {
    "password": "canary-password",
    "api_key": KEY,
    "secret": "whsec_Q2FuYXJ5Q2FuYXJ5",
    "sessionid": "canary-session",
    "csrf_token": "canary-token",
    "Authorization": f"Bearer {KEY}",
    "DATABASE_URL": "postgresql://pulse:canary-database@localhost/pulse",
    "EMAIL_URL": "smtp://ops:canary-mail@mail.example",
}


@pytest.mark.parametrize(("name", "value"), list(CANARIES.items()))
def test_a_secret_is_hidden_by_its_name_or_its_shape(name: str, value: str) -> None:
    for event in (
        {"event": "x", name: value},
        {"event": "x", "data": {"inner": [{name: value}]}},
        {"event": "x", name: [value]},
        {"event": "x", name: value.encode()},
    ):
        shown = json.dumps(logs.hide_secrets(None, "info", event), default=str)
        assert "canary" not in shown.lower()
        assert "C" * 30 not in shown
        assert "Q2FuYXJ5" not in shown


@pytest.mark.parametrize(
    "text", [CANARIES["secret"], KEY, f"Bearer {KEY}", CANARIES["DATABASE_URL"], CANARIES["EMAIL_URL"]]
)
def test_a_secret_inside_a_sentence_is_hidden(text: str) -> None:
    shown = logs.hide_secrets(None, "info", {"event": f"posted to {text}, refused"})["event"]

    assert "canary" not in shown
    assert "C" * 30 not in shown
    assert "Q2FuYXJ5" not in shown
    assert shown.startswith("posted to ")
    assert shown.endswith(("]", "refused"))


def lines_of(program: str) -> list[dict[str, Any]]:
    """The log of a production process that runs `program`."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "pulse.settings.production",
        "PULSE_BASE_URL": "https://pulse.example.com",
        "SECRET_KEY": "only for the suite, only for the suite, only for it",
    }
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + program],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_production_logs_json_without_secrets_in_messages_and_tracebacks(world: None) -> None:
    lines = lines_of(f"""
import logging, structlog
log, old = structlog.get_logger("pulse.x"), logging.getLogger("some.library")
log.info("told", password="canary-password", monitor="shop")
old.warning("refused %s for %s", "Bearer {KEY}", "whsec_Q2FuYXJ5Q2FuYXJ5")
def fail(password):
    raise ValueError("cannot open {CANARIES["DATABASE_URL"]}")
try:
    fail("canary-password")
except ValueError:
    log.exception("failed")
    old.exception("failed too")
""")

    assert [line["event"] for line in lines][0::2] == ["told", "failed"]
    assert lines[0]["monitor"] == "shop"
    assert lines[1]["logger"] == "some.library"
    assert "Traceback" in lines[2]["exception"]
    assert "ValueError" in lines[3]["exception"]
    text = json.dumps(lines)
    assert "canary" not in text
    assert "C" * 30 not in text
    assert "Q2FuYXJ5" not in text


def test_a_line_of_a_request_tells_its_id_and_organisation(world: None) -> None:
    lines = lines_of("""
from django.test import Client
from structlog.stdlib import ProcessorFormatter
from tenants import keys; from tenants.models import Organisation; from tenants.actors import COMMAND_LINE
_, key = keys.create(Organisation.objects.get(slug="acme"), "k", ["*"], COMMAND_LINE)
headers = {"Host": "pulse.example.com", "Authorization": "Bearer " + key, "X-Request-Id": "given-by-nginx"}
script = Client(headers=headers)
assert script.get("/v1/monitors", secure=True).status_code == 200
assert Client(headers={"Host": "pulse.example.com"}).get("/v1/nowhere", secure=True).status_code == 404
""")

    requests = [line for line in lines if line["event"] == "request"]
    assert requests[0]["organisation"] == "acme"
    assert requests[0]["request_id"] == "given-by-nginx"
    assert (requests[0]["method"], requests[0]["path"], requests[0]["status"]) == ("GET", "/v1/monitors", 200)
    assert "organisation" not in requests[1]
    assert requests[1]["request_id"] != "given-by-nginx"


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in/canary-token/",
        "/accounts/password/reset/key/3-canary-token/",
        "/accounts/confirm-email/canary:x/",
        "/t/a/1-2a-canaryCanary_-x",
        "/t/r/1-2a-canaryCanary_-x",
        "/on-call/canaryCanary_-x.ics",
    ],
)
def test_a_path_that_is_a_way_in_is_not_logged(world: None, written: io.StringIO, path: str) -> None:
    visitor = Client(raise_request_exception=False)
    visitor.get(path)
    visitor.post(path)

    assert written.getvalue().count("request") >= 2
    assert "canary" not in written.getvalue()


@pytest.mark.parametrize(
    "given",
    ["", "short", "x" * 65, "with space", "line\nbreak", "<script>", "a;b=c1234", "é" * 10, 'quote"quote'],
)
def test_a_request_id_that_is_no_plain_word_is_replaced(world: None, given: str) -> None:
    answer = Client(headers={"X-Request-Id": given}).get("/health/ready")

    assert answer["X-Request-Id"] != given
    assert len(answer["X-Request-Id"]) == 36


def test_a_plain_request_id_is_kept(world: None) -> None:
    assert (
        Client(headers={"X-Request-Id": "abc-123_DEF"}).get("/health/ready")["X-Request-Id"] == "abc-123_DEF"
    )


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the handler of this process writes."""
    handlers = [
        each for each in logging.getLogger().handlers if isinstance(each.formatter, ProcessorFormatter)
    ]
    handler = cast("logging.StreamHandler[Any]", handlers[0])
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


def test_what_people_and_scripts_send_is_not_in_the_log(api: Any, written: io.StringIO) -> None:
    """Canaries in every secret place of a request, in an answer and in a fault."""
    api.post(
        "channels",
        {"name": "n", "kind": "webhook", "config": {"url": "https://h.example.com/?token=canary-url"}},
    )
    api.client.post("/accounts/login/", {"login": "alice@acme.example", "password": "canary-password"})
    api.client.get("/v1/monitors?token=canary-query")
    Client(headers={"Authorization": "Bearer canary-bearer-key"}).get("/v1/monitors")

    assert written.getvalue().count("request") >= 4
    assert "canary" not in written.getvalue()
    assert api.key not in written.getvalue()


def test_what_lets_a_job_report_is_not_in_the_log(world: None, written: io.StringIO) -> None:
    """The token of a heartbeat, in a path that is spelled wrong and in what a sender of mail says."""
    token = "72eb50ea-b535-4868-ad9e-50ae9c029b7e"
    Client().get(f"/Ping/{token}")
    logging.getLogger("mail.log").info("recip: %s@ping.example.com", token)
    logging.getLogger("other").warning("for %s+nightly@ping.example.com", token)

    assert "/Ping/[hidden]" in written.getvalue()
    assert "for [hidden]+nightly@" in written.getvalue()
    assert token not in written.getvalue()
    assert "recip" not in written.getvalue()

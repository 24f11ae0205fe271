"""Pings over the network: the paths, answers and codes of healthchecks, and what is kept of them."""

from __future__ import annotations

import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from incidents.models import Incident
from monitors import editing
from monitors.heartbeats import keeping
from monitors.heartbeats.advancing import Kind
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse.scoping import in_tenant
from tenants import keys
from tenants.actors import COMMAND_LINE
from tests.monitors.heartbeats.serving import ask, heartbeat, rows_of, token_of
from tests.monitors.stepping import head, status
from tests.monitors.test_busy_rows import held

RID = str(uuid.uuid4())


def key_of(organisation: Any, *scopes: str) -> str:
    return keys.create(organisation, "jobs", list(scopes), COMMAND_LINE)[1]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_a_ping_is_answered_ok_and_makes_the_monitor_up(acme: Any, pings: str, method: str) -> None:
    monitor = heartbeat(acme)

    answer = ask(f"{pings}/{token_of(acme, monitor)}", method)

    assert (answer.status_code, answer.text) == (200, "" if method == "HEAD" else "OK")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Ping-Body-Limit"] == "100000"
    assert status(monitor) is Status.UP
    assert rows_of(monitor, "kind, method, host(address)") == [(Kind.SUCCESS, method, "127.0.0.1")]


@pytest.mark.parametrize(
    ("suffix", "kind", "exit_status", "after"),
    [
        ("", Kind.SUCCESS, None, Status.UP), ("/", Kind.SUCCESS, None, Status.UP),
        ("/start", Kind.START, None, Status.PENDING), ("/log", Kind.LOG, None, Status.PENDING),
        ("/fail", Kind.FAIL, None, Status.DOWN), ("/0", Kind.SUCCESS, 0, Status.UP),
        ("/1", Kind.FAIL, 1, Status.DOWN), ("/255", Kind.FAIL, 255, Status.DOWN),
    ],
)  # fmt: skip
def test_what_an_address_says_counts(
    acme: Any, pings: str, suffix: str, kind: Kind, exit_status: int | None, after: Status
) -> None:
    monitor = heartbeat(acme)

    answer = ask(f"{pings}/{token_of(acme, monitor)}{suffix}", "POST")

    assert (answer.status_code, answer.text) == (200, "OK")
    assert rows_of(monitor, "kind, exit_status") == [(kind, exit_status)]
    assert status(monitor) is after


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        ("/256", 400, "invalid url format"), ("/1000", 400, "invalid url format"), ("/-1", 404, "not found"),
        ("/done", 404, "not found"), ("/start/1", 404, "not found"), ("?rid=7", 400, "invalid uuid format"),
        ("?rid=", 400, "invalid uuid format"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_leaves_no_trace(
    acme: Any, pings: str, path: str, code: int, text: str
) -> None:
    monitor = heartbeat(acme)

    answer = ask(f"{pings}/{token_of(acme, monitor)}{path}")

    assert (answer.status_code, answer.text) == (code, text)
    assert rows_of(monitor) == []


@pytest.mark.parametrize(
    "path", ["5f0c1c9e-6a5b-4b6e-9a55-1d3a5c0e9b7a", "x", "", "a/b", "ppk_live_invented/slug", "%00/%ff"]
)
def test_an_unknown_address_is_not_found_and_no_more_is_said(world: None, pings: str, path: str) -> None:
    answer = ask(f"{pings}/{path}")
    assert (answer.status_code, answer.text) == (404, "not found")


def test_other_methods_are_no_pings(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    url = f"{pings}/{token_of(acme, monitor)}"

    preflight, refused = ask(url, "OPTIONS"), ask(url, "DELETE")

    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, POST, PUT")
    assert rows_of(monitor) == []


def test_a_failure_opens_an_incident_and_the_next_success_resolves_it(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    url = f"{pings}/{token_of(acme, monitor)}"
    for suffix in ("", "/3", ""):
        assert ask(url + suffix).text == "OK"
        if suffix:
            with in_tenant(acme):
                incident = Incident.objects.get()
            assert incident.resolved_at is None
            assert head(monitor).last_detail == "the job ended with exit status 3"
    with in_tenant(acme):
        assert Incident.objects.get().resolved_at is not None


def test_runs_are_paired_by_their_id(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    url = f"{pings}/{token_of(acme, monitor)}"
    other = str(uuid.uuid4())
    for suffix in (f"/start?rid={RID}", f"/start?rid={other}", f"?rid={RID}", f"/0?rid={other.upper()}"):
        assert ask(url + suffix).status_code == 200

    first, second, third, fourth = rows_of(monitor, "rid, duration_us, at")

    assert (first[0], second[0]) == (uuid.UUID(RID), uuid.UUID(other))
    assert third[1] == (third[2] - first[2]) // timedelta(microseconds=1)
    assert fourth[1] == (fourth[2] - second[2]) // timedelta(microseconds=1)


def test_a_body_is_kept_and_a_long_one_in_a_row_of_its_own(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    url = f"{pings}/{token_of(acme, monitor)}"
    bodies = [b"done \x00\xff", b"x" * 10_000, b"y" * 50_000, b"z" * 120_000]
    for body in bodies:
        assert ask(url, "POST", body).text == "OK"

    kept = rows_of(monitor, "body_size, length(body)")
    long = rows_of(
        monitor,
        "(SELECT length(b.body) FROM telemetry_pingbody b"
        " WHERE b.monitor_no = telemetry_ping.monitor_no AND b.n = telemetry_ping.n)",
    )

    assert kept == [(7, 7), (10_000, 10_000), (50_000, 10_000), (120_000, 10_000)]
    assert long == [None, None, 50_000, 100_000]


def test_a_body_without_end_is_cut_off_and_the_ping_counts(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    host, port = pings.removeprefix("http://").removesuffix("/ping").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sender:
        sender.sendall(
            f"POST /ping/{token_of(acme, monitor)} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n".encode()
        )
        sender.sendall(b"x" * 1_100_000)
        answer = sender.recv(4096)
    assert b"200 OK" in answer
    assert b"connection: close" in answer.lower()
    assert rows_of(monitor, "body_size") == [2**31 - 1]


def test_a_slow_body_counts_with_what_came(acme: Any, pings: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitors.heartbeats.receiving.BODY_SECONDS", 0.2)
    monitor = heartbeat(acme)
    host, port = pings.removeprefix("http://").removesuffix("/ping").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sender:
        sender.sendall(
            f"POST /ping/{token_of(acme, monitor)} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc".encode()
        )
        assert b"200 OK" in sender.recv(4096)
    assert rows_of(monitor, "convert_from(body, 'UTF8'), body_size") == [("abc", 10)]


def test_post_only_keeps_others_and_ignores_them(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme, config={"post_only": True})
    url = f"{pings}/{token_of(acme, monitor)}"
    assert ask(url).text == ask(url, "POST").text == "OK"
    assert rows_of(monitor) == [Kind.IGNORED, Kind.SUCCESS]


def test_keywords_in_the_body_decide(acme: Any, pings: str) -> None:
    words = {"failure_keywords": ["ERROR"], "success_keywords": ["done"], "start_keywords": ["begin"]}
    monitor = heartbeat(acme, config={"filter_body": True, **words})
    url = f"{pings}/{token_of(acme, monitor)}"
    for body in ("begin", "all done", "done, 1 ERROR", "hm", ""):
        ask(url, "POST", body.encode())
    assert rows_of(monitor) == [Kind.START, Kind.SUCCESS, Kind.FAIL, Kind.IGNORED, Kind.IGNORED]


def test_a_paused_heartbeat_keeps_pings_and_nothing_changes(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    with in_tenant(acme):
        editing.pause(acme, monitor, COMMAND_LINE)
    assert ask(f"{pings}/{token_of(acme, monitor)}/fail").text == "OK"
    assert rows_of(monitor, "kind, note") == [(Kind.IGNORED, "it is paused")]
    assert head(monitor).next_due_at is None


def test_a_rotated_address_is_unknown_at_once(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    old = token_of(acme, monitor)
    with in_tenant(acme):
        new = keeping.rotate(acme, monitor, COMMAND_LINE)
    assert ask(f"{pings}/{old}").status_code == 404
    assert ask(f"{pings}/{new}").text == "OK"
    assert token_of(acme, monitor) == new


def test_a_deleted_heartbeat_has_no_address(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    token = token_of(acme, monitor)
    ask(f"{pings}/{token}")
    with in_tenant(acme):
        editing.delete(acme, monitor, COMMAND_LINE)
    assert ask(f"{pings}/{token}").status_code == 404
    assert rows_of(monitor) == []


def test_a_slug_with_a_key_finds_its_heartbeat(acme: Any, globex: Any, pings: str) -> None:
    monitor, key = heartbeat(acme, "Nightly backup"), key_of(acme, "ingest")
    heartbeat(globex, "Nightly backup")
    assert ask(f"{pings}/{key}/nightly-backup/start").text == "OK"
    assert ask(f"{pings}/{key}/nightly-backup/7").text == "OK"
    assert rows_of(monitor, "kind, exit_status") == [(Kind.START, None), (Kind.FAIL, 7)]


def test_a_key_without_the_scope_or_of_others_finds_nothing(acme: Any, globex: Any, pings: str) -> None:
    monitor = heartbeat(acme, "backup")
    for key in (key_of(acme, "monitors:write"), key_of(globex, "ingest")):
        answer = ask(f"{pings}/{key}/backup")
        assert (answer.status_code, answer.text) == (404, "not found")
    assert rows_of(monitor) == []


def test_a_slug_that_two_share_is_ambiguous(acme: Any, pings: str) -> None:
    heartbeat(acme, "one", config={"slug": "twin"})
    heartbeat(acme, "two", config={"slug": "twin"})
    answer = ask(f"{pings}/{key_of(acme, 'ingest')}/twin")
    assert (answer.status_code, answer.text) == (409, "ambiguous slug")


def test_create_makes_one_heartbeat_however_many_ask(acme: Any, pings: str) -> None:
    url = f"{pings}/{key_of(acme, 'ingest')}/fresh-job"
    assert ask(url).status_code == 404
    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(lambda _: ask(f"{url}?create=1"), range(4)))
    assert {(answer.status_code, answer.text) for answer in answers} <= {(201, "Created"), (200, "OK")}
    assert (201, "Created") in {(answer.status_code, answer.text) for answer in answers}
    with in_tenant(acme):
        monitor = Monitor.objects.get()
    assert (monitor.name, monitor.kind, monitor.created_by) == ("fresh-job", "heartbeat", "API key jobs")
    assert len(rows_of(monitor)) == 4


def test_a_ping_waits_for_an_edit_and_is_not_lost(acme: Any, pings: str) -> None:
    edited, other = heartbeat(acme, "edited"), heartbeat(acme, "other")
    with ThreadPoolExecutor(1) as aside:
        with held(edited):
            waiting = aside.submit(ask, f"{pings}/{token_of(acme, edited)}")
            assert ask(f"{pings}/{token_of(acme, other)}").text == "OK"
            assert not waiting.done()
        assert waiting.result().text == "OK"
    assert status(edited) is Status.UP


def test_one_noisy_job_is_told_to_slow_down(acme: Any, pings: str) -> None:
    noisy, calm = heartbeat(acme, "noisy"), heartbeat(acme, "calm")
    url = f"{pings}/{token_of(acme, noisy)}"
    with ThreadPoolExecutor(8) as several:
        codes = list(several.map(lambda _: ask(url).status_code, range(250)))
    assert codes.count(200) + codes.count(429) == 250
    assert 100 <= codes.count(200) < 200
    assert len(rows_of(noisy)) == codes.count(200)
    assert ask(f"{pings}/{token_of(acme, calm)}").text == "OK"


def test_a_suspended_organisation_has_no_addresses(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    token = token_of(acme, monitor)
    acme.state = acme.State.SUSPENDED
    acme.save(update_fields=["state"])
    assert ask(f"{pings}/{token}").status_code == 404

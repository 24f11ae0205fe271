"""What another version saved and this one would not: nobody believes that it is looked at, and it can be corrected."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from monitors import curling
from monitors.controls import settings_as_typed
from monitors.kinds import KINDS
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse.fields import ConfigError
from pulse.scoping import as_pipeline, in_tenant
from tests.monitors.heartbeats.serving import ask, heartbeat, token_of
from tests.monitors.hosts.reporting import CPU, incidents, pass_by, report, settle, watched
from tests.monitors.making import make
from tests.monitors.stepping import head, status
from tests.receivers import wait_until

POLICY = {"down_after": 1, "up_after": 1, "degraded_after": 1}
REFUSED = {"source": "status", "operator": "in", "expected": 1}


def saved(organisation: Any, monitor: Monitor, config: dict[str, Any]) -> None:
    """Let its settings be these, as a version with other rules would have saved them."""
    with in_tenant(organisation):
        Monitor.objects.filter(pk=monitor.pk).update(config=config, version=F("version") + 1)
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_probespec SET spec = jsonb_set(spec, '{config}', %s), version = version + 1"
            " WHERE monitor_no = %s",
            [json.dumps(config), monitor.no],
        )
        cursor.execute(
            "UPDATE telemetry_livestate SET spec_version = spec_version + 1, next_due_at = now()"
            " WHERE monitor_no = %s",
            [monitor.no],
        )


@pytest.fixture
def outdated(acme: Any, target: Any) -> Monitor:
    monitor = make(acme, target=target.url, policy=POLICY, interval_seconds=5, timeout_seconds=2)
    saved(acme, monitor, {"assertions": [REFUSED]})
    return monitor


def test_it_is_unknown_and_says_what_to_correct(outdated: Monitor, checker: Any) -> None:
    wait_until(lambda: status(outdated) is Status.UNKNOWN, 10, "the check")

    assert head(outdated).last_detail.startswith("its settings must be corrected: assertions: Line 1: ")


def test_who_corrects_it_has_it_checked_again(
    outdated: Monitor, checker: Any, api: Any, as_alice: Any
) -> None:
    page = f"/o/acme/monitors/{outdated.pk}/"
    wait_until(lambda: status(outdated) is Status.UNKNOWN, 10, "the check")

    shown, form = as_alice.get(page), as_alice.get(f"{page}edit/")
    answer = api.patch(f"monitors/{outdated.pk}", {"config": {"assertions": ["[STATUS] == 200"]}})

    assert (shown.status_code, form.status_code, answer.status_code) == (200, 200, 200)
    assert "&quot;operator&quot;: &quot;in&quot;" in form.content.decode()
    wait_until(lambda: status(outdated) is Status.UP, 15, "the check")


def test_it_can_be_paused_and_renamed_as_it_is(outdated: Monitor, api: Any) -> None:
    where = f"monitors/{outdated.pk}"

    assert api.patch(where, {"enabled": False, "name": "later"}).status_code == 200
    refused = api.patch(where, {"config": {"assertions": [REFUSED]}})

    assert [error["pointer"] for error in refused.json()["errors"]] == ["/config/assertions"]
    assert api.get(where).json()["config"] == {"assertions": [REFUSED]}


def test_secrets_that_no_key_opens_are_told_and_entered_anew(
    acme: Any, target: Any, checker: Any, api: Any
) -> None:
    config = {"auth": "basic", "username": "a", "password": "b"}
    monitor = make(
        acme, target=target.url, policy=POLICY, interval_seconds=5, timeout_seconds=2, config=config
    )
    where = f"monitors/{monitor.pk}"
    wait_until(lambda: status(monitor) is Status.UP, 10, "the check")
    with in_tenant(acme):
        sealed = Monitor.objects.get(pk=monitor.pk).sealed_secrets
        Monitor.objects.filter(pk=monitor.pk).update(sealed_secrets=f"{sealed[:-4]}AAAA")
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_probespec SET spec = jsonb_set(spec, '{secrets}', %s), version = version + 1"
            " WHERE monitor_no = %s",
            [json.dumps(f"{sealed[:-4]}AAAA"), monitor.no],
        )
        cursor.execute(
            "UPDATE telemetry_livestate SET spec_version = spec_version + 1 WHERE monitor_no = %s",
            [monitor.no],
        )

    wait_until(lambda: status(monitor) is Status.UNKNOWN, 15, "the check")
    paused = [api.patch(where, {"enabled": is_on}).status_code for is_on in (False, True)]
    kept = api.patch(where, {"config": {**config, "password": "********"}})
    anew = api.patch(where, {"config": config})

    assert head(monitor).last_detail.startswith("its secrets do not open")
    assert paused == [200, 200]
    assert [error["pointer"] for error in kept.json()["errors"]] == ["/config/password"]
    assert anew.status_code == 200
    wait_until(lambda: status(monitor) is Status.UP, 15, "the check")


def test_a_host_is_judged_by_no_threshold_then_and_its_page_opens(acme: Any, as_alice: Any) -> None:
    monitor = make(acme, "web-1", kind="host", target="", config={"thresholds": [CPU]}, policy=POLICY)
    report(acme, 1.0)
    saved(acme, monitor, {"thresholds": ["max(cpu.percent) is too much"], "silence_seconds": 90})

    report(acme, 99.0)
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_livestate SET next_due_at = now()")
    settle(acme)

    assert status(monitor) is Status.UNKNOWN
    assert head(monitor).last_detail.startswith("its settings must be corrected: thresholds: Line 1: ")
    assert as_alice.get(f"/o/acme/monitors/{monitor.pk}/").status_code == 200
    assert as_alice.get(f"/o/acme/monitors/{monitor.pk}/edit/").status_code == 200


def test_a_heartbeat_is_listed_opened_renamed_and_reports(acme: Any, as_alice: Any, api: Any) -> None:
    monitor = make(
        acme, "nightly", kind="heartbeat", target="", config={"schedule": "cron", "calendar": ["0 3 * * *"]}
    )
    saved(acme, monitor, {"schedule": "cron", "calendar": ["0 3 * * *"], "zone": "Mars/Olympus"})
    pages = ("/o/acme/monitors/", f"/o/acme/monitors/{monitor.pk}/", f"/o/acme/monitors/{monitor.pk}/edit/")

    assert [as_alice.get(page).status_code for page in pages] == [200, 200, 200]
    assert "Mars/Olympus" in as_alice.get(pages[-1]).content.decode()
    assert api.patch(f"monitors/{monitor.pk}", {"name": "renamed"}).status_code == 200


def test_a_trial_of_refused_queries_names_their_place(acme: Any, api: Any) -> None:
    config = {"source": "prometheus", "queries": ["load = node_load1"]}
    monitor = make(acme, kind="metrics", target="http://127.0.0.1:9/", config=config)
    saved(acme, monitor, config | {"queries": ["no query"]})

    answer = api.post(f"monitors/{monitor.pk}/trial", {})

    assert [error["pointer"] for error in answer.json()["errors"]] == ["/config/queries"]


def test_a_heartbeat_that_cannot_be_judged_is_unknown_at_its_deadline_and_nobody_is_told(acme: Any) -> None:
    monitor = make(
        acme, "nightly", kind="heartbeat", target="", config={"schedule": "cron", "calendar": ["0 3 * * *"]}
    )
    saved(acme, monitor, {"schedule": "cron", "calendar": ["0 3 * * *"], "zone": "Mars/Olympus"})

    settle(acme)

    assert status(monitor) is Status.UNKNOWN
    assert head(monitor).last_detail.startswith("its settings must be corrected: zone: ")
    assert incidents(acme) == []


def test_no_success_makes_a_heartbeat_up_whose_next_deadline_nobody_knows(acme: Any, pings: str) -> None:
    monitor = heartbeat(acme)
    url = f"{pings}/{token_of(acme, monitor)}"
    ask(url)
    assert status(monitor) is Status.UP
    saved(acme, monitor, {"period_seconds": "often"})

    ask(url)
    now, detail = status(monitor), head(monitor).last_detail
    ask(f"{url}/fail")
    failed = status(monitor)
    saved(acme, monitor, {"period_seconds": 600})
    ask(url)

    assert (now, failed, status(monitor)) == (Status.UNKNOWN, Status.DOWN, Status.UP)
    assert detail.startswith("its settings must be corrected: period_seconds: ")


def test_the_silence_of_a_host_tells_nothing_while_nobody_knows_how_long_it_may_last(acme: Any) -> None:
    monitor = watched(acme, CPU)
    report(acme, 1.0)
    saved(acme, monitor, {"silence_seconds": 1})
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_livestate SET next_due_at = last_slot + interval '120 s'")

    pass_by(acme, monitor, 121)

    assert status(monitor) is Status.UNKNOWN
    assert incidents(acme) == []


def test_what_this_version_does_not_know_is_removed_by_saving_the_form(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    saved(acme, monitor, {"body_type": "carved", "body": "x", "old_setting": 1})
    page = f"/o/acme/monitors/{monitor.pk}/"
    form = as_alice.get(f"{page}edit/").context["form"]
    typed = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}

    assert as_alice.get(page).status_code == 200
    assert as_alice.post(f"{page}edit/", typed | {"body_type": "text"}).status_code == 302
    with in_tenant(acme):
        assert "old_setting" not in Monitor.objects.get().config


def test_secrets_that_are_gone_are_missed_by_nobody_who_needs_none(
    acme: Any, target: Any, checker: Any, api: Any, as_alice: Any
) -> None:
    config = {"auth": "basic", "username": "a", "password": "b"}
    monitor = make(
        acme, target=target.url, policy=POLICY, interval_seconds=5, timeout_seconds=2, config=config
    )
    heartbeat = make(acme, "nightly", kind="heartbeat", target="")
    with in_tenant(acme):
        sealed = Monitor.objects.get(pk=monitor.pk).sealed_secrets
        Monitor.objects.filter(pk=monitor.pk).update(sealed_secrets=f"{sealed[:-4]}AAAA")
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_heartbeat SET sealed_token = left(sealed_token, -4) || 'AAAA'")

    assert api.patch(f"monitors/{monitor.pk}", {"config": {}}).status_code == 200
    assert api.get("monitors").status_code == 200
    assert as_alice.get(f"/o/acme/monitors/{heartbeat.pk}/").status_code == 200
    wait_until(lambda: status(monitor) is Status.UP, 15, "the check")


ODD: list[Any] = [None, 7, [7], {"a": 1}, "carved", [{"source": []}]]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_setting_is_refused_or_read_and_shown_whatever_was_saved(kind: str) -> None:
    settings = KINDS[kind].settings

    for name in (setting.name for setting in settings.all):
        for odd in ODD:
            settings_as_typed(settings, {name: odd})
            with suppress(ConfigError):
                settings.load({name: odd})


@pytest.mark.parametrize("odd", ODD)
def test_what_is_not_even_of_the_right_type_is_shown_on_every_page(
    acme: Any, as_alice: Any, api: Any, odd: Any
) -> None:
    monitor, host = make(acme), make(acme, "web-1", kind="host", target="")
    saved(acme, monitor, {setting.name: odd for setting in KINDS["http"].settings.all})
    saved(acme, host, {setting.name: odd for setting in KINDS["host"].settings.all})
    pages = ["/o/acme/monitors/", f"/o/acme/monitors/new/?like={monitor.pk}"]
    pages += [f"/o/acme/monitors/{one.pk}/{part}" for one in (monitor, host) for part in ("", "edit/")]

    assert [as_alice.get(page).status_code for page in pages] == [200] * 6
    for one in (monitor, host):
        assert api.patch(f"monitors/{one.pk}", {"name": f"{one} renamed"}).status_code == 200


def test_a_command_for_curl_is_of_what_can_be_asked_for(acme: Any) -> None:
    monitor = make(acme, config={"method": "HEAD"})
    monitor.config |= {"assertions": [REFUSED]}

    assert curling.command(monitor).startswith("curl ")
    assert curling.command(Monitor(kind="http", config={"headers": ["a"]})) == ""


@pytest.mark.parametrize("config", [None, 7, ["silence_seconds"], "silence_seconds"])
def test_a_host_whose_settings_are_none_at_all_is_unknown(acme: Any, config: Any) -> None:
    monitor = watched(acme, CPU)
    report(acme, 1.0)
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_probespec SET spec = jsonb_set(spec, '{config}', %s), version = version + 1"
            " WHERE monitor_no = %s",
            [json.dumps(config), monitor.no],
        )
        cursor.execute("UPDATE telemetry_livestate SET spec_version = spec_version + 1, next_due_at = now()")

    settle(acme)
    now = status(monitor)
    pass_by(acme, monitor, 100_000)

    assert (now, status(monitor), incidents(acme)) == (Status.UNKNOWN, Status.UNKNOWN, [])

"""A host is made and found by its pages like any other monitor."""

from __future__ import annotations

from typing import Any

from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.monitors.making import make

FORM = {
    "kind": "host", "name": "web-1", "down_after": "1", "up_after": "1", "degraded_after": "1", "enabled": "on",
    "interval_seconds": "60", "timeout_seconds": "10", "quorum": "1",
}  # fmt: skip


def test_the_form_makes_a_host(as_alice: Any, acme: Any) -> None:
    page = as_alice.get("/o/acme/monitors/new/?kind=host").content.decode()
    answer = as_alice.post(
        "/o/acme/monitors/new/?kind=host",
        {**FORM, "silence_seconds": "1 min 30 s", "thresholds": "avg(cpu.percent, 5m) > 80 warn"},
    )

    assert all(f'name="{name}"' in page for name in ("silence_seconds", "thresholds", "reports_as"))
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    with in_tenant(acme):
        config = Monitor.objects.get().config
    assert config["silence_seconds"] == 90
    assert config["thresholds"] == ["avg(cpu.percent, 5m) > 80 warn"]


def test_a_second_host_of_one_name_is_told_in_the_form(as_alice: Any, acme: Any) -> None:
    make(acme, "web-1", kind="host", target="")

    answer = as_alice.post("/o/acme/monitors/new/?kind=host", FORM)

    assert answer.status_code == 422
    assert "reports as" in answer.content.decode()
    assert "already" in answer.content.decode()


def test_the_list_and_the_page_show_a_host(as_bob: Any, acme: Any) -> None:
    monitor = make(acme, "web-1", kind="host", target="")

    assert "web-1" in as_bob.get("/o/acme/monitors/").content.decode()
    assert "Waiting for its first report" in as_bob.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()


def test_the_address_of_the_page_says_which_series_it_shows(as_alice: Any, acme: Any) -> None:
    page = f"/o/acme/monitors/{make(acme, 'web-1', kind='host', target='').pk}/"
    asked = {"HX-Request": "true", "HX-Boosted": "true"}

    shown = as_alice.get(f"{page}series/?range=24h&series=7", headers=asked)

    assert shown["HX-Replace-Url"] == f"{page}?range=24h&series=7"
    assert (
        f'hx-get="{page}series/?range=24h&amp;series=7"'
        in as_alice.get(shown["HX-Replace-Url"]).content.decode()
    )
    assert "HX-Replace-Url" not in as_alice.get(f"{page}series/", headers={"HX-Request": "true"})


def test_the_list_says_what_a_new_host_waits_for(as_alice: Any, acme: Any) -> None:
    make(acme, "web-1", kind="host", target="")

    assert "Waiting for its first report" in as_alice.get("/o/acme/monitors/").content.decode()

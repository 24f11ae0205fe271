"""Secret settings: sealed, masked, kept on request, and never sent to another place than they were made for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import certifi
import pytest
from django.db import connection

from monitors import editing
from monitors.models import Monitor
from monitors.secrets import KEPT, sealed
from monitors.telemetry.specs import Specs
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.api.making import pointers
from tests.monitors.making import make

SECRET = "correct-horse-canary"
PEM = "-----BEGIN CERTIFICATE" + Path(certifi.where()).read_text("ascii").split("-----BEGIN CERTIFICATE")[1]
CONFIG = {"auth": "basic", "username": "pulse", "password": SECRET}


@pytest.fixture
def monitor(acme: Any) -> Monitor:
    return make(acme, config=CONFIG)


def probed_with(monitor: Monitor) -> Any:
    """The settings that a worker has of it."""
    from django.utils import timezone

    from monitors.evaluation import State
    from monitors.telemetry.claiming import Claimed

    with as_pipeline():
        check = Claimed(monitor.no, 1, timezone.now(), 1, 10**6, State())
        return Specs().of([check])[monitor.no].config


def everything_stored() -> str:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT spec::text FROM telemetry_probespec UNION ALL SELECT a::text FROM tenants_audit a"
        )
        found = "".join(str(row[0]) for row in cursor.fetchall())
        cursor.execute("SELECT config::text || sealed_secrets FROM o_acme.monitors_monitor")
        return found + "".join(row[0] for row in cursor.fetchall())


def test_a_secret_is_used_and_stored_nowhere_in_the_clear(monitor: Monitor) -> None:
    assert probed_with(monitor).password == SECRET
    assert SECRET not in everything_stored()


def test_nobody_is_shown_it(monitor: Monitor, api: Any, as_alice: Any) -> None:
    assert api.get(f"monitors/{monitor.pk}").json()["config"]["password"] == KEPT
    for page in ("", "edit/"):
        html = as_alice.get(f"/o/acme/monitors/{monitor.pk}/{page}").content.decode()
        assert SECRET not in html
    copy = as_alice.get(f"/o/acme/monitors/new/?like={monitor.pk}").content.decode()
    assert SECRET not in copy
    assert KEPT not in copy


def test_sent_back_masked_it_is_kept(monitor: Monitor, api: Any) -> None:
    config = api.get(f"monitors/{monitor.pk}").json()["config"]

    answer = api.patch(f"monitors/{monitor.pk}", {"config": config | {"username": "other"}})

    assert answer.status_code == 200
    assert probed_with(monitor).password == SECRET
    assert probed_with(monitor).username == "other"


def test_a_new_one_replaces_it(monitor: Monitor, api: Any) -> None:
    api.patch(f"monitors/{monitor.pk}", {"config": CONFIG | {"password": "another"}})

    assert probed_with(monitor).password == "another"


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "http://127.0.0.2:9/shop"},
        {"target": "http://127.0.0.1:10/shop"},
        {"config": CONFIG | {"password": KEPT, "proxy": "127.0.0.3:3128"}},
        {"config": CONFIG | {"password": KEPT, "headers": {"hOST": "another.example"}}},
        {"config": CONFIG | {"password": KEPT, "verify_tls": False}},
        {"config": CONFIG | {"password": KEPT, "ca": PEM}},
    ],
)
def test_it_does_not_move_along_to_another_place(monitor: Monitor, api: Any, changes: dict[str, Any]) -> None:
    answer = api.patch(f"monitors/{monitor.pk}", changes)

    assert pointers(answer) == ["/config/password"]
    assert "Enter it again" in answer.json()["errors"][0]["detail"]


def test_it_is_not_sent_without_tls_where_tls_was_chosen(acme: Any, api: Any) -> None:
    mail = make(acme, kind="imap", target="127.0.0.1:993", config={"username": "u", "password": SECRET})
    config = {"username": "u", "password": KEPT, "security": "none", "plain_sign_in": True}

    answer = api.patch(f"monitors/{mail.pk}", {"config": config})

    assert pointers(answer) == ["/config/password"]


def test_another_path_of_the_same_place_keeps_it(monitor: Monitor, api: Any) -> None:
    assert api.patch(f"monitors/{monitor.pk}", {"target": "http://127.0.0.1:9/other"}).status_code == 200
    assert probed_with(monitor).password == SECRET


def test_a_mask_without_a_secret_is_refused(acme: Any, api: Any) -> None:
    answer = api.post(
        "monitors", {"name": "a", "target": "http://127.0.0.1:9/", "config": CONFIG | {"password": KEPT}}
    )

    assert pointers(answer) == ["/config/password"]


def test_the_form_keeps_it_too(monitor: Monitor, as_alice: Any, acme: Any) -> None:
    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/edit/")
    form = page.context["form"]
    posted = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}

    answer = as_alice.post(f"/o/acme/monitors/{monitor.pk}/edit/", posted | {"name": "renamed"})

    assert answer.status_code == 302, answer.context["form"].errors
    with in_tenant(acme):
        assert Monitor.objects.get().name == "renamed"
    assert probed_with(monitor).password == SECRET


def test_a_pause_leaves_it_alone(monitor: Monitor, acme: Any, as_alice: Any) -> None:
    page = f"/o/acme/monitors/{monitor.pk}/pause/"

    as_alice.post(page)
    as_alice.post(page, {"resume": "1"})

    assert probed_with(monitor).password == SECRET
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM tenants_audit WHERE verb = 'changed' ORDER BY no")
        told = [json.loads(row[0]) for row in cursor.fetchall()]
    assert told == [{"enabled": [True, False]}, {"enabled": [False, True]}]


def test_a_pause_takes_nothing_back_that_was_edited_meanwhile(monitor: Monitor, acme: Any, api: Any) -> None:
    api.patch(f"monitors/{monitor.pk}", {"interval_seconds": 300, "config": CONFIG | {"password": "another"}})

    with in_tenant(acme):
        editing.pause(acme, monitor, COMMAND_LINE)

    assert probed_with(monitor).password == "another"
    assert api.get(f"monitors/{monitor.pk}").json()["interval_seconds"] == 300


def test_no_mask_is_ever_sealed(monitor: Monitor, acme: Any) -> None:
    with pytest.raises(ValueError, match="mask"):
        sealed({"password": KEPT}, acme.id, monitor.pk)


def test_another_organisations_sealed_secret_does_not_open(monitor: Monitor) -> None:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            'UPDATE telemetry_probespec SET spec = spec || \'{"organisation": "01890a5d-ac96-774b-bcce-b302099a8057"}\''
        )

    assert probed_with(monitor) is None

"""`/v1/channels`: a webhook's secret is told once, in the answer that makes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.making import CHANNEL, make_channel, make_rule, pointers


def test_a_webhook_channel_tells_its_secret_once(api: Any) -> None:
    channel = make_channel(api)

    assert channel["secret"].startswith("whsec_")
    shown = api.get(f"channels/{channel['id']}").json()
    assert shown == {key: value for key, value in channel.items() if key != "secret"}


def test_no_answer_but_the_creation_carries_a_secret(api: Any) -> None:
    channel = make_channel(api)
    make_rule(api, channel)
    secret = channel["secret"].removeprefix("whsec_")

    for path in ("channels", f"channels/{channel['id']}", "rules", "monitors", "incidents", "openapi.json"):
        assert secret.encode() not in api.get(path).content
    assert secret.encode() not in api.patch(f"channels/{channel['id']}", channel).content


def test_an_email_channel_has_no_secret(api: Any) -> None:
    channel = make_channel(api, kind="email", config={"to": "ops@acme.example"})

    assert "secret" not in channel
    assert channel["config"] == {"to": "ops@acme.example"}


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a\tb"}, "/name"),
        ({"kind": "pigeon"}, "/kind"),
        ({"kind": None}, "/kind"),
        ({"config": {}}, "/config/url"),
        ({"config": {"url": "hooks.example.com"}}, "/config/url"),
        ({"config": {"url": "ftp://hooks.example.com/"}}, "/config/url"),
        ({"config": {"url": "http://169.254.169.254/"}}, "/config/url"),
        ({"config": {"to": "ops@acme.example"}}, "/config/to"),
        ({"config": "https://hooks.example.com/"}, "/config"),
        ({"kind": "email", "config": {"to": "ops"}}, "/config/to"),
        ({"kind": "email", "config": {"to": "ops@a.example\r\nBcc: all@a.example"}}, "/config/to"),
        ({"kind": "email", "config": {}}, "/config/to"),
        ({"sealed_secret": "v1"}, "/sealed_secret"),
    ],
)
def test_a_field_that_cannot_be_is_named(api: Any, fields: dict[str, Any], at: str) -> None:
    assert pointers(api.post("channels", CHANNEL | fields)) == [at]


def test_what_is_missing_is_named(api: Any) -> None:
    assert set(pointers(api.post("channels", {}))) == {"/name", "/kind", "/config"}


def test_a_private_webhook_is_refused_with_the_way_out(api: Any, settings: Any) -> None:
    settings.PULSE_ALLOW_PRIVATE_WEBHOOKS = ""

    answer = api.post("channels", CHANNEL | {"config": {"url": "http://127.0.0.1:9000/"}})

    assert pointers(answer) == ["/config/url"]
    assert "PULSE_ALLOW_PRIVATE_WEBHOOKS" in answer.json()["errors"][0]["detail"]


def test_sending_back_what_was_read_changes_nothing(api: Any, acme: Any) -> None:
    from django.db import connection

    from pulse.scoping import in_tenant

    body = make_channel(api)
    del body["secret"]

    assert api.patch(f"channels/{body['id']}", body).json() == body

    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute("SELECT verb FROM tenants_audit WHERE object_id = %s", [body["id"]])
        assert cursor.fetchall() == [("created",)]


def test_a_channel_keeps_its_kind(api: Any) -> None:
    channel = make_channel(api)

    answer = api.patch(f"channels/{channel['id']}", {"kind": "email", "config": {"to": "ops@acme.example"}})

    assert pointers(answer) == ["/kind"]


def test_deleting_a_channel_takes_it_out_of_rules(api: Any) -> None:
    first, second = make_channel(api), make_channel(api)
    rule = make_rule(api, first, second)

    assert api.delete(f"channels/{first['id']}").status_code == 204

    assert api.get(f"rules/{rule['id']}").json()["channels"] == [second["id"]]


def test_a_rotation_begins_with_a_new_secret_and_ends(api: Any) -> None:
    channel = make_channel(api)

    begun = api.post(f"channels/{channel['id']}/rotation").json()

    assert begun["secret"].startswith("whsec_")
    assert begun["secret"] != channel["secret"]
    assert api.delete(f"channels/{channel['id']}/rotation").status_code == 204
    assert api.delete(f"channels/{channel['id']}/rotation").status_code == 204


def test_what_is_not_signed_cannot_be_rotated(api: Any) -> None:
    channel = make_channel(api, kind="email", config={"to": "ops@acme.example"})

    assert api.post(f"channels/{channel['id']}/rotation").status_code == 409


def test_a_foreign_rotation_is_unknown(api: Any, globex_api: Any) -> None:
    channel = make_channel(api)

    assert globex_api.post(f"channels/{channel['id']}/rotation").status_code == 404
    assert globex_api.delete(f"channels/{channel['id']}/rotation").status_code == 404


def test_a_secret_reads_as_a_mask_and_sent_back_is_kept(api: Any) -> None:
    config = {"token": "123456789:canarysecret-canarysecret-AAA", "chat": "-100"}
    channel = make_channel(api, kind="telegram", config=config)

    assert channel["config"] == {"token": "********", "chat": "-100"}
    again = api.patch(f"channels/{channel['id']}", {"config": {"token": "********", "chat": "-200"}}).json()
    assert again["config"] == {"token": "********", "chat": "-200"}
    assert b"canarysecret" not in api.get("channels").content


def test_a_mask_without_a_secret_is_refused(api: Any) -> None:
    answer = api.post("channels", CHANNEL | {"kind": "slack", "config": {"url": "********"}})

    assert pointers(answer) == ["/config/url"]


def test_limits_and_fallback_are_read_and_shown(api: Any) -> None:
    first = make_channel(api)
    second = make_channel(api, fallback=first["id"], fallback_seconds=60, hourly_limit=5)

    assert (second["fallback"], second["fallback_seconds"], second["hourly_limit"]) == (first["id"], 60, 5)
    assert pointers(api.patch(f"channels/{first['id']}", {"fallback": second["id"]})) == ["/fallback"]
    assert pointers(api.patch(f"channels/{first['id']}", {"fallback": "nobody"})) == ["/fallback"]
    assert pointers(api.patch(f"channels/{first['id']}", {"fallback_seconds": 1})) == ["/fallback_seconds"]
    assert api.patch(f"channels/{second['id']}", {"fallback": None, "hourly_limit": None}).status_code == 200


def test_a_channel_of_another_organisation_is_no_fallback(api: Any, globex_api: Any) -> None:
    assert pointers(api.post("channels", CHANNEL | {"fallback": make_channel(globex_api)["id"]})) == [
        "/fallback"
    ]

"""Who a key is, what it may do, and what is said when it may not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tenants import keys
from tenants.actors import COMMAND_LINE
from tenants.models import ApiKey, Organisation
from tests.api.making import UNKNOWN, make_channel, make_monitor, problem_of
from tests.conftest import Api


def refused_with(authorization: str | None) -> tuple[bytes, str]:
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = Client(headers=headers).get("/v1/monitors")
    problem_of(answer, 401)
    return answer.content, answer["WWW-Authenticate"]


def test_every_bad_key_gets_the_same_answer(acme: Any) -> None:
    _, expired_key = keys.create(
        acme, "old", ["*"], COMMAND_LINE, expires_at=timezone.now() - timedelta(seconds=1)
    )
    revoked, revoked_key = keys.create(acme, "gone", ["*"], COMMAND_LINE)
    keys.revoke(revoked, COMMAND_LINE)
    _, good_key = keys.create(acme, "good", ["*"], COMMAND_LINE)
    forged = good_key[:-1] + ("0" if good_key[-1] != "0" else "1")
    body = "x" * 30
    unknown = keys.PREFIX + body + keys._checksum(body)
    bad = [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {good_key}",
        good_key,
        f"Bearer {good_key} more",
        "Bearer \xe4\xf6\xfc",
        "Bearer " + "x" * 5000,
        f"Bearer {expired_key}",
        f"Bearer {revoked_key}",
        f"Bearer {forged}",
        f"Bearer {unknown}",
    ]

    answers = {refused_with(authorization) for authorization in bad}

    assert len(answers) == 1
    assert answers.pop()[1] == 'Bearer realm="Pulse"'


def test_the_scheme_is_read_in_any_case(api: Api) -> None:
    assert Client(headers={"Authorization": f"bEARER {api.key}"}).get("/v1/monitors").status_code == 200


def test_a_key_of_a_suspended_organisation_is_refused(api: Api, acme: Any) -> None:
    Organisation.objects.filter(pk=acme.pk).update(state="suspended")

    problem_of(api.get("monitors"), 401)


def test_a_session_is_no_key(as_alice: Any) -> None:
    problem_of(as_alice.get("/v1/monitors"), 401)


@pytest.mark.parametrize(
    ("scopes", "verb", "path", "status"),
    [
        (["monitors:read"], "get", "monitors", 200),
        (["monitors:read"], "post", "monitors", 403),
        (["monitors:write"], "get", "monitors", 200),
        (["monitors:write"], "get", "incidents", 403),
        (["incidents:read"], "post", f"incidents/{UNKNOWN}/acknowledgement", 403),
        (["incidents:write"], "post", f"incidents/{UNKNOWN}/acknowledgement", 404),
        (["channels:read"], "delete", f"channels/{UNKNOWN}", 403),
        (["rules:read"], "patch", f"rules/{UNKNOWN}", 403),
        (["ingest"], "get", "rules", 403),
        (["monitors:read"], "post", f"monitors/{UNKNOWN}/check", 403),
    ],
)
def test_scopes_say_what_a_key_may_do(
    acme: Any, scopes: list[str], verb: str, path: str, status: int
) -> None:
    script = Api(acme, scopes)

    answer = getattr(script.client, verb)(f"/v1/{path}", content_type="application/json")

    assert answer.status_code == status
    if status == 403:
        assert "scopes do not include" in problem_of(answer, 403)["detail"]


def test_a_revoked_key_stops_at_its_next_request(api: Api) -> None:
    assert api.get("monitors").status_code == 200

    keys.revoke(api.row, COMMAND_LINE)

    problem_of(api.get("monitors"), 401)


def test_use_of_a_key_is_noted_at_most_once_a_minute(api: Api) -> None:
    api.get("monitors")
    first = ApiKey.objects.get(pk=api.row.pk).last_used_at

    api.get("monitors")

    assert first is not None
    assert ApiKey.objects.get(pk=api.row.pk).last_used_at == first


def test_what_a_key_does_is_recorded_in_its_name(api: Api, acme: Any) -> None:
    from django.db import connection

    from pulse.scoping import in_tenant

    monitor = make_monitor(api)

    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute(
            "SELECT actor_kind, actor_id, actor_name, verb FROM tenants_audit WHERE object_id = %s",
            [monitor["id"]],
        )
        assert cursor.fetchall() == [("key", api.row.pk, "API key suite", "created")]


def test_answers_are_not_stored_by_caches(api: Api) -> None:
    assert api.get("monitors")["Cache-Control"] == "no-store"
    assert api.get(f"monitors/{UNKNOWN}")["Cache-Control"] == "no-store"


def test_the_scope_is_left_after_every_answer(api: Api) -> None:
    from pulse import scoping

    make_channel(api)
    for verb, path, body in (
        ("get", "/v1/monitors", None),
        ("head", "/v1/monitors", None),
        ("options", "/v1/monitors", None),
        ("get", f"/v1/monitors/{UNKNOWN}", None),
        ("post", "/v1/monitors", {}),
        ("put", "/v1/monitors", {}),
    ):
        getattr(api.client, verb)(
            path, body, content_type="application/json"
        ) if body is not None else getattr(api.client, verb)(path)
        assert scoping.current() is None, (verb, path)

"""Another organisation's rows do not exist: every address of the API, with every method, by a stranger's key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from monitors.models import Monitor
from notifications.models import EscalationPolicy, NotificationChannel, Rule
from pulse.api import urls
from pulse.api.base import View
from pulse.scoping import in_tenant
from tests.api.making import (
    UNKNOWN,
    make_channel,
    make_delivery,
    make_drill,
    make_monitor,
    make_override,
    make_policy,
    make_rule,
    make_schedule,
    make_window,
    open_incident,
)
from tests.receivers import wait_until

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


def routes() -> Iterator[tuple[str, Any]]:
    """(path with {names}, view class) of every address below /v1 that a view of ours serves."""
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        view = getattr(pattern.callback, "cls", None)
        if view is not None and issubclass(view, View):
            path = GROUP.sub(r"{\1}", str(pattern.pattern)).removeprefix("^").removesuffix("/?$")
            yield path, view


OBJECT_ROUTES = [path for path, _ in routes() if "{" in path]


def test_every_view_says_which_resource_it_is() -> None:
    views = list(routes())

    assert len(views) >= 12
    known = {
        "monitors", "incidents", "channels", "rules", "deliveries", "maintenance", "oncall", "organisation", "ingest",
    }  # fmt: skip
    assert all((view.scope or view.resource) in known for _, view in views)


@pytest.fixture
def foreign(globex_api: Any, globex: Any, target: Any, checker: Any) -> dict[str, str]:
    """An id of globex's for each kind of thing, and of a result of its monitor."""
    monitor, channel = make_monitor(globex_api, target=target.url), make_channel(globex_api)
    path = f"monitors/{monitor['id']}/results"
    wait_until(lambda: globex_api.get(path).json()["results"], 10, "a result")
    return {
        "monitors": monitor["id"],
        "channels": channel["id"],
        "rules": make_rule(globex_api, channel)["id"],
        "policies": make_policy(globex_api)["id"],
        "deliveries": make_delivery(globex, channel),
        "drills": make_drill(globex_api, monitor)["id"],
        "maintenance": make_window(globex_api)["id"],
        "schedules": (schedule := make_schedule(globex_api))["id"],
        "override": make_override(globex_api, schedule)["id"],
        "incidents": str(open_incident(globex, monitor).pk),
        "result": globex_api.get(path).json()["results"][0]["id"],
    }


def answer_of(api: Any, method: str, path: str) -> tuple[int, bytes, dict[str, str]]:
    answer = getattr(api.client, method)(f"/v1/{path}", content_type="application/json")
    headers = {name: value for name, value in answer.items() if name != "X-Request-Id"}
    return answer.status_code, answer.content, headers


def test_a_foreign_id_answers_as_an_unknown_one_byte_for_byte(
    api: Any, globex_api: Any, foreign: dict[str, str]
) -> None:
    for path in OBJECT_ROUTES:
        kind = path.partition("/")[0]
        theirs = path.format(
            pk=foreign[kind],
            result=foreign["result"],
            member=foreign[kind],
            number="1",
            override=foreign["override"],
        )
        nobodys = path.format(pk=UNKNOWN, result=UNKNOWN, member=UNKNOWN, number="1", override=UNKNOWN)
        for method in METHODS:
            assert answer_of(api, method, theirs) == answer_of(api, method, nobodys), (method, path)
            if method in {"get", "head"}:
                assert answer_of(api, method, theirs)[0] in {404, 405}

    # What was asked in vain is untouched.
    for kind in ("monitors", "channels", "rules", "policies", "deliveries", "drills", "incidents"):
        assert globex_api.get(f"{kind}/{foreign[kind]}").status_code == 200
    assert globex_api.get(f"incidents/{foreign['incidents']}").json()["state"] == "open"


def test_a_foreign_id_can_be_neither_changed_nor_deleted(
    api: Any, globex: Any, foreign: dict[str, str]
) -> None:
    for kind in ("monitors", "channels", "rules", "policies"):
        assert api.patch(f"{kind}/{foreign[kind]}", {"name": "mine"}).status_code == 404
        assert api.delete(f"{kind}/{foreign[kind]}").status_code == 404

    with in_tenant(globex):
        for model in (Monitor, NotificationChannel, Rule, EscalationPolicy):
            assert model.objects.get().name != "mine"


def test_lists_hold_only_what_is_ones_own(api: Any, foreign: dict[str, str]) -> None:
    mine = make_monitor(api)

    assert [row["id"] for row in api.get("monitors").json()["results"]] == [mine["id"]]
    for kind in ("incidents", "channels", "rules", "policies", "deliveries", "drills"):
        assert api.get(kind).json()["results"] == []


def test_no_address_answers_anything_but_401_without_a_key(world: None) -> None:
    visitor = Client()
    for path, _ in routes():
        for method in METHODS:
            answer = getattr(visitor, method)(
                "/v1/" + path.format(pk=UNKNOWN, result=UNKNOWN, member=UNKNOWN, number="1", override=UNKNOWN)
            )
            assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize(
    "hint",
    [
        {"headers": {"X-Forwarded-Host": "globex.localhost"}},
        {"headers": {"X-Tenant": "globex", "X-Organisation": "globex", "X-Schema-Name": "o_globex"}},
        {"headers": {"X-Original-Url": "/o/globex/", "X-Rewrite-Url": "/o/globex/"}},
        {"query_params": {"tenant": "globex", "organisation": "globex", "org": "globex"}},
        {"query_params": {"schema": "o_globex", "schema_name": "o_globex", "tenant_no": "2"}},
    ],
)
def test_nothing_but_the_key_chooses_the_organisation(
    api: Any, foreign: dict[str, str], hint: dict[str, Any]
) -> None:
    mine = make_monitor(api)

    answer = api.client.get("/v1/monitors", **hint)

    assert [row["id"] for row in answer.json()["results"]] == [mine["id"]]

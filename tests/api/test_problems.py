"""Every error names what is wrong, where, and what to send instead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from pulse.api.parsers import BODY_AT_MOST
from tests.api.making import MONITOR, UNKNOWN, make_monitor, pointers, problem_of
from tests.conftest import Api


def post(api: Api, body: str | bytes, content_type: str = "application/json") -> Any:
    return api.client.post("/v1/monitors", body, content_type=content_type)


@pytest.mark.parametrize("path", ["", "nowhere", "monitors/a/b/c/d", "v1", "monitors.json", "openapi.yaml"])
def test_unknown_paths_are_problems_for_everybody(api: Api, path: str) -> None:
    problem_of(api.get(path), 404)
    problem_of(Client().get(f"/v1/{path}"), 404)


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("put", "monitors", "GET, POST, HEAD, OPTIONS"),
        ("delete", "channels", "GET, POST, HEAD, OPTIONS"),
        ("post", f"incidents/{UNKNOWN}", "GET, PATCH, HEAD, OPTIONS"),
        ("get", f"monitors/{UNKNOWN}/check", "POST, OPTIONS"),
        ("put", f"rules/{UNKNOWN}", "GET, PATCH, DELETE, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_names_the_right_ones(api: Api, verb: str, path: str, allowed: str) -> None:
    answer = getattr(api.client, verb)(f"/v1/{path}")

    problem_of(answer, 405)
    assert answer["Allow"] == allowed


def test_malformed_json_is_told_with_its_place(api: Api) -> None:
    detail = problem_of(post(api, '{"name": "shop",\n "target": }'), 400)["detail"]

    assert "line 2, column 12" in detail


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"interval_seconds": NaN}', "NaN is not JSON"),
        ('{"interval_seconds": -Infinity}', "-Infinity is not JSON"),
        ('{"interval_seconds": 1e999}', "too large"),
        ('{"name": "a", "name": "b"}', "'name' stands twice"),
        ('{"config": {"method": "GET", "method": "HEAD"}}', "'method' stands twice"),
        ('{"name": "a\\u0000b"}', "NUL"),
        ('{"name": "\\ud800"}', "surrogates"),
        ('{"\\udfff": 1}', "surrogates"),
        (b'{"name": "\xff"}', "byte 10 is not"),
        ("\ufeff{}", "BOM"),
        ("[" * 30_000, "less deeply"),
        ('{"interval_seconds": ' + "9" * 5000 + "}", "4300 digits"),
        ("", "name"),
    ],
)
def test_what_is_no_json_is_refused_with_the_reason(api: Api, body: str | bytes, words: str) -> None:
    answer = post(api, body)

    assert answer.status_code in {400, 422}
    assert words in json.dumps(problem_of(answer, answer.status_code))


def test_an_escaped_backslash_before_u0000_is_no_nul(api: Api) -> None:
    assert post(api, json.dumps(MONITOR | {"name": "a\\u0000b"})).status_code == 201


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "true"])
def test_a_body_that_is_no_object_is_told_so(api: Api, body: str) -> None:
    assert pointers(post(api, body)) == [""]


def test_another_media_type_is_refused(api: Api) -> None:
    problem_of(post(api, "name=shop", "application/x-www-form-urlencoded"), 415)
    problem_of(post(api, "<monitor/>", "application/xml"), 415)
    problem_of(post(api, b"{}", "nonsense"), 415)


def test_a_long_body_is_refused_unread(api: Api) -> None:
    longest = json.dumps(MONITOR).ljust(BODY_AT_MOST)

    assert post(api, longest).status_code == 201
    problem_of(post(api, longest + " "), 413)
    problem_of(post(api, "x" * 400_000), 413)


def test_a_body_in_chunks_is_asked_for_with_a_length(api: Api) -> None:
    answer = api.client.generic("POST", "/v1/monitors", b"", headers={"Transfer-Encoding": "chunked"})

    problem_of(answer, 411)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "nonsense"])
def test_json_comes_whatever_is_accepted(api: Api, accept: str) -> None:
    answer = api.client.get("/v1/monitors?format=xml", headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["monitors", "incidents", "channels", "rules"])
def test_a_slash_at_the_end_leads_to_the_same_view(api: Api, path: str) -> None:
    without, with_slash = api.get(path), api.get(f"{path}/")

    assert without.status_code == with_slash.status_code == 200
    assert without.json() == with_slash.json()


def test_writing_with_a_slash_is_not_redirected(api: Api) -> None:
    answer = api.post("monitors/", MONITOR)

    assert answer.status_code == 201
    identity = answer.json()["id"]
    assert api.patch(f"monitors/{identity}/", {"name": "new"}).json()["name"] == "new"
    assert api.delete(f"monitors/{identity}/").status_code == 204


def test_head_and_options_tell_what_get_would(api: Api) -> None:
    monitor = make_monitor(api)
    head = api.client.head(f"/v1/monitors/{monitor['id']}")
    options = api.client.options(f"/v1/monitors/{monitor['id']}")

    assert head.status_code == 200
    assert head.content == b""
    assert options.status_code == 200
    assert options["Allow"] == "GET, PATCH, DELETE, HEAD, OPTIONS"
    problem_of(Client().options("/v1/monitors"), 401)


def test_a_fault_of_ours_is_a_problem_without_its_reason(api: Api, monkeypatch: Any) -> None:
    from pulse.api import paging

    def fail(*_: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(paging, "read_limit", fail)
    api.client.raise_request_exception = False

    answer = api.get("monitors")

    problem_of(answer, 500)
    assert b"swordfish" not in answer.content
    assert answer["X-Request-Id"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "limit=", "limit=000001000", "after=x", "after=%00"]
)
@pytest.mark.parametrize("path", ["monitors", "incidents", "channels", "rules"])
def test_a_bad_page_is_told(api: Api, path: str, query: str) -> None:
    name = query.partition("=")[0]

    assert pointers(api.client.get(f"/v1/{path}?{query}")) == [f"/{name}"]


def test_a_bad_filter_is_told(api: Api) -> None:
    assert pointers(api.get("monitors", status="broken")) == ["/status"]
    assert pointers(api.get("incidents", state="\0")) == ["/state"]

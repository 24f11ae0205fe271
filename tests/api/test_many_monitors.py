"""Many monitors in one request: all of them or none, with each complaint at its place."""

from __future__ import annotations

from typing import Any

import pytest

from monitors.bulk import misfits
from monitors.models import Monitor
from monitors.probes import PROBES
from pulse.scoping import in_tenant
from tests.api.making import UNKNOWN, make_monitor, pointers

WRONG = ["", " ", "://", "http://", "a b", "[::1", "[::1]x", "x" * 3000, ":0", "..", "user@host:1"]


def item(number: int, **fields: Any) -> dict[str, Any]:
    return {"name": f"m{number}", "target": f"http://127.0.0.1:9/{number}"} | fields


def test_a_hundred_are_made_and_each_is_due(api: Any, acme: Any) -> None:
    answer = api.post("monitors/bulk", {"monitors": [item(number) for number in range(100)]})

    made = answer.json()["monitors"]
    assert answer.status_code == 201
    assert [one["name"] for one in made] == [f"m{number}" for number in range(100)]
    assert len({one["id"] for one in made}) == 100
    assert {one["status"] for one in made} == {"pending"}


def test_one_wrong_one_and_nothing_is_made(api: Any, acme: Any) -> None:
    items = [item(0), item(1, target="ftp://x/"), item(2, config={"method": 1}), item(3, name="")]

    answer = api.post("monitors/bulk", {"monitors": items})

    assert pointers(answer) == ["/monitors/1/target", "/monitors/2/config/method", "/monitors/3/name"]
    with in_tenant(acme):
        assert Monitor.objects.count() == 0


def test_two_hosts_that_would_report_as_one_are_told_at_the_second(api: Any) -> None:
    items: list[dict[str, Any]] = [
        {"name": "web-1", "kind": "host"}, {"name": "", "kind": "host"}, item(2),
        {"name": "other", "kind": "host", "config": {"reports_as": " WEB-1 "}},
    ]  # fmt: skip

    answer = api.post("monitors/bulk", {"monitors": items})

    assert pointers(answer) == ["/monitors/1/name", "/monitors/3/config/reports_as"]


def test_a_thousand_with_all_that_can_be_said_fit_into_one_request(api: Any) -> None:
    items = [
        item(number, notes="n" * 500, config={"assertions": ["[STATUS] == 200"]}) for number in range(1000)
    ]

    answer = api.post("monitors/bulk", {"monitors": items})

    assert answer.status_code == 201
    assert len(answer.json()["monitors"]) == 1000


@pytest.mark.parametrize("body", [{}, {"monitors": []}, {"monitors": "all"}, {"monitors": {}}, []])
def test_a_list_is_asked_for(api: Any, body: Any) -> None:
    assert pointers(api.post("monitors/bulk", body)) == ["/monitors"]


def test_more_than_a_thousand_are_too_many(api: Any) -> None:
    answer = api.post("monitors/bulk", {"monitors": [{}] * 1001})

    assert pointers(answer) == ["/monitors"]
    assert "1,001" in answer.json()["errors"][0]["detail"]


def test_one_change_for_several(api: Any) -> None:
    ids = [make_monitor(api, name=f"m{number}")["id"] for number in range(3)]

    answer = api.patch("monitors/bulk", {"ids": ids, "changes": {"interval_seconds": 300, "tags": ["EU"]}})

    changed = answer.json()["monitors"]
    assert [(one["interval_seconds"], one["tags"]) for one in changed] == [(300, ["eu"])] * 3


def test_one_that_cannot_be_so_and_nothing_changes(api: Any) -> None:
    quick = make_monitor(api, name="quick", timeout_seconds=5)
    slow = make_monitor(api, name="slow", timeout_seconds=30)

    answer = api.patch(
        "monitors/bulk", {"ids": [quick["id"], slow["id"]], "changes": {"interval_seconds": 10}}
    )

    assert pointers(answer) == ["/changes/interval_seconds"]
    assert answer.json()["errors"][0]["detail"].startswith("slow:")
    assert api.get(f"monitors/{quick['id']}").json()["interval_seconds"] == 60


def test_ids_that_are_unknown_foreign_or_none_are_named(api: Any, globex_api: Any) -> None:
    theirs = make_monitor(globex_api)["id"]

    answer = api.patch("monitors/bulk", {"ids": [UNKNOWN, theirs, "x", None], "changes": {"enabled": False}})

    assert pointers(answer) == ["/ids/0", "/ids/1", "/ids/2", "/ids/3"]
    assert globex_api.get(f"monitors/{theirs}").json()["enabled"] is True


@pytest.mark.parametrize("changes", [{}, None, [], {"name": "all the same"}, {"kind": "dns"}])
def test_what_cannot_be_the_same_for_all_is_refused(api: Any, changes: Any) -> None:
    identity = make_monitor(api)["id"]

    answer = api.patch("monitors/bulk", {"ids": [identity], "changes": changes})

    assert answer.status_code == 422
    assert pointers(answer)[0].startswith("/changes")


def test_a_list_by_tag_and_kind(api: Any) -> None:
    make_monitor(api, name="shop", tags=["EU"])
    make_monitor(api, name="gate", kind="tcp", target="127.0.0.1:9", tags=["eu", "edge"])

    def named(**query: str) -> list[str]:
        return [one["name"] for one in api.get("monitors", **query).json()["results"]]

    assert named(tag="eu") == ["gate", "shop"]
    assert named(tag="Edge") == ["gate"]
    assert named(kind="http", tag="eu") == ["shop"]
    assert named(tag="\0") == []
    refused = api.get("monitors", kind="htp", status="odd", q="status:odd")
    assert pointers(refused) == ["/q", "/status", "/kind"]
    assert "Use one of http, " in refused.json()["errors"][2]["detail"]
    assert refused.json()["errors"][2]["detail"].endswith(", group.")


def test_a_list_by_owner_and_by_the_words_of_the_page(api: Any) -> None:
    make_monitor(api, name="Shop front", tags=["eu"], owner="alice@acme.example")
    make_monitor(api, name="gate", kind="tcp", target="shop.example.com:9")
    make_monitor(api, name="till", target="http://127.0.0.1:9/", owner="bob@acme.example", enabled=False)

    def named(**query: str) -> list[str]:
        return [one["name"] for one in api.get("monitors", **query).json()["results"]]

    assert named(owner="alice@acme.example") == ["Shop front"]
    assert named(owner="ALICE") == ["Shop front"]
    assert named(q="shop") == ["gate", "Shop front"]
    assert named(q="shop kind:tcp") == ["gate"]
    assert named(q="tag:EU owner:alice") == ["Shop front"]
    assert named(q="status:paused") == ["till"]
    assert named(q="shop", owner="bob") == []
    assert named(q="\0", owner="\0") == []
    assert pointers(api.get("monitors", q="status:odd")) == ["/q"]
    assert pointers(api.get("monitors", q="x" * 201)) == ["/q"]


def test_tags_are_added_and_removed_beside_those_of_each(api: Any) -> None:
    one = make_monitor(api, name="one", tags=["eu", "old"])["id"]
    two = make_monitor(api, name="two", tags=["us"])["id"]

    answer = api.patch(
        "monitors/bulk", {"ids": [one, two], "add_tags": ["New", "us"], "remove_tags": ["old", "none"]}
    )
    both = api.patch("monitors/bulk", {"ids": [two], "changes": {"enabled": False}, "remove_tags": ["us"]})

    assert [row["tags"] for row in answer.json()["monitors"]] == [["eu", "new", "us"], ["us", "new"]]
    assert [(row["tags"], row["enabled"]) for row in both.json()["monitors"]] == [(["new"], False)]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"add_tags": "eu"}, "/add_tags"),
        ({"remove_tags": [1]}, "/remove_tags"),
        ({"add_tags": []}, "/add_tags"),
        ({"changes": None, "remove_tags": []}, "/changes /remove_tags"),
        ({}, "/changes"),
        ({"add_tags": ["b", "New"], "remove_tags": ["new"]}, "/remove_tags"),
        ({"add_tag": ["b"]}, "/add_tag"),
        ({"add_tags": ["b"], "changes": {"tags": ["a"]}}, "/changes/tags"),
        ({"add_tags": [f"t{number}" for number in range(20)]}, "/add_tags"),
        ({"add_tags": ["b"], "changes": []}, "/changes"),
    ],
)
def test_tags_that_cannot_be_added_are_refused(api: Any, body: dict[str, Any], pointer: str) -> None:
    identity = make_monitor(api, tags=["eu"])["id"]

    answer = api.patch("monitors/bulk", {"ids": [identity], **body})

    assert pointers(answer) == pointer.split()
    assert api.get(f"monitors/{identity}").json()["tags"] == ["eu"]


def test_what_is_wrong_with_ids_changes_and_tags_is_told_at_once(api: Any) -> None:
    identity = make_monitor(api)["id"]
    changes = {"interval_seconds": 1, "name": "all the same", "kind": "dns"}

    answer = api.patch(
        "monitors/bulk", {"ids": [identity, UNKNOWN], "changes": changes, "add_tags": "eu", "id": "x"}
    )
    without = api.patch("monitors/bulk", {"changes": changes, "remove_tags": [1]})

    assert pointers(answer) == [
        "/add_tags", "/id", "/changes/kind", "/changes/name", "/changes/interval_seconds", "/ids/1",
    ]  # fmt: skip
    assert "known are ids, changes, add_tags, remove_tags" in answer.json()["errors"][1]["detail"]
    assert pointers(without) == [
        "/ids", "/remove_tags", "/changes/kind", "/changes/name", "/changes/interval_seconds",
    ]  # fmt: skip
    assert pointers(api.patch("monitors/bulk", {})) == ["/ids", "/changes"]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"changes": {"tags": ["a"]}, "remove_tags": ["b"]}, "/changes/tags"),
        ({"add_tags": ["a", "b"], "remove_tags": ["b"]}, "/remove_tags"),
        ({"changes": {"kind": "dns"}}, "/changes/kind"),
        ({"changes": {"enabled": True}, "add_tags": ["a"], "remove_tags": ["b"]}, ""),
        ({"changes": None, "add_tags": ["a"]}, ""),
    ],
)
def test_changes_that_do_not_go_together(given: dict[str, Any], pointer: str) -> None:
    assert [where for where, _ in misfits(given)] == pointer.split()


@pytest.mark.parametrize("path", ["monitors/bulk", "monitors/bulk/deletion"])
def test_a_field_that_is_unknown_is_refused_and_nothing_is_done(api: Any, path: str) -> None:
    identity = make_monitor(api)["id"]

    answer = api.post(path, {"ids": [identity], "monitors": [item(1)], "all": True})

    assert answer.status_code == 422
    assert "/all" in pointers(answer)
    assert [one["id"] for one in api.get("monitors").json()["results"]] == [identity]


def test_several_are_deleted_at_once(api: Any) -> None:
    ids = [make_monitor(api, name=f"m{number}")["id"] for number in range(3)]

    answer = api.post("monitors/bulk/deletion", {"ids": [*ids[:2], ids[0]]})

    assert (answer.status_code, answer.json()) == (200, {"deleted": 2})
    assert [one["id"] for one in api.get("monitors").json()["results"]] == ids[2:]


def test_one_unknown_or_foreign_one_and_nothing_is_deleted(api: Any, globex_api: Any) -> None:
    ours, theirs = make_monitor(api)["id"], make_monitor(globex_api)["id"]

    answer = api.post("monitors/bulk/deletion", {"ids": [ours, theirs, UNKNOWN]})

    assert pointers(answer) == ["/ids/1", "/ids/2"]
    assert api.get(f"monitors/{ours}").status_code == 200
    assert globex_api.get(f"monitors/{theirs}").status_code == 200


@pytest.mark.parametrize("kind", sorted(PROBES))
@pytest.mark.parametrize("target", WRONG)
def test_a_target_that_cannot_be_is_refused_by_every_kind(api: Any, kind: str, target: str) -> None:
    answer = api.post("monitors", {"name": "a", "kind": kind, "target": target})

    assert "/target" in pointers(answer)

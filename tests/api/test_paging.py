"""Lists come newest first, in pages that neither lose nor repeat."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from tests.api.making import make_channel, make_monitor, make_rule, open_incident
from tests.receivers import wait_until

HERE = "http://localhost:8000/v1/"


def pages(api: Any, path: str, limit: int, between: Any = None) -> list[list[str]]:
    """The ids of each page, following `next` to its end."""
    answer = api.get(path, limit=limit)
    found = []
    while True:
        body = answer.json()
        assert set(body) == {"results", "next"}
        found.append([row["id"] for row in body["results"]])
        if body["next"] is None:
            return found
        assert body["next"].startswith(HERE)
        if between:
            between()
        answer = api.client.get(body["next"].removeprefix("http://localhost:8000"))


def flat(found: list[list[str]]) -> list[str]:
    return list(chain.from_iterable(found))


def test_every_item_is_seen_once_and_newest_first(api: Any) -> None:
    ids = [make_monitor(api, name=f"m{n}")["id"] for n in range(7)]

    found = pages(api, "monitors", 3)

    assert [len(page) for page in found] == [3, 3, 1]
    assert flat(found) == ids[::-1]


def test_a_full_last_page_is_the_last(api: Any) -> None:
    for n in range(4):
        make_monitor(api, name=f"m{n}")

    assert [len(page) for page in pages(api, "monitors", 2)] == [2, 2]


def test_items_added_meanwhile_change_nothing_behind_them(api: Any) -> None:
    ids = [make_monitor(api, name=f"m{n}")["id"] for n in range(5)]

    found = pages(api, "monitors", 2, between=lambda: make_monitor(api, name="new"))

    assert flat(found) == ids[::-1]


def test_next_keeps_the_filter(api: Any, acme: Any) -> None:
    for n in range(3):
        make_monitor(api, name=f"paused {n}", enabled=False)
        make_monitor(api, name=f"pending {n}")

    first = api.get("monitors", limit=2, status="paused").json()
    second = api.client.get(first["next"].removeprefix("http://localhost:8000")).json()

    assert [row["name"] for row in first["results"] + second["results"]] == [
        "paused 2",
        "paused 1",
        "paused 0",
    ]


@pytest.mark.parametrize("path", ["channels", "rules", "incidents"])
def test_every_list_is_paged_alike(api: Any, acme: Any, path: str) -> None:
    for n in range(5):
        monitor, channel = make_monitor(api, name=f"m{n}"), make_channel(api, name=f"c{n}")
        make_rule(api, channel, name=f"r{n}")
        open_incident(acme, monitor)

    found = flat(pages(api, path, 2))

    assert len(found) == len(set(found)) == 5
    assert found == sorted(found, reverse=True)


def test_results_are_paged_while_new_ones_come(api: Any, checker: Any, target: Any) -> None:
    monitor = make_monitor(api, target=target.url, interval_seconds=5, timeout_seconds=2)
    path = f"monitors/{monitor['id']}/results"

    def check() -> None:
        count = len(api.get(path).json()["results"])
        api.post(f"monitors/{monitor['id']}/check")
        wait_until(lambda: len(api.get(path).json()["results"]) > count, 10, "one more result")

    for _ in range(5):
        check()
    before = [row["id"] for row in api.get(path).json()["results"]]

    found = flat(pages(api, path, 2, between=check))

    assert len(found) == len(set(found))
    assert found[-len(before) :] == before
    times = [row["at"] for row in api.get(path).json()["results"]]
    assert times == sorted(times, reverse=True)

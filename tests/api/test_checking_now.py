"""A check that is asked for: where its result will be, and whose it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tests.api.making import make_monitor, problem_of
from tests.api.test_monitors import MOMENT
from tests.receivers import wait_until


def test_a_check_now_answers_where_its_result_will_be(api: Any, checker: Any, target: Any) -> None:
    monitor = make_monitor(api, target=target.url)
    wait_until(lambda: api.get(f"monitors/{monitor['id']}").json()["status"] == "up", 10, "the first check")
    before = timezone.now()

    accepted = api.post(f"monitors/{monitor['id']}/check")

    assert accepted.status_code == 202
    url = accepted.json()["url"]
    assert accepted["Location"] == url
    path = url.removeprefix("http://localhost:8000/v1/")
    wait_until(lambda: api.get(path).status_code == 200, 10, "the result")
    result = api.get(path).json()
    assert result["id"] == accepted.json()["id"]
    assert result["url"] == url
    assert MOMENT.fullmatch(result["at"])
    assert datetime.fromisoformat(result["at"]) >= before - timedelta(seconds=1)
    assert path.split("/")[1] == monitor["id"]
    assert result.pop("evidence")["facts"]["status"] == 200
    assert result in api.get(f"monitors/{monitor['id']}/results").json()["results"]


def test_a_result_is_unknown_until_it_is_there(api: Any) -> None:
    monitor = make_monitor(api)

    accepted = api.post(f"monitors/{monitor['id']}/check").json()

    problem_of(api.client.get(accepted["url"].removeprefix("http://localhost:8000")), 404)


def test_a_paused_monitor_is_not_checked(api: Any) -> None:
    monitor = make_monitor(api, enabled=False)

    assert "paused" in problem_of(api.post(f"monitors/{monitor['id']}/check"), 409)["detail"]


def test_a_result_of_another_monitor_is_not_found(api: Any, checker: Any, target: Any) -> None:
    first, second = make_monitor(api, target=target.url), make_monitor(api, target=target.url)
    wait_until(lambda: api.get(f"monitors/{first['id']}/results").json()["results"], 10, "a result")
    result = api.get(f"monitors/{first['id']}/results").json()["results"][0]

    problem_of(api.get(f"monitors/{second['id']}/results/{result['id']}"), 404)
    problem_of(api.get(f"monitors/{first['id']}/results/not-an-id"), 404)
    problem_of(api.get(f"monitors/{first['id']}/results/ffffffff-ffff-7fff-bfff-ffffffffffff"), 404)

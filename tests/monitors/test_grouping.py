"""Groups: they follow their members, at once and without being probed."""

from __future__ import annotations

import os
import threading
from time import monotonic
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from incidents.models import Incident
from monitors import definition, editing, grouping
from monitors.judging import Result
from monitors.models import Monitor
from monitors.telemetry.models import Status
from pulse.fields import ConfigError
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.api.making import pointers
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, SOFT, claimed, finish, states, status, step

FORGET = "UPDATE telemetry_livestate SET status = 0 WHERE monitor_no = %s AND tenant_no = %s"
POLICY = {"down_after": 1, "up_after": 1, "degraded_after": 1}


@pytest.fixture
def members(acme: Any) -> list[Monitor]:
    return [make(acme, name, policy=POLICY) for name in ("shop", "till", "stock")]


def group(
    organisation: Any, members: list[Monitor], rule: str = "all", needed: int = 1, name: str = "all"
) -> Monitor:
    config = {"members": [str(member.pk) for member in members], "rule": rule, "needed": needed}
    values = {"name": name, "kind": "group", "config": config}
    with in_tenant(organisation):
        return editing.create(organisation, definition.read(values), COMMAND_LINE)


def incidents(organisation: Any, monitor: Monitor) -> list[Incident]:
    with in_tenant(organisation):
        return list(Incident.objects.filter(monitor_no=monitor.no).order_by("pk"))


def test_a_group_goes_down_with_a_member_and_comes_back_with_it(acme: Any, members: list[Monitor]) -> None:
    whole = group(acme, members)
    assert [row.next_due_at for row in states(whole)] == [None]
    for member in members:
        step(member, GOOD)
    assert status(whole) is Status.UP

    step(members[1], BAD)
    (incident,) = incidents(acme, whole)
    assert status(whole) is Status.DOWN
    assert incident.cause == "2 of 3 work; not till"

    step(members[1], GOOD)
    assert status(whole) is Status.UP
    assert incidents(acme, whole)[0].resolved_at is not None


def test_a_soft_failure_of_a_member_degrades_the_group_and_opens_nothing(
    acme: Any, members: list[Monitor]
) -> None:
    whole = group(acme, members)
    step(members[0], GOOD)
    step(members[0], SOFT)

    assert status(whole) is Status.DEGRADED
    assert incidents(acme, whole) == []


def test_a_new_group_stands_as_its_members_do_already(acme: Any, members: list[Monitor]) -> None:
    step(members[0], GOOD)
    step(members[1], BAD)

    assert status(group(acme, members)) is Status.DOWN
    assert status(group(acme, members, "any", name="any")) is Status.DEGRADED


def test_a_paused_or_deleted_member_does_not_count(acme: Any, members: list[Monitor]) -> None:
    whole = group(acme, members)
    step(members[0], GOOD)
    step(members[1], BAD)

    with in_tenant(acme):
        editing.pause(acme, members[1], COMMAND_LINE)
    assert status(whole) is Status.UP

    step(members[2], BAD)
    assert status(whole) is Status.DOWN
    with in_tenant(acme):
        editing.delete(acme, members[2], COMMAND_LINE)
    assert status(whole) is Status.UP


def test_an_outage_ends_when_members_that_were_paused_work_again(acme: Any, members: list[Monitor]) -> None:
    whole = group(acme, members)
    for member in members:
        step(member, BAD)
    with in_tenant(acme):
        for member in members:
            editing.pause(acme, member, COMMAND_LINE)
    assert status(whole) is Status.PENDING
    assert incidents(acme, whole)[0].resolved_at is None

    with in_tenant(acme):
        for member in members:
            editing.resume(acme, member, COMMAND_LINE)
    for member in members:
        step(member, GOOD)

    assert status(whole) is Status.UP
    assert incidents(acme, whole)[0].resolved_at is not None


def test_a_group_that_lost_a_member_can_still_be_changed(acme: Any, api: Any, members: list[Monitor]) -> None:
    whole = group(acme, members)
    api.delete(f"monitors/{members[0].pk}")

    answer = api.patch(f"monitors/{whole.pk}", {"name": "renamed"})

    assert answer.status_code == 200, answer.content
    assert answer.json()["config"]["members"] == [str(member.pk) for member in members[1:]]


def test_a_group_of_too_few_members_can_be_renamed_and_paused(
    acme: Any, api: Any, members: list[Monitor]
) -> None:
    whole = group(acme, members, "at_least", needed=len(members))
    for member in members:
        api.delete(f"monitors/{member.pk}")
        answer = api.patch(f"monitors/{whole.pk}", {"name": f"without {member.name}", "enabled": False})
        assert answer.status_code == 200, answer.content


def test_groups_of_groups_follow_too(acme: Any, members: list[Monitor]) -> None:
    inner = group(acme, members[:2], name="inner")
    outer = group(acme, [inner, members[2]], name="outer")

    for member in members:
        step(member, GOOD)
    step(members[0], BAD)

    assert (status(inner), status(outer)) == (Status.DOWN, Status.DOWN)


def test_two_members_that_fail_at_the_same_moment_are_both_seen(acme: Any, members: list[Monitor]) -> None:
    """Neither transaction sees the other's member: the lock on the group lets the second one look again."""
    whole = group(acme, members[:2], "any")
    for member in members[:2]:
        step(member, GOOD)

    def fail(result: Result) -> None:
        finish(result)
        connections.close_all()

    results = [claimed(member, BAD) for member in members[:2]]
    threads = [threading.Thread(target=fail, args=[result]) for result in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert status(whole) is Status.DOWN
    assert len(incidents(acme, whole)) == 1


def test_upkeep_mends_a_group_that_was_left_behind(acme: Any, members: list[Monitor]) -> None:
    whole = group(acme, members)
    step(members[0], GOOD)
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute(FORGET, [whole.no, acme.no])

    grouping.settle_everywhere()

    assert status(whole) is Status.UP


def test_a_group_that_would_hold_itself_is_refused(acme: Any, api: Any, members: list[Monitor]) -> None:
    inner = group(acme, members[:1], name="inner")
    outer = group(acme, [inner], name="outer")

    answer = api.patch(f"monitors/{inner.pk}", {"config": {"members": [str(outer.pk)]}})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/config/members"


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({}, "/config/members"),
        ({"members": []}, "/config/members"),
        ({"members": ["no id"]}, "/config/members"),
        ({"members": ["01890a5d-ac96-774b-bcce-b302099a8057"]}, "/config/members"),
        ({"members": "all"}, "/config/members"),
        ({"rule": "most"}, "/config/rule"),
        ({"needed": 0}, "/config/needed"),
        ({"target": "x"}, "/config/target"),
    ],
)
def test_what_is_wrong_with_a_group_is_named(api: Any, config: dict[str, Any], pointer: str) -> None:
    answer = api.post("monitors", {"name": "all", "kind": "group", "config": config})

    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_a_stranger_is_no_member(acme: Any, globex: Any, globex_api: Any, members: list[Monitor]) -> None:
    answer = globex_api.post(
        "monitors", {"name": "theirs", "kind": "group", "config": {"members": [str(members[0].pk)]}}
    )

    assert answer.json()["errors"][0]["detail"].startswith("There is no monitor")


def test_a_group_is_made_and_shown_in_the_browser_too(
    acme: Any, as_alice: Any, members: list[Monitor]
) -> None:
    chosen = [str(member.pk) for member in members[:2]]
    answer = as_alice.post(
        "/o/acme/monitors/new/?kind=group",
        {"name": "Checkout", "members": chosen, "rule": "at_least", "needed": "1", "enabled": "on"},
        follow=True,
    )

    page = answer.content.decode()
    assert "Nothing was saved" not in page, answer.context["form"].errors
    assert "at least 1 of 2 work" in page
    assert "shop</a>" in page
    assert "Check now" not in page


def test_two_edits_that_each_are_fine_make_no_circle(acme: Any) -> None:
    shop = make(acme, "shop")
    first, second = (
        make(acme, name, kind="group", target="", config={"members": [str(shop.pk)]})
        for name in ("one", "two")
    )
    with in_tenant(acme):
        edits = [
            (row, definition.read({"config": {"members": [str(other.pk)]}}, row))
            for row, other in ((first, second), (second, first))
        ]
        editing.update(acme, *edits[0], COMMAND_LINE)

        with pytest.raises(ConfigError, match="contain itself"):
            editing.update(acme, *edits[1], COMMAND_LINE)


def test_groups_nest_so_deep_and_no_deeper(acme: Any, api: Any) -> None:
    inner = make(acme, "shop")
    for level in range(5):
        inner = make(acme, f"level {level}", kind="group", target="", config={"members": [str(inner.pk)]})
    alone = make(acme, "alone", kind="group", target="", config={"members": [str(make(acme, "b").pk)]})
    outer = {"name": "outer", "kind": "group", "config": {"members": [str(inner.pk)]}}

    assert pointers(api.post("monitors", outer)) == ["/config/members"]
    innermost = api.patch(f"monitors/{alone.pk}", {"config": {"members": [str(inner.pk)]}})
    assert pointers(innermost) == ["/config/members"]


WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def test_deleting_a_member_takes_rows_in_the_order_of_an_edit_of_its_group(acme: Any) -> None:
    member, other = make(acme, "member"), make(acme, "other")
    group = make(acme, "group", kind="group", target="", config={"members": [str(member.pk), str(other.pk)]})

    def delete() -> None:
        with in_tenant(acme):
            editing.delete(acme, Monitor.objects.get(pk=member.pk), COMMAND_LINE)
        connections.close_all()

    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as edit:
        edit.execute("SET lock_timeout = '3s'")
        edit.execute("SELECT FROM o_acme.monitors_monitor WHERE no = %s FOR NO KEY UPDATE", [group.no])
        deleting = threading.Thread(target=delete)
        deleting.start()
        until = monotonic() + 5
        while edit.execute(WAITING).fetchone() == (0,):
            assert monotonic() < until
        edit.execute("SELECT FROM telemetry_livestate WHERE monitor_no = %s FOR UPDATE", [group.no])
    deleting.join(5)

    with in_tenant(acme):
        assert Monitor.objects.get(pk=group.pk).config["members"] == [str(other.pk)]

"""Many monitors that fail together are one incident, told once to whom it concerns."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from incidents.models import Incident
from monitors import editing
from monitors.models import Monitor
from notifications.ledger.models import Delivery
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.incidents.making import fact_kinds, fail, groups, recover, route_all, several, singles
from tests.notifications.making import rule, webhook


def sent(organisation: Any) -> list[tuple[str, str, bool]]:
    """(event, channel, whether it is about a group) of all deliveries, oldest first."""
    route_all()
    with in_tenant(organisation):
        together = {group.pk for group in Incident.objects.filter(kind="group")}
        rows = Delivery.objects.filter(tenant_no=organisation.no).order_by("no")
        return [(row.event, row.channel_name, row.incident_id in together) for row in rows]


def test_monitors_of_one_host_that_fail_together_are_one_incident(acme: Any) -> None:
    failing = several(acme, "a", "b", "c", "d")
    several(acme, "else", host="other.example")

    fail(acme, failing)

    (group,) = groups(acme)
    assert (group.name, group.cause, group.affected) == ("4 monitors", "all 4 are on shop.example", 4)
    assert [single.part_of_id for single in singles(acme)] == [group.pk] * 4
    assert fact_kinds(acme) == ["incident.opened"]


def test_a_lonely_failure_is_told_at_once_by_itself(acme: Any) -> None:
    shop, *_ = several(acme, "a", "b", "c", "d")

    fail(acme, [shop])

    assert groups(acme) == []
    assert fact_kinds(acme) == ["incident.opened"]


def test_the_first_confirmed_one_opens_the_group_while_others_still_count(acme: Any) -> None:
    first, *others = several(acme, "a", "b", "c", "d")
    fail(acme, others, confirmed=False)

    fail(acme, [first])

    (group,) = groups(acme)
    assert (group.affected, group.cause) == (1, "all 4 are on shop.example")
    assert group.name == "4 monitors", "a message that says one monitor would send people to the wrong place"
    fail(acme, others)
    (group,) = groups(acme)
    assert (group.affected, group.cause) == (4, "all 4 are on shop.example")
    assert fact_kinds(acme) == ["incident.opened", "incident.joined"]


def test_a_rule_for_one_of_them_covers_the_outage_and_who_joins_late_tells_only_others(acme: Any) -> None:
    *early, late = several(acme, "a", "b", "c", "d")
    rule(acme, webhook(acme, "early"), monitors=[str(early[1].pk)])
    rule(acme, webhook(acme, "late"), monitors=[str(late.pk)])

    fail(acme, early)
    assert sent(acme) == [("incident.opened", "early", True)]
    fail(acme, [late])
    assert sent(acme) == [("incident.opened", "early", True), ("incident.opened", "late", True)]
    recover(acme, *early)
    assert len(sent(acme)) == 2
    recover(acme, late)

    told = sent(acme)
    assert sorted(told[2:]) == [("incident.resolved", "early", True), ("incident.resolved", "late", True)]
    assert groups(acme)[0].resolution == "ended"


def test_who_was_told_of_one_by_itself_hears_of_its_end_by_itself(acme: Any) -> None:
    first, *others = several(acme, "a", "b", "c", "d")
    rule(acme, webhook(acme, "all"))
    fail(acme, [first])
    sent(acme)

    fail(acme, others)

    assert sent(acme) == [("incident.opened", "all", False), ("incident.opened", "all", True)]
    assert {single.part_of_id for single in singles(acme)} == {groups(acme)[0].pk}
    recover(acme, first, *others)
    assert sorted(sent(acme)[2:]) == [("incident.resolved", "all", False), ("incident.resolved", "all", True)]


def test_one_that_nobody_was_told_of_yet_is_told_with_the_others(acme: Any) -> None:
    first, *others = several(acme, "a", "b", "c", "d")
    rule(acme, webhook(acme, "all"))
    fail(acme, [first])

    fail(acme, others)
    recover(acme, first, *others)

    assert sent(acme) == [("incident.opened", "all", True), ("incident.resolved", "all", True)]


def test_a_snoozed_monitor_holds_up_no_outage_and_its_own_rules_wait(acme: Any) -> None:
    snoozed, *others = several(acme, "a", "b", "c")
    rule(acme, webhook(acme, "all"), monitors=[str(monitor.pk) for monitor in others])
    rule(acme, webhook(acme, "night"), monitors=[str(snoozed.pk)])
    with in_tenant(acme):
        editing.snooze(acme, snoozed, timezone.now() + timedelta(hours=1), COMMAND_LINE)

    fail(acme, [snoozed, *others])
    assert sent(acme) == [("incident.opened", "all", True)]
    with in_tenant(acme):
        editing.unsnooze(acme, Monitor.objects.get(pk=snoozed.pk), COMMAND_LINE)

    assert sent(acme)[1:] == [("incident.opened", "night", True)]
    recover(acme, snoozed, *others)
    assert {row[:2] for row in sent(acme)[2:]} == {
        ("incident.resolved", "all"),
        ("incident.resolved", "night"),
    }


def test_an_outage_that_spreads_stays_one_and_says_how_wide_it_is(acme: Any) -> None:
    first = several(acme, "a", "b", "c")
    second = [*several(acme, "d", "e", host="two.example"), *several(acme, "f", "g", host="three.example")]
    fail(acme, first)

    fail(acme, second)

    (group,) = groups(acme)
    assert (group.cause, group.affected) == ("all 7 failed at the same time", 7)
    with in_tenant(acme):
        texts = list(group.timeline.values_list("text", flat=True))
    assert any(text.startswith("It is wider than it seemed") for text in texts)


def ages(organisation: Any, group: Incident, minutes: int) -> None:
    """So long ago the last one joined it."""
    with in_tenant(organisation):
        Incident.objects.filter(pk=group.pk).update(
            last_joined_at=timezone.now() - timedelta(minutes=minutes)
        )


def test_who_still_worked_while_everything_else_was_down_is_told_by_itself(acme: Any) -> None:
    other = several(acme, "other", host="four.example")
    failing = [several(acme, name, host=f"{name}.example")[0] for name in "abc"]
    fail(acme, failing, since=timezone.now() - timedelta(minutes=6))
    (group,) = groups(acme)
    assert group.cause == "all 3 failed at the same time"
    ages(acme, group, 5)

    fail(acme, other)

    assert [single.part_of_id for single in singles(acme) if single.name == "other"] == [None]
    assert fact_kinds(acme) == ["incident.opened", "incident.opened"]


def test_who_is_looked_at_seldom_still_belongs_to_what_hit_everything(acme: Any) -> None:
    other = several(acme, "other", host="four.example", interval_seconds=600)
    failing = [several(acme, name, host=f"{name}.example")[0] for name in "abc"]
    fail(acme, failing, since=timezone.now() - timedelta(minutes=6))
    ages(acme, groups(acme)[0], 5)

    fail(acme, other)

    assert {single.part_of_id for single in singles(acme)} == {groups(acme)[0].pk}


def test_a_group_of_monitors_that_follows_its_members_is_part_of_their_outage(acme: Any) -> None:
    failing = several(acme, "a", "b", "c")
    with in_tenant(acme):
        from monitors import definition

        config = {"members": [str(monitor.pk) for monitor in failing], "rule": "all"}
        editing.create(
            acme, definition.read({"name": "everything", "kind": "group", "config": config}), COMMAND_LINE
        )

    fail(acme, failing)

    (group,) = groups(acme)
    assert {single.name for single in singles(acme)} == {"a", "b", "c", "everything"}
    assert {single.part_of_id for single in singles(acme)} == {group.pk}
    assert group.cause == "all 4 belong to everything"


@pytest.mark.parametrize("workers", [4])
def test_workers_that_report_at_once_open_one_group_and_end_it(acme: Any, workers: int) -> None:
    failing = several(acme, *(f"m{number:02}" for number in range(24)))
    fail(acme, failing, confirmed=False)
    shares = [failing[place::workers] for place in range(workers)]

    at_once([(fail, acme, share) for share in shares])
    (group,) = groups(acme)
    assert (group.affected, len(singles(acme)), group.resolved_at) == (24, 24, None)
    at_once([(recover, acme, *share) for share in shares])

    assert groups(acme)[0].resolved_at is not None
    assert fact_kinds(acme).count("incident.opened") == fact_kinds(acme).count("incident.resolved") == 1


def at_once(calls: list[tuple[Any, ...]]) -> None:
    faults: list[Exception] = []

    def call(function: Any, *arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception as fault:  # told below: a thread's exception fails no test
            faults.append(fault)
        finally:
            connection.close()

    threads = [Thread(target=call, args=one) for one in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []

"""Outages in a maintenance window."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from monitors import editing as monitor_editing
from monitors.maintenance import definition, editing
from monitors.suppression.reading import covering
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, step
from tests.monitors.suppression.scene import decisions, held, let_pass, look, open_incidents, window


def down(monitor: Any, times: int = 3) -> None:
    for _ in range(times):
        step(monitor, BAD)


def up(monitor: Any, times: int = 1) -> None:
    for _ in range(times):
        step(monitor, GOOD)


def test_an_outage_in_maintenance_opens_nothing_and_is_told_when_the_window_ends(acme: Any) -> None:
    shop = make(acme)
    up(shop)
    window(acme)

    down(shop)
    assert (held(acme, shop), open_incidents(acme)) == (["Upgrade"], set())

    let_pass(acme, 61)
    look(acme)
    assert (held(acme, shop), open_incidents(acme)) == ([], {"shop"})
    assert [words.split(":")[0] for words in decisions(acme, shop)] == [
        decisions(acme, shop)[0].split(":")[0],
        "Maintenance “Upgrade” is over and it is still down",
    ]


def test_an_outage_that_is_over_before_the_window_is_never_told(acme: Any) -> None:
    shop = make(acme)
    up(shop)
    window(acme)

    down(shop)
    up(shop, 2)

    assert (held(acme, shop), open_incidents(acme)) == ([], set())
    assert "nobody is told" in decisions(acme, shop)[-1]


def test_what_was_down_before_stays_open_and_resolves_in_the_window(acme: Any) -> None:
    shop = make(acme)
    up(shop)
    down(shop)
    window(acme)
    assert open_incidents(acme) == {"shop"}

    up(shop, 2)

    assert open_incidents(acme) == set()


def test_a_window_that_begins_between_two_failing_checks_holds_the_outage_back(acme: Any) -> None:
    shop = make(acme)
    up(shop)
    down(shop, 2)
    window(acme)
    down(shop, 1)

    assert (held(acme, shop), open_incidents(acme)) == (["Upgrade"], set())


def test_a_failure_confirmed_after_the_window_is_told_at_once(acme: Any) -> None:
    shop = make(acme)
    up(shop)
    window(acme)
    down(shop, 2)
    let_pass(acme, 61)
    down(shop, 1)

    assert open_incidents(acme) == {"shop"}


def test_a_window_covers_what_its_tags_groups_and_names_say_and_nothing_else(acme: Any) -> None:
    shop, mail, other = make(acme, "shop"), make(acme, "mail", tags=["eu"]), make(acme, "other")
    group = make(acme, "all", kind="group", target="", config={"members": [str(shop.pk)]})
    window(acme, tags=["eu"], monitors=[str(group.pk)])

    with in_tenant(acme):
        now_covered = covering(None, timezone.now())
    assert set(now_covered) == {shop.no, mail.no, group.no}
    assert other.no not in now_covered


def test_a_group_that_fails_only_by_members_in_maintenance_is_held_back_and_released_with_them(
    acme: Any,
) -> None:
    shop, mail = make(acme, "shop"), make(acme, "mail")
    members = [str(shop.pk), str(mail.pk)]
    group = make(acme, "both", kind="group", target="", config={"members": members})
    up(shop)
    up(mail)
    window(acme, monitors=[str(shop.pk)])

    down(shop)
    assert held(acme, shop, group) == ["Upgrade", "Upgrade"]

    let_pass(acme, 61)
    look(acme)
    assert open_incidents(acme) == {"shop", "both"}


def test_a_group_with_another_member_down_is_told(acme: Any) -> None:
    shop, mail = make(acme, "shop"), make(acme, "mail")
    config = {"members": [str(shop.pk), str(mail.pk)], "rule": "any"}
    group = make(acme, "both", kind="group", target="", config=config)
    up(shop)
    up(mail)
    window(acme, monitors=[str(shop.pk)])

    down(shop)
    down(mail)

    assert held(acme, shop, group) == ["Upgrade"]
    assert open_incidents(acme) == {"mail", "both"}


def test_ending_pausing_editing_and_deleting_a_window_release_at_once(acme: Any) -> None:
    shop = make(acme)
    for act in ("end", "pause", "scope", "delete"):
        up(shop, 2)
        planned = window(acme, name=act, monitors=[str(shop.pk)])
        down(shop)
        assert (held(acme, shop), open_incidents(acme)) == ([act], set()), act
        with in_tenant(acme):
            values = definition.as_json(planned) | {"monitors": [], "tags": ["nobody"]}
            match act:
                case "end":
                    editing.end_now(acme, planned, COMMAND_LINE)
                case "pause":
                    editing.pause(acme, planned, COMMAND_LINE)
                case "scope":
                    editing.update(acme, planned, values, COMMAND_LINE)
                case _:
                    editing.delete(acme, planned, COMMAND_LINE)
        assert (held(acme, shop), open_incidents(acme)) == ([], {"shop"}), act


def test_a_longer_window_keeps_an_outage_back_for_longer(acme: Any) -> None:
    shop = make(acme)
    up(shop)
    planned = window(acme, minutes=10)
    down(shop)
    with in_tenant(acme):
        values = definition.as_json(planned) | {"duration_minutes": 120}
        editing.update(acme, planned, values, COMMAND_LINE)

    let_pass(acme, 30)
    look(acme)
    assert held(acme, shop) == ["Upgrade"]
    let_pass(acme, 100)
    look(acme)
    assert open_incidents(acme) == {"shop"}


def test_one_that_is_just_recovering_at_the_end_is_given_time_to(acme: Any) -> None:
    shop = make(acme)
    up(shop)
    planned = window(acme)
    down(shop)
    up(shop, 1)
    with in_tenant(acme):
        editing.end_now(acme, planned, COMMAND_LINE)
    assert (held(acme, shop), open_incidents(acme)) == (["Upgrade"], set())

    down(shop, 1)
    look(acme)
    assert open_incidents(acme) == {"shop"}


def test_pausing_or_deleting_the_monitor_ends_what_is_held_back(acme: Any) -> None:
    shop, mail = make(acme, "shop"), make(acme, "mail")
    up(shop)
    up(mail)
    window(acme)
    down(shop)
    down(mail)
    with in_tenant(acme):
        monitor_editing.pause(acme, shop, COMMAND_LINE)
        monitor_editing.delete(acme, mail, COMMAND_LINE)
    let_pass(acme, 61)
    look(acme)

    assert (held(acme, shop, mail), open_incidents(acme)) == ([], set())
    assert "paused the monitor" in decisions(acme, shop)[-1]


def test_a_clock_that_is_set_back_loses_no_outage(acme: Any) -> None:
    shop = make(acme)
    up(shop)
    planned = window(acme)
    down(shop)
    let_pass(acme, -60)  # what was written lies an hour ahead of the clock now
    with in_tenant(acme):
        editing.delete(acme, planned, COMMAND_LINE)

    assert open_incidents(acme) == {"shop"}

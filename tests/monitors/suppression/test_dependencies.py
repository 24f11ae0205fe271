"""Monitors that depend on others: what is refused, what is held back, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitors import definition, editing
from monitors.models import Monitor
from monitors.suppression import holding, releasing
from monitors.telemetry.models import LiveState, Status
from pulse.fields import ConfigError
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.stepping import BAD, GOOD, step
from tests.monitors.suppression.scene import (
    decisions,
    depend,
    held,
    let_pass,
    look,
    open_incidents,
    stand,
    window,
)


def down(monitor: Monitor, times: int = 3) -> None:
    for _ in range(times):
        step(monitor, BAD)


def up(*monitors: Monitor) -> None:
    for monitor in monitors:
        step(monitor, GOOD)


def update(organisation: Any, monitor: Monitor, **changes: Any) -> None:
    with in_tenant(organisation):
        editing.update(organisation, monitor, definition.read(changes, monitor), COMMAND_LINE)


@pytest.fixture
def family(acme: Any) -> tuple[Monitor, Monitor, Monitor]:
    """`web` depends on `db`, and that on `net`; all are up."""
    net, db, web = make(acme, "net"), make(acme, "db"), make(acme, "web")
    depend(acme, db, net)
    depend(acme, web, db)
    up(net, db, web)
    return net, db, web


def test_while_a_parent_at_any_level_is_down_only_its_own_incident_opens(acme: Any, family: Any) -> None:
    net, db, web = family
    down(net)
    down(web)

    assert (held(acme, web, db), open_incidents(acme)) == (["net"], {"net"})
    assert "its parent “net”" in decisions(acme, web)[0]


def test_a_child_that_recovers_with_its_parent_is_never_told(acme: Any, family: Any) -> None:
    net, _, web = family
    down(net)
    down(web)
    up(net, net, web, web)

    assert (held(acme, web), open_incidents(acme)) == ([], set())


def test_a_child_that_stays_down_is_told_once_it_had_time_to_be_checked(acme: Any, family: Any) -> None:
    net, db, web = family
    down(net)
    down(web)
    up(db, net, net)
    look(acme)
    assert (held(acme, web), open_incidents(acme)) == (["net"], set())

    let_pass(acme, 4)
    look(acme)
    assert (held(acme, web), open_incidents(acme)) == ([], {"web"})


@pytest.mark.parametrize("status", [Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.PENDING])
def test_a_parent_that_is_not_down_holds_nothing_back(acme: Any, family: Any, status: Status) -> None:
    _, db, web = family
    down(web, 2)
    stand(acme, db, status)
    with in_tenant(acme):
        LiveState.objects.filter(monitor_no__in=[family[0].no], tenant_no=acme.no).update(
            last_slot=LiveState.objects.get(monitor_no=db.no, tenant_no=acme.no).last_slot
        )
    down(web, 1)

    assert (held(acme, web), open_incidents(acme)) == ([], {"web"})


def test_pausing_the_parent_releases_what_it_held_back(acme: Any, family: Any) -> None:
    net, db, web = family
    down(net)
    down(web)
    up(db)
    with in_tenant(acme):
        editing.pause(acme, net, COMMAND_LINE)
    releasing.sweep()

    assert open_incidents(acme) == {"web"}


def test_deleting_the_parent_or_the_dependency_releases_at_once(acme: Any) -> None:
    db, web, mail = make(acme, "db"), make(acme, "web"), make(acme, "mail")
    depend(acme, web, db)
    depend(acme, mail, db)
    up(db, web, mail)
    for monitor in (db, web, mail):
        down(monitor)
    assert held(acme, web, mail) == ["db", "db"]

    update(acme, web, depends_on=[])
    assert open_incidents(acme) == {"db", "web"}
    with in_tenant(acme):
        editing.delete(acme, db, COMMAND_LINE)
    assert open_incidents(acme) == {"web", "mail"}


def test_a_child_confirmed_seconds_before_its_parent_waits_for_the_parents_next_check(
    acme: Any, family: Any
) -> None:
    net, db, web = family
    down(web)
    assert (held(acme, web), open_incidents(acme)) == (["db"], set())  # asked, and not answered yet
    with in_tenant(acme):
        asked = LiveState.objects.filter(monitor_no__in=[net.no, db.no], tenant_no=acme.no, asked=True)
        assert asked.count() == 2

    down(net, 1)
    up(db)
    look(acme)
    assert (held(acme, web), open_incidents(acme)) == (
        ["net"],
        set(),
    )  # it fails too: that may become an outage
    down(net, 2)
    look(acme)
    assert (held(acme, web), open_incidents(acme)) == (["net"], {"net"})


def test_a_child_whose_parents_turn_out_to_work_is_told_at_the_next_look(acme: Any, family: Any) -> None:
    net, db, web = family
    down(web)
    releasing.sweep()  # they have not answered yet: in two seconds it is looked at again
    with in_tenant(acme):
        assert holding.due(timezone.now() + timedelta(seconds=3)) == [web.no]
    up(net, db)
    look(acme)

    assert (held(acme, web), open_incidents(acme)) == ([], {"web"})


def test_a_parent_that_nobody_checks_delays_a_child_by_seconds_only(acme: Any, family: Any) -> None:
    down(family[2])
    let_pass(acme, 1)
    look(acme)

    assert open_incidents(acme) == {"web"}


def test_a_child_of_a_group_waits_for_the_group(acme: Any) -> None:
    db, web = make(acme, "db"), make(acme, "web")
    group = make(acme, "core", kind="group", target="", config={"members": [str(db.pk)]})
    depend(acme, web, group)
    up(db, web)
    down(db)
    down(web)

    assert held(acme, web) == ["core"]


def test_what_would_wait_for_itself_is_refused_with_the_way_round(acme: Any, family: Any) -> None:
    net, web = family[0], family[2]
    for parents, words in (
        ([net], "net depends on net"),
        ([web], "net depends on web, web depends on db, db depends on net"),
    ):
        with pytest.raises(ConfigError) as refused:
            update(acme, net, depends_on=[str(parent.pk) for parent in parents])
        assert refused.value.errors == (
            ("/depends_on", f"Choose other monitors: it would wait for itself ({words})."),
        )


def test_a_member_cannot_depend_on_its_group_either_way(acme: Any) -> None:
    db = make(acme, "db")
    group = make(acme, "core", kind="group", target="", config={"members": [str(db.pk)]})
    with pytest.raises(ConfigError, match="db depends on core, core has as a member db"):
        update(acme, db, depends_on=[str(group.pk)])

    other = make(acme, "web", depends_on=[str(group.pk)])
    with pytest.raises(ConfigError, match="core has as a member web, web depends on core"):
        update(acme, group, config={"members": [str(db.pk), str(other.pk)]})


def test_monitors_depend_on_each_other_five_deep_at_most(acme: Any) -> None:
    above = [make(acme, "m0")]
    for number in range(1, 6):
        above.append(make(acme, f"m{number}", depends_on=[str(above[-1].pk)]))

    with pytest.raises(ConfigError, match="at most 5 deep"):
        make(acme, "m6", depends_on=[str(above[-1].pk)])
    with pytest.raises(ConfigError, match="at most 5 deep"):
        update(acme, above[0], depends_on=[str(make(acme, "top").pk)])


def test_the_api_takes_and_shows_what_a_monitor_depends_on(acme: Any, api: Any, globex: Any) -> None:
    db, web, strange = make(acme, "db"), make(acme, "web"), make(globex, "db")
    answer = api.patch(f"monitors/{web.pk}", {"depends_on": [str(db.pk)]})
    assert (answer.status_code, answer.json()["depends_on"]) == (200, [str(db.pk)])

    many = api.patch("monitors/bulk", {"ids": [str(db.pk)], "changes": {"depends_on": [str(web.pk)]}})
    assert many.status_code == 422
    assert "db depends on web, web depends on db" in many.json()["errors"][0]["detail"]
    for wrong in ([str(strange.pk)], ["x"], "db", [str(web.pk)]):
        assert api.patch(f"monitors/{web.pk}", {"depends_on": wrong}).status_code == 422


def test_the_form_keeps_what_a_monitor_depends_on(acme: Any, as_alice: Any) -> None:
    db, web = make(acme, "db"), make(acme, "web")
    address = f"/o/acme/monitors/{web.pk}/edit/"
    fields = {
        "name": "web", "target": web.target, "interval_seconds": 60, "timeout_seconds": 10, "down_after": 3,
        "up_after": 2, "degraded_after": 3, "tags": "", "enabled": "on", "depends_on": [str(db.pk)],
    }  # fmt: skip
    answer = as_alice.post(address, fields)
    assert answer.status_code == 302, answer.content.decode()
    with in_tenant(acme):
        assert [parent.name for parent in web.depends_on.all()] == ["db"]
    assert f'value="{db.pk}"' in as_alice.get(address).content.decode()


def test_a_monitors_page_shows_what_is_around_it_and_why_nobody_is_told(
    acme: Any, family: Any, as_alice: Any
) -> None:
    net, db, web = family
    window(acme, name="Patches", starts_in=60, monitors=[str(web.pk)])
    down(net)
    down(web)

    page = as_alice.get(f"/o/acme/monitors/{web.pk}/").content.decode()
    assert "Nobody is told of this outage: its parent" in page
    assert f'href="/o/acme/monitors/{net.pk}/"' in page
    assert f'href="/o/acme/monitors/{db.pk}/"' in page
    assert "Patches" in page
    assert "Needed by" in as_alice.get(f"/o/acme/monitors/{db.pk}/").content.decode()
    assert "Nobody is told: net is down" in as_alice.get("/o/acme/monitors/").content.decode()

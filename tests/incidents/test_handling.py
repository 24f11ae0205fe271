"""What people do to incidents: each verb once, twice, by two at once, and against how the incident stands."""

from __future__ import annotations

from typing import Any

import pytest

from incidents import declaring, handling, merging, resolving
from incidents.handling import Contradiction
from incidents.models import Incident
from monitors import editing
from monitors.models import Monitor
from monitors.telemetry.models import Status
from notifications.ledger.models import Delivery
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE, Actor
from tests.incidents.making import become, fact_kinds, fail, groups, recover, route_all, several, singles
from tests.incidents.test_mass_outages import at_once
from tests.notifications.making import rule, webhook

BOB = Actor("user", None, "bob")


def open_one(organisation: Any, name: str = "shop") -> tuple[Monitor, Incident]:
    (monitor,) = several(organisation, name, host=f"{name}.example")
    fail(organisation, [monitor])
    return monitor, singles(organisation)[-1]


def kinds(organisation: Any, incident: Incident) -> list[str]:
    with in_tenant(organisation):
        return list(incident.timeline.values_list("kind", flat=True))


def stored(organisation: Any, incident: Incident) -> Incident:
    with in_tenant(organisation):
        return Incident.objects.get(pk=incident.pk)


def do(verb: Any, organisation: Any, *arguments: Any) -> Any:
    with in_tenant(organisation):
        return verb(organisation, *arguments)


def told(organisation: Any) -> list[str]:
    route_all()
    with in_tenant(organisation):
        return list(
            Delivery.objects.filter(tenant_no=organisation.no).order_by("no").values_list("event", flat=True)
        )


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        (lambda organisation, it: do(handling.acknowledge, organisation, it, COMMAND_LINE), "acknowledged"),
        (lambda organisation, it: do(resolving.resolve, organisation, it, COMMAND_LINE), "resolved"),
        (
            lambda organisation, it: do(
                handling.edit, organisation, it, {"root_cause": "disk"}, COMMAND_LINE
            ),
            "root cause",
        ),
    ],
    ids=["acknowledge", "resolve", "edit"],
)
def test_four_at_once_do_it_once(acme: Any, verb: Any, kind: str) -> None:
    _, incident = open_one(acme)

    at_once([(verb, acme, incident)] * 4)

    assert kinds(acme, incident).count(kind) == 1


def test_resolved_by_hand_it_stays_quiet_until_it_worked_once(acme: Any) -> None:
    shop, incident = open_one(acme)
    do(resolving.resolve, acme, incident, COMMAND_LINE)

    become(acme, shop, Status.DOWN, Status.UNKNOWN)
    become(acme, shop, Status.UNKNOWN, Status.DOWN, "still refused")
    become(acme, shop, Status.DOWN, Status.FLAPPING, "up and down")

    assert [one.pk for one in singles(acme)] == [incident.pk]
    assert fact_kinds(acme) == ["incident.opened", "incident.resolved"]
    with in_tenant(acme):
        entry = incident.timeline.last()
        assert entry is not None
        assert entry.text.endswith("so nothing was opened: still refused")
    become(acme, shop, Status.FLAPPING, Status.UP)
    assert stored(acme, incident).recovered_at is not None
    become(acme, shop, Status.UP, Status.DOWN, "refused again")
    assert len(singles(acme)) == 2


def test_resolved_by_hand_while_the_monitor_works_keeps_nothing_quiet(acme: Any) -> None:
    shop, incident = open_one(acme)
    recover(acme, shop)
    do(resolving.reopen, acme, incident, COMMAND_LINE)

    do(resolving.resolve, acme, incident, COMMAND_LINE)
    fail(acme, [shop])

    assert len(singles(acme)) == 2


def test_a_pause_ends_the_quiet(acme: Any) -> None:
    shop, incident = open_one(acme)
    do(resolving.resolve, acme, incident, COMMAND_LINE)

    do(editing.pause, acme, shop, COMMAND_LINE)

    assert stored(acme, incident).recovered_at is not None


def test_opened_again_it_is_told_again_and_ends_with_the_next_recovery(acme: Any) -> None:
    rule(acme, webhook(acme))
    shop, incident = open_one(acme)
    do(resolving.resolve, acme, incident, COMMAND_LINE)

    do(resolving.reopen, acme, incident, COMMAND_LINE)

    again = stored(acme, incident)
    assert (again.state, again.round, again.resolution) == ("open", 1, "")
    recover(acme, shop)
    assert stored(acme, incident).resolution == "recovered"
    assert told(acme) == ["incident.opened", "incident.resolved"] * 2


def test_a_monitor_that_flaps_keeps_its_incident(acme: Any) -> None:
    shop, incident = open_one(acme)

    become(acme, shop, Status.DOWN, Status.FLAPPING, "8 changes in 20")
    become(acme, shop, Status.FLAPPING, Status.DOWN, "refused")
    become(acme, shop, Status.DOWN, Status.UP)

    assert kinds(acme, incident) == ["started", "opened", "transition", "transition", "resolved"]


def test_one_that_begins_to_flap_opens_an_incident_that_says_so(acme: Any) -> None:
    (shop,) = several(acme, "shop")

    become(acme, shop, Status.UP, Status.FLAPPING, "8 changes in 20")

    assert singles(acme)[0].cause == "flapping between working and failing, last: 8 changes in 20"
    become(acme, shop, Status.FLAPPING, Status.UP)
    assert fact_kinds(acme) == ["incident.opened", "incident.resolved"]


def test_who_took_it_first_stays_known_when_it_is_given_back(acme: Any) -> None:
    _, incident = open_one(acme)
    first = do(handling.acknowledge, acme, incident, COMMAND_LINE).acknowledged_at

    do(handling.release, acme, incident, BOB)

    given_back = stored(acme, incident)
    assert (given_back.acknowledged_at, given_back.first_acknowledged_at) == (None, first)
    do(handling.acknowledge, acme, incident, BOB)
    assert stored(acme, incident).first_acknowledged_at == first


def test_an_outage_of_what_a_person_opened_belongs_to_that_and_ends_without_it(acme: Any) -> None:
    rule(acme, webhook(acme))
    (shop,) = several(acme, "shop")
    with in_tenant(acme):
        values = declaring.read({"title": "Checkout fails", "monitors": [str(shop.pk)]})
        by_hand, _ = declaring.declare(acme, values, COMMAND_LINE)

    fail(acme, [shop])

    assert singles(acme)[0].part_of_id == by_hand.pk
    recover(acme, shop)
    assert stored(acme, by_hand).state == "open"
    do(resolving.resolve, acme, by_hand, COMMAND_LINE)
    assert told(acme) == ["incident.opened", "incident.resolved"]


def test_a_group_resolved_by_hand_ends_its_members_and_opens_again_with_those_still_down(acme: Any) -> None:
    failing = several(acme, "a", "b", "c")
    fail(acme, failing)
    (group,) = groups(acme)
    recover(acme, failing[0])

    do(resolving.resolve, acme, group, COMMAND_LINE)
    assert {one.resolution for one in singles(acme)} == {"recovered", "by hand"}
    recover(acme, failing[1])
    do(resolving.reopen, acme, group, COMMAND_LINE)

    assert [one.name for one in singles(acme) if one.resolved_at is None] == ["c"]
    recover(acme, failing[2])
    assert stored(acme, group).resolution == "ended"


def test_merged_incidents_end_together_and_who_was_told_of_each_hears_of_each(acme: Any) -> None:
    rule(acme, webhook(acme))
    (shop, one), (api, other) = open_one(acme, "shop"), open_one(acme, "api")

    whole = do(merging.merge, acme, one, [other], COMMAND_LINE)

    assert (whole.kind, whole.affected) == ("group", 2)
    recover(acme, shop)
    assert stored(acme, whole).state == "open"
    recover(acme, api)
    assert stored(acme, whole).resolution == "ended"
    assert told(acme) == ["incident.opened"] * 2 + ["incident.resolved"] * 2


def test_a_group_merged_into_another_ends_with_it(acme: Any) -> None:
    rule(acme, webhook(acme))
    first, second = several(acme, "a", "b", "c"), several(acme, "d", "e", "f", host="other.example")
    several(acme, *(f"w{number}" for number in range(12)), host="works.example")
    fail(acme, first)
    with in_tenant(acme):
        Incident.objects.filter(kind="group").update(shared={"kind": "host", "value": "elsewhere"})
        Incident.objects.filter(kind="monitor").update(opened_at="2026-01-01T00:00Z")
    fail(acme, second)
    one, other = groups(acme)

    do(merging.merge, acme, one, [other], COMMAND_LINE)

    assert stored(acme, one).affected == 6
    recover(acme, *first, *second)
    assert {group.resolution for group in groups(acme)} == {"ended"}
    assert told(acme) == ["incident.opened"] * 2 + ["incident.resolved"] * 2


def test_split_off_it_is_told_by_itself(acme: Any) -> None:
    rule(acme, webhook(acme))
    failing = several(acme, "a", "b", "c")
    fail(acme, failing)
    (group,) = groups(acme)
    member = singles(acme)[0]

    do(merging.split, acme, group, member, COMMAND_LINE)
    recover(acme, *failing)

    assert stored(acme, group).affected == 2
    assert sorted(told(acme)) == ["incident.opened"] * 2 + ["incident.resolved"] * 2


def test_only_what_is_open_can_be_merged(acme: Any) -> None:
    (_, one), (_, other) = open_one(acme, "shop"), open_one(acme, "api")
    do(resolving.resolve, acme, other, COMMAND_LINE)

    with pytest.raises(Contradiction, match="api is resolved"):
        do(merging.merge, acme, one, [other], COMMAND_LINE)


def test_editing_the_monitor_of_an_open_incident_is_written_into_it(acme: Any) -> None:
    shop, incident = open_one(acme)
    with in_tenant(acme):
        from monitors import definition

        values = definition.as_json(shop) | {"target": "http://other.example/"}
        editing.update(acme, shop, definition.read(values), COMMAND_LINE)

    assert kinds(acme, incident)[-1] == "changed"
    assert stored(acme, incident).state == "open"

"""Pages of rules: read out in words, chosen from many monitors, and who is told of one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import channels, policies
from notifications.models import NotificationChannel, Rule
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.notifications.making import UNKNOWN, email, rule, webhook

RULES = "/o/acme/rules/"


def typed(*told: NotificationChannel, **more: Any) -> dict[str, Any]:
    ids = [str(channel.pk) for channel in told]
    return {"name": "Night", "scope": "all", "on": ["down", "up"], "channels": ids, "enabled": "on"} | more


@pytest.mark.parametrize("path", ["rules/", "rules/table/", "rules/new/", f"monitors-told/{UNKNOWN}/"])
def test_a_stranger_gets_what_an_unknown_organisation_gives(acme: Any, as_charlie: Any, path: str) -> None:
    unknown = as_charlie.get(f"/o/nobody/{path}")
    foreign = as_charlie.get(f"/o/acme/{path}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


def test_foreign_rules_and_monitors_are_unknown_ones(acme: Any, globex: Any, as_charlie: Any) -> None:
    made, monitor = rule(acme, webhook(acme)), make(acme)

    unknown = as_charlie.get(f"/o/globex/rules/{UNKNOWN}/")
    foreign = as_charlie.get(f"/o/globex/rules/{made.pk}/")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert as_charlie.get(f"/o/globex/monitors-told/{monitor.pk}/").status_code == 404
    assert as_charlie.post(f"/o/globex/rules/{made.pk}/deletion/").status_code == 404
    assert as_charlie.post(f"/o/acme/rules/{made.pk}/deletion/").status_code == 404
    with in_tenant(acme):
        assert Rule.objects.filter(pk=made.pk).exists()


def test_a_viewer_reads_and_may_not_touch(acme: Any, as_bob: Any) -> None:
    made, monitor = rule(acme, webhook(acme)), make(acme)

    assert "When any monitor goes down" in as_bob.get(RULES).content.decode()
    assert as_bob.get(f"/o/acme/monitors-told/{monitor.pk}/").status_code == 200
    assert "New rule" not in as_bob.get(RULES).content.decode()
    for path in ("new/", f"{made.pk}/"):
        assert as_bob.get(RULES + path).status_code == 403
        assert as_bob.post(RULES + path, typed()).status_code == 403
    assert as_bob.post(f"{RULES}{made.pk}/deletion/").status_code == 403


def test_a_rule_for_everything_is_read_out(acme: Any, as_alice: Any) -> None:
    answer = as_alice.post(f"{RULES}new/", typed(webhook(acme), email(acme)), follow=True)

    sentence = "When any monitor goes down or comes back up, tell Duty and Ops."
    assert answer.content.decode().count(sentence) == 2  # what was done, and the list


def test_a_rule_for_chosen_monitors_names_them(acme: Any, as_alice: Any) -> None:
    monitors = [make(acme, name) for name in ("shop", "api")]
    make(acme, "other")
    chosen = {"scope": "chosen", "monitors": [str(monitor.pk) for monitor in monitors], "on": ["down"]}

    answer = as_alice.post(f"{RULES}new/", typed(webhook(acme), **chosen), follow=True)

    assert "When api or shop goes down, tell Ops." in answer.content.decode()


def test_a_long_choice_is_counted(acme: Any, as_alice: Any) -> None:
    monitors = [make(acme, f"node-{number}") for number in range(1, 7)]
    rule(acme, webhook(acme), monitors=[str(monitor.pk) for monitor in monitors])

    page = as_alice.get(RULES).content.decode()

    assert "When node-1, node-2, node-3 or one of 3 others goes down" in page


def test_the_form_says_what_the_api_says(acme: Any, api: Any, as_alice: Any) -> None:
    wrong = {"name": "", "on": ["up"], "channels": [], "monitors": []}
    said = {item["pointer"]: item["detail"] for item in api.post("rules", wrong).json()["errors"]}

    answer = as_alice.post(f"{RULES}new/", typed(name="", on=["up"], scope="chosen"))

    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert {f"/{name}": list(words) for name, words in errors.items()} == {
        pointer: [detail] for pointer, detail in said.items()
    }


def test_what_was_ticked_stays_ticked(acme: Any, as_alice: Any) -> None:
    monitor, channel = make(acme), webhook(acme)

    answer = as_alice.post(
        f"{RULES}new/", typed(channel, name="", scope="chosen", monitors=[str(monitor.pk)], on=["down"])
    )

    form = answer.context["form"]
    assert form["monitors"].value() == [str(monitor.pk)]
    assert form["channels"].value() == [str(channel.pk)]
    assert form["on"].value() == ["down"]


def test_a_foreign_channel_cannot_be_told(acme: Any, globex: Any, as_alice: Any) -> None:
    foreign = webhook(globex)

    answer = as_alice.post(f"{RULES}new/", typed(foreign))

    assert answer.status_code == 422
    assert "There is no channel" in answer.content.decode()


def test_an_edit_keeps_what_it_does_not_change(acme: Any, as_alice: Any) -> None:
    monitor, channel = make(acme), webhook(acme)
    made = rule(acme, channel, monitors=[str(monitor.pk)], on=["down"])
    form = as_alice.get(f"{RULES}{made.pk}/").context["form"]
    same = {name: form[name].value() for name in ("scope", "monitors", "on", "channels")}

    as_alice.post(f"{RULES}{made.pk}/", same | {"name": "Renamed"})

    with in_tenant(acme):
        stored = Rule.objects.get()
        assert (stored.name, stored.enabled, stored.on) == ("Renamed", False, ["down"])
        assert list(stored.monitors.values_list("pk", flat=True)) == [monitor.pk]


def test_a_thousand_monitors_can_be_chosen(acme: Any, as_alice: Any) -> None:
    monitors = [make(acme, f"node-{number:03}") for number in range(300)]
    ids = [str(monitor.pk) for monitor in monitors]
    page = as_alice.get(f"{RULES}new/", {"monitor": ids[-1]})

    answer = as_alice.post(f"{RULES}new/", typed(webhook(acme), scope="chosen", monitors=(ids * 4)[:1000]))

    assert page.context["form"].fields["monitors"].choices[0] == (ids[-1], "node-299")  # the ticked one first
    assert answer.status_code == 302
    with in_tenant(acme):
        assert Rule.objects.get().monitors.count() == 300


def test_a_rule_whose_channels_are_gone_warns(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)
    rule(acme, channel)
    with in_tenant(acme):
        channels.delete(acme, channel, COMMAND_LINE)
    email(acme)

    page = as_alice.get(RULES).content.decode()

    assert "tell nobody." in page
    assert "All its channels are deleted" in page


def test_deleting_a_rule(acme: Any, as_alice: Any) -> None:
    made = rule(acme, webhook(acme))

    answer = as_alice.post(f"{RULES}{made.pk}/deletion/", follow=True).content.decode()

    assert "Everything is deleted." in answer
    with in_tenant(acme):
        assert not Rule.objects.exists()


def test_who_is_told_names_the_rules_that_cover_a_monitor(acme: Any, as_alice: Any) -> None:
    monitor, other, channel = make(acme, "shop"), make(acme, "other"), webhook(acme)
    rule(acme, channel, name="All")
    rule(acme, channel, name="This one", monitors=[str(monitor.pk)], on=["down"])
    rule(acme, channel, name="Another", monitors=[str(other.pk)])
    rule(acme, channel, name="Off", enabled=False)

    part = as_alice.get(f"/o/acme/monitors-told/{monitor.pk}/")

    (line,) = part.context["preview"].lines
    assert (line.whom, line.how, line.why) == ("Ops", "Webhook", "rule This one")
    assert 'id="monitor-told"' in part.content.decode()


def test_nobody_is_told_of_a_monitor_without_a_rule(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)

    part = as_alice.get(f"/o/acme/monitors-told/{monitor.pk}/").content.decode()

    assert "No rule with a working channel covers this monitor: nobody is told." in part
    assert f"/o/acme/rules/new/?monitor={monitor.pk}" in part


def test_the_list_costs_the_same_for_three_and_thirty(acme: Any, as_alice: Any) -> None:
    def cost(number: int) -> int:
        for _ in range(number):
            rule(acme, webhook(acme), monitors=[str(make(acme).pk)])
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(RULES)
        return len(queries)

    cost(0)
    assert cost(3) == cost(27) < 20


def test_a_rule_is_read_out_with_all_that_is_set(acme: Any, alice: Any, as_alice: Any) -> None:
    group = make(acme, "checkout", kind="group", target="", config={"members": [str(make(acme, "cart").pk)]})
    policy = api_policy(acme, alice)
    values = {
        "scope": "chosen", "tags": "prod, db ,", "groups": [str(group.pk)], "policy": policy,
        "on": ["down", "degraded"], "severities": ["critical", "major"], "delay": "10 min", "repeat": "1 h",
        "cooldown": "2 h", "digest": "90 s", "zone": "Europe/Berlin", "days": ["0", "4"], "starts": "22:00",
        "ends": "06:00",
    }  # fmt: skip

    page = as_alice.post(f"{RULES}new/", typed(webhook(acme), **values), follow=True).content.decode()

    assert (
        "When a member of checkout, one tagged prod or one tagged db goes down or is degraded, tell Ops and call "
        "people by the policy Duty, after 10 min, again every 1 h, gathered for 1 min 30 s, once in 2 h of each "
        "monitor, if it is critical or major, Mon, Fri 22:00 to 06:00 (Europe/Berlin)."
    ) in page
    assert "1 group, 2 tags" in page


def api_policy(organisation: Any, user: Any) -> str:
    step = {"targets": [{"kind": "person", "id": str(user.pk)}]}
    with in_tenant(organisation):
        values = policies.read({"name": "Duty", "steps": [step]})
        return str(policies.create(organisation, values, COMMAND_LINE).pk)


def test_what_is_stored_is_typed_back_as_people_write_it(acme: Any, as_alice: Any) -> None:
    hours = {"zone": "Europe/Berlin", "days": [0], "starts": "09:00", "ends": "17:00"}
    made = rule(acme, webhook(acme), delay_seconds=600, repeat_seconds=5400, tags=["prod"], hours=hours)

    form = as_alice.get(f"{RULES}{made.pk}/").context["form"]

    values = {name: form[name].value() for name in ("delay", "repeat", "cooldown", "tags", "zone", "starts")}
    assert values == {
        "delay": "10 min", "repeat": "1 h 30 min", "cooldown": "", "tags": "prod", "zone": "Europe/Berlin",
        "starts": "09:00",
    }  # fmt: skip
    assert form.waits


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("delay", "soon", "from 0 s to 1 d"),
        ("repeat", "5 s", "from 1 min to 1 d"),
        ("cooldown", "9 d", "from 1 min to 7 d"),
        ("digest", "2 h", "from 0 s to 1 h"),
        ("zone", "Mars/Olympus", "zone"),
        ("starts", "25:00", "starts"),
        ("severities", ["worst"], "critical"),
        ("tags", "x" * 41, "40"),
        ("groups", [UNKNOWN], "There is no"),
        ("policy", UNKNOWN, "choice"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_saved(
    acme: Any, as_alice: Any, field: str, value: Any, said: str
) -> None:
    scope = {"scope": "chosen", "monitors": [str(make(acme).pk)]} if field in {"tags", "groups"} else {}

    answer = as_alice.post(f"{RULES}new/", typed(webhook(acme), **scope, **{field: value}))

    assert answer.status_code == 422
    place = "zone" if field == "starts" else field
    assert said in str(answer.context["form"].errors[place]), answer.context["form"].errors
    assert not _rules(acme)


def _rules(organisation: Any) -> int:
    with in_tenant(organisation):
        return Rule.objects.count()


def test_the_finer_part_of_the_form_is_closed_until_it_is_used(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)

    assert not as_alice.get(f"{RULES}new/").context["form"].waits
    assert as_alice.post(f"{RULES}new/", typed(channel, name="", delay="x")).context["form"].waits


def test_who_is_told_depends_on_how_bad_it_is(acme: Any, as_alice: Any) -> None:
    monitor = make(acme)
    rule(acme, webhook(acme), severities=["critical"])
    path = f"/o/acme/monitors-told/{monitor.pk}/"

    assert [line.whom for line in as_alice.get(path, {"severity": "critical"}).context["preview"].lines] == [
        "Ops"
    ]
    assert as_alice.get(path, {"severity": "minor"}).context["preview"].lines == ()
    assert as_alice.get(path, {"severity": "worst"}).context["severity"] == "major"

"""Pages of escalation policies: steps are added, moved and removed without a script, and judged beside their fields."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import channels, policies
from notifications.models import EscalationPolicy, NotificationChannel
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.notifications.making import UNKNOWN, rule, webhook

POLICIES = "/o/acme/rules/policies/"
NEW = f"{POLICIES}new/"


def typed(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a browser posts of a form with these steps."""
    found: dict[str, Any] = {"name": "Nights", "repeat": "0", "steps": str(len(steps))}
    for place, step in enumerate(steps):
        found |= {f"step-{place}-{name}": value for name, value in ({"wait": "5 min"} | step).items()}
    return found | more


def person(user: Any) -> str:
    return f"person:{user.pk}"


def channel(row: NotificationChannel) -> str:
    return f"channel:{row.pk}"


def make(organisation: Any, *targets: str, **more: Any) -> EscalationPolicy:
    step = {"targets": [dict(zip(("kind", "id"), one.split(":"), strict=True)) for one in targets]}
    with in_tenant(organisation):
        values = policies.read({"name": "Ops", "steps": [step], **more})
        return policies.create(organisation, values, COMMAND_LINE)


def stored(organisation: Any) -> list[EscalationPolicy]:
    with in_tenant(organisation):
        return list(EscalationPolicy.objects.all())


def shown(answer: Any) -> list[tuple[list[str], str]]:
    """The steps of the form that came back: whom each tells, and how long it waits."""
    return [(step["targets"].value(), step["wait"].value()) for step in answer.context["form"].steps]


@pytest.mark.parametrize("path", ["", "new/", f"{UNKNOWN}/", f"{UNKNOWN}/deletion/"])
def test_a_stranger_gets_what_an_unknown_organisation_gives(acme: Any, as_charlie: Any, path: str) -> None:
    unknown = as_charlie.get(f"/o/nobody/rules/policies/{path}")
    foreign = as_charlie.get(POLICIES + path)

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


def test_a_foreign_policy_is_an_unknown_one(acme: Any, globex: Any, alice: Any, as_charlie: Any) -> None:
    made = make(acme, person(alice))

    unknown = as_charlie.get(f"/o/globex/rules/policies/{UNKNOWN}/")
    foreign = as_charlie.get(f"/o/globex/rules/policies/{made.pk}/")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert as_charlie.post(f"/o/globex/rules/policies/{made.pk}/deletion/").status_code == 404
    assert as_charlie.post(f"{POLICIES}{made.pk}/deletion/").status_code == 404
    assert stored(acme)


def test_a_viewer_reads_and_may_not_touch(acme: Any, alice: Any, as_bob: Any) -> None:
    made = make(acme, person(alice))

    page = as_bob.get(POLICIES).content.decode()

    assert "Tell alice@acme.example." in page
    assert "New policy" not in page
    for path in (NEW, f"{POLICIES}{made.pk}/"):
        assert as_bob.get(path).status_code == as_bob.post(path, typed({})).status_code == 403
    assert as_bob.post(f"{POLICIES}{made.pk}/deletion/").status_code == 403


def test_a_policy_is_made_of_steps(acme: Any, alice: Any, bob: Any, as_alice: Any) -> None:
    hook = webhook(acme)
    steps = ({"targets": [person(alice)], "wait": "90 s"}, {"targets": [person(bob), channel(hook)]})

    page = as_alice.post(NEW, typed(*steps, repeat="2"), follow=True).content.decode()

    (made,) = stored(acme)
    assert [step["wait_seconds"] for step in made.steps] == [90, 300]
    assert [len(step["targets"]) for step in made.steps] == [1, 2]
    assert made.repeat == 2
    assert "1. Tell alice@acme.example, then wait 1 min 30 s." in page
    assert "2. Tell bob@acme.example and Ops, then wait 5 min." in page
    assert "Then all of it again, 2 times." in page
    assert "no rule: it calls nobody" in page


def test_a_last_step_that_nothing_follows_does_not_wait(acme: Any, alice: Any, as_alice: Any) -> None:
    make(acme, person(alice))

    assert "1. Tell alice@acme.example.<" in as_alice.get(POLICIES).content.decode()


def test_steps_are_added_moved_and_removed_by_buttons_that_save_nothing(
    acme: Any, alice: Any, bob: Any, as_alice: Any
) -> None:
    first, second = {"targets": [person(alice)], "wait": "1 min"}, {"targets": [person(bob)], "wait": "x"}
    at_first, at_second = ([person(alice)], "1 min"), ([person(bob)], "x")

    assert shown(as_alice.post(NEW, typed(first, press="add"))) == [at_first, ([], "5 min")]
    assert shown(as_alice.post(NEW, typed(first, second, press="up-1"))) == [at_second, at_first]
    assert shown(as_alice.post(NEW, typed(first, second, press="up-0"))) == [at_first, at_second]
    assert shown(as_alice.post(NEW, typed(first, second, press="drop-0"))) == [at_second]
    assert shown(as_alice.post(NEW, typed(first, press="drop-0"))) == [at_first]  # one is the least
    answer = as_alice.post(NEW, typed(first, second, name="", press="add"))
    assert (answer.status_code, answer.context["form"].is_refused) == (200, False)  # nobody has asked to save
    assert stored(acme) == []


@pytest.mark.parametrize("press", ["drop-9", "up-x", "drop-", "add-1-2", "nonsense"])
def test_a_button_that_there_is_not_changes_nothing(acme: Any, alice: Any, as_alice: Any, press: str) -> None:
    step = {"targets": [person(alice)]}

    assert shown(as_alice.post(NEW, typed(step, press=press)))[0] == ([person(alice)], "5 min")
    assert stored(acme) == []


def test_twenty_steps_are_the_most(acme: Any, alice: Any, as_alice: Any) -> None:
    steps = [{"targets": [person(alice)]}] * 20

    answer = as_alice.post(NEW, typed(*steps, press="add"))

    assert len(shown(answer)) == 20
    assert "Add a step" not in answer.content.decode()
    assert len(shown(as_alice.post(NEW, typed(*steps, steps="999", press="add")))) == 20


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    acme: Any, alice: Any, as_alice: Any
) -> None:
    steps: list[dict[str, Any]] = [{"targets": [person(alice)], "wait": "soon"}, {"targets": []}]

    answer = as_alice.post(NEW, typed(*steps, name="", repeat="10"))

    form = answer.context["form"]
    assert answer.status_code == 422
    assert {"name", "repeat"} == set(form.head.errors)
    assert [set(step.errors) for step in form.steps] == [{"wait"}, {"targets"}]
    assert shown(answer) == [([person(alice)], "soon"), ([], "5 min")]
    assert "Say whom this step tells" in answer.content.decode()
    assert stored(acme) == []


def test_somebody_of_another_organisation_cannot_be_told(
    acme: Any, globex: Any, charlie: Any, as_alice: Any
) -> None:
    for target in (person(charlie), channel(webhook(globex)), f"schedule:{UNKNOWN}", "person:x", "x"):
        answer = as_alice.post(NEW, typed({"targets": [target]}))
        assert answer.status_code == 422, target
    assert stored(acme) == []


def test_a_form_says_what_the_api_says(acme: Any, api: Any, as_alice: Any) -> None:
    wrong = {"name": "", "repeat": 10, "steps": [{"targets": [], "wait_seconds": 1}]}
    said = {item["pointer"]: item["detail"] for item in api.post("policies", wrong).json()["errors"]}

    form = as_alice.post(NEW, typed({"targets": [], "wait": "1 s"}, name="", repeat="10")).context["form"]

    assert {
        "/name": form.head.errors["name"][0],
        "/repeat": form.head.errors["repeat"][0],
        "/steps/0/targets": form.steps[0].errors["targets"][0],
        "/steps/0/wait_seconds": form.steps[0].errors["wait"][0],
    } == said


def test_an_edit_begins_with_what_is_stored(acme: Any, alice: Any, bob: Any, as_alice: Any) -> None:
    made = make(acme, person(alice), repeat=1)
    path = f"{POLICIES}{made.pk}/"
    assert shown(as_alice.get(path)) == [([person(alice)], "5 min")]

    page = as_alice.post(path, typed({"targets": [person(bob)]}, name="Days", repeat="1"), follow=True)

    (after,) = stored(acme)
    assert (after.pk, after.name, after.repeat) == (made.pk, "Days", 1)
    assert [one["id"] for one in after.steps[0]["targets"]] == [str(bob.pk)]
    assert "Days is saved." in page.content.decode()


def test_a_deleted_policy_leaves_its_rules_their_channels(acme: Any, alice: Any, as_alice: Any) -> None:
    made = make(acme, person(alice))
    rule(acme, webhook(acme), policy=str(made.pk))
    assert "Everything" in as_alice.get(POLICIES).content.decode()

    page = as_alice.post(f"{POLICIES}{made.pk}/deletion/", follow=True).content.decode()

    assert "Ops is deleted." in page
    assert "tell Ops." in as_alice.get("/o/acme/rules/").content.decode()
    assert stored(acme) == []


def test_a_step_that_names_somebody_who_is_gone_warns(acme: Any, as_alice: Any) -> None:
    hook = webhook(acme)
    make(acme, channel(hook))
    with in_tenant(acme):
        channels.delete(acme, hook, COMMAND_LINE)

    page = as_alice.get(POLICIES).content.decode()

    assert "Tell nobody." in page
    assert "Step 1 names somebody who is gone" in page


def test_the_list_costs_the_same_for_three_and_thirty(acme: Any, alice: Any, as_alice: Any) -> None:
    def cost(number: int) -> int:
        for _ in range(number):
            made = make(acme, person(alice), channel(webhook(acme)))
            rule(acme, policy=str(made.pk))
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(POLICIES)
        return len(queries)

    cost(0)
    assert cost(3) == cost(27) < 20

"""Fire drills: told like an outage, marked as none, and without a trace in what counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from incidents import drilling, handling
from incidents.measuring import measure
from incidents.models import Incident
from monitors.telemetry.models import LiveState, Status
from notifications import policies
from notifications.models import EscalationPolicy
from notifications.previewing import preview
from notifications.reporting import report
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE, Actor
from tests.notifications.site import Site
from tests.receivers import SmtpReceiver, WebhookReceiver, wait_until


def drill(site: Site) -> Incident:
    with in_tenant(site.organisation):
        return drilling.start(site.organisation, site.monitor, "major", COMMAND_LINE)


def test_a_drill_goes_the_way_of_an_outage_and_says_what_it_is(
    site: Site, receiver: WebhookReceiver, alice: Any, smtp: SmtpReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    site.policy([alice])
    incident = drill(site)
    courier.wake()
    site.wait("sent", "sent")

    assert receiver.ledger[0].json["data"]["incident"]["drill"] is True
    assert "drill" in str(smtp.mails[0]["Subject"]).lower()
    with in_tenant(site.organisation):
        handling.acknowledge(site.organisation, incident, Actor.person(alice))
        found = report(Incident.objects.get(pk=incident.pk))
    assert {(one.name, one.is_person) for one in found.receivers} == {
        ("webhook", False),
        ("alice@acme.example", True),
    }
    assert found.reached == 2
    assert found.quickest is not None
    assert found.chains[0].state == "acknowledged"


def test_a_drill_touches_neither_state_nor_figures_nor_a_real_outage(
    site: Site, receiver: WebhookReceiver, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    incident = drill(site)
    site.becomes(Status.DOWN)
    site.wait("sent", "sent")

    with in_tenant(site.organisation):
        real = Incident.objects.get(kind="monitor")
        assert real.part_of_id is None
        assert measure(Incident.objects.all()).incidents == 1
        assert not LiveState.objects.filter(monitor_no=site.monitor.no, status=Status.DOWN).exists()
        site.becomes(Status.UP)
        assert Incident.objects.get(pk=incident.pk).resolved_at is None


def test_a_drill_that_nobody_ends_ends_by_itself(site: Site, receiver: WebhookReceiver, courier: Any) -> None:
    site.channel("webhook", {"url": receiver.url})
    incident = drill(site)
    site.wait("sent")
    now = timezone.now()

    assert drilling.end_overdue(now + timedelta(minutes=59)) == 0
    assert drilling.end_overdue(now + timedelta(minutes=61)) == 1
    assert drilling.end_overdue(now + timedelta(minutes=61)) == 0

    site.wait("sent", "sent")
    with in_tenant(site.organisation):
        assert Incident.objects.get(pk=incident.pk).resolved_by == "Pulse"


def test_pages_start_a_drill_and_report_who_was_reached_and_a_stranger_finds_none(
    site: Site, receiver: WebhookReceiver, as_alice: Any, as_bob: Any, as_charlie: Any, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    page = "/o/acme/rules/drills/"
    assert b"It tells webhook" in as_alice.get(f"{page}?monitor={site.monitor.pk}").content

    started = as_alice.post(page, {"monitor": str(site.monitor.pk), "severity": "major"})
    site.wait("sent")

    assert b"1 of 1 reached" in as_alice.get(started["Location"]).content
    assert as_bob.get(started["Location"]).status_code == 200
    assert as_bob.post(page, {"monitor": str(site.monitor.pk)}).status_code == 403
    assert as_charlie.get(started["Location"]).status_code == 404
    assert as_charlie.get(started["Location"].replace("acme", "globex")).status_code == 404
    assert as_alice.post(page, {"monitor": "x", "severity": "major"}).status_code == 422


def test_the_api_starts_and_reads_drills(site: Site, api: Any, globex_api: Any) -> None:
    made = api.post("drills", {"monitor": str(site.monitor.pk)})
    identity = made.json()["id"]

    assert made.status_code == 201
    assert made["Location"].endswith(f"/v1/drills/{identity}")
    assert api.get(f"drills/{identity}").json()["receivers"] == []
    assert [one["id"] for one in api.get("drills").json()["results"]] == [identity]
    assert globex_api.get(f"drills/{identity}").status_code == 404
    refused = globex_api.post("drills", {"monitor": str(site.monitor.pk)})
    assert refused.json()["errors"][0]["pointer"] == "/monitor"


def test_a_preview_says_who_would_be_told_when_and_where_nobody_would(
    site: Site, receiver: WebhookReceiver, alice: Any, api: Any
) -> None:
    hook = site.lonely("webhook", {"url": receiver.url})
    site.tell(name="late", channels=[str(hook.pk)], delay_seconds=600)
    site.policy([alice], [hook], repeat=1)

    with in_tenant(site.organisation):
        found = preview(site.organisation, site.monitor, "major", timezone.now())
        policies.delete(site.organisation, EscalationPolicy.objects.get(name="Ops"), COMMAND_LINE)
    shown = api.get(f"monitors/{site.monitor.pk}/told").json()

    assert [(int(line.after.total_seconds()), line.whom) for line in found.lines] == [
        (0, "alice@acme.example"), (300, "webhook"), (600, "webhook"), (600, "alice@acme.example"), (900, "webhook"),
    ]  # fmt: skip
    assert [(line["after_seconds"], line["who"]) for line in shown["lines"]] == [(600.0, "webhook")]
    assert api.get(f"monitors/{site.monitor.pk}/told?severity=x").status_code == 422


def test_the_end_of_a_drill_is_told_as_the_end_of_a_drill(
    site: Site, receiver: WebhookReceiver, alice: Any, courier: Any
) -> None:
    site.channel("webhook", {"url": receiver.url})
    incident = drill(site)
    site.wait("sent")
    with in_tenant(site.organisation):
        from incidents import resolving

        resolving.resolve(site.organisation, incident, Actor.person(alice))
    wait_until(lambda: len(receiver.ledger) == 2, 10, "the end")

    assert receiver.ledger[1].json["type"] == "incident.resolved"
    assert receiver.ledger[1].json["data"]["incident"]["drill"] is True

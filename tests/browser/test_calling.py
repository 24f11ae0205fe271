"""Calling people in a real browser: a policy is put together, an outage sets it to work, a link in a mail stops it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from monitors.telemetry.models import Status
from notifications.ledger.models import LocalMail
from tenants.models import User
from tests.notifications.making import webhook
from tests.notifications.site import Site, let_time_pass
from tests.receivers import WebhookReceiver, wait_until

pytestmark = pytest.mark.browser
POLICIES = "/o/acme/rules/policies/"


@pytest.fixture
def shop(acme: Any) -> Site:
    return Site(acme)


def step(page: Page, number: int) -> Any:
    return page.get_by_role("region", name=f"Step {number}")


def make_policy(page: Page) -> None:
    """First alice by e-mail, and a minute later the webhook."""
    page.goto(f"{POLICIES}new/")
    page.get_by_label("Name", exact=True).fill("Duty")
    step(page, 1).get_by_label("Ops").check()
    page.get_by_role("button", name="Add a step").click()
    step(page, 2).get_by_label("alice@acme.example").check()
    step(page, 2).get_by_label("Then wait").fill("1 min")
    page.get_by_role("button", name="Move step 2 up").click()
    expect(step(page, 1).get_by_label("alice@acme.example")).to_be_checked()
    expect(step(page, 2).get_by_label("Ops")).to_be_checked()
    page.get_by_role("button", name="Make the policy").click()
    expect(page.get_by_text("1. Tell alice@acme.example, then wait 1 min.")).to_be_visible()


def make_rule(page: Page) -> None:
    page.goto("/o/acme/rules/new/")
    page.get_by_label("Name", exact=True).fill("Call somebody")
    page.get_by_label("Call people by this policy").select_option("Duty")
    page.get_by_role("button", name="Make the rule").click()
    expect(page.locator("#rules")).to_contain_text("call people by the policy Duty")


def link_in_the_mailbox(page: Page) -> str:
    """Where the mail's own link leads, as the operator of the installation reads it."""
    page.goto("/mailbox/")
    page.get_by_role("link", name=re.compile("shop")).first.click()
    link = page.locator(".letter__text a", has_text=re.compile(r"/t/a/")).first
    return urlsplit(link.get_attribute("href") or "").path


def test_an_outage_calls_people_until_one_follows_the_link_in_the_mail(
    signed_in: Page,
    chromium: Browser,
    shop: Site,
    receiver: WebhookReceiver,
    courier: Any,
    alice: Any,
) -> None:
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    webhook(shop.organisation, url=receiver.url)
    make_policy(signed_in)
    make_rule(signed_in)
    signed_in.goto(f"/o/acme/monitors/{shop.monitor.pk}/")
    told = signed_in.locator("#monitor-told")
    expect(told).to_contain_text("at once alice@acme.example")
    expect(told).to_contain_text("after 1 min Ops")

    shop.becomes(Status.DOWN)
    courier.wake()
    wait_until(LocalMail.objects.exists, 10, "the mail")
    path = link_in_the_mailbox(signed_in)
    signed_in.goto(f"/o/acme/incidents/{shop.incident.pk}/")
    matrix = signed_in.locator("#incident-deliveries")
    expect(matrix).to_contain_text("Duty: next step")

    # Somebody with the mail and nothing else: no session, on a phone.
    phone = chromium.new_context(
        base_url=signed_in.url.split("/o/")[0], viewport={"width": 360, "height": 740}
    )
    public = phone.new_page()
    public.goto(path)
    expect(public).to_have_title("shop · Pulse")
    public.get_by_role("button", name="I have it").click()
    expect(public.get_by_text("You have it")).to_be_visible()
    assert public.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.close()

    # The page that was open all the while has it, and whoever comes next is not called.
    expect(matrix).to_contain_text("Duty: stopped, somebody has it")
    expect(matrix).to_contain_text("took it")
    expect(signed_in.get_by_text(re.compile("alice@acme.example acknowledged")).first).to_be_visible()
    let_time_pass()
    courier.wake()
    signed_in.wait_for_timeout(1200)
    assert receiver.ledger == []

    matrix.get_by_role("link", name="Opened · E-mail").click()
    expect(signed_in.get_by_role("heading", name="From the check to the receiver")).to_be_visible()
    expect(signed_in.get_by_text("Its link was used to acknowledge")).to_be_visible()


def test_a_policy_is_put_together_by_the_keyboard_alone(signed_in: Page, acme: Any) -> None:
    webhook(acme)
    signed_in.goto(f"{POLICIES}new/")
    signed_in.get_by_label("Name", exact=True).focus()
    signed_in.keyboard.type("Keys")
    for _ in range(20):
        signed_in.keyboard.press("Tab")
        if signed_in.evaluate("document.activeElement.labels?.[0]?.innerText.trim()") == "Ops":
            break
    signed_in.keyboard.press("Space")
    signed_in.get_by_label("Name", exact=True).press("Enter")  # saves: no other button comes first

    expect(signed_in.get_by_text("Keys is made.")).to_be_visible()
    expect(signed_in.get_by_text("1. Tell Ops.")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_of_calling_is_wider_than_the_screen(
    signed_in: Page, shop: Site, receiver: WebhookReceiver, courier: Any, alice: Any, width: int
) -> None:
    hook = shop.lonely("webhook", {"url": receiver.url})
    policy = shop.policy([alice], [hook])
    shop.becomes(Status.DOWN)
    courier.wake()
    shop.wait("sent")
    (delivery,) = shop.deliveries()
    signed_in.set_viewport_size({"width": width, "height": 800})
    for path in (
        "rules/", f"rules/{shop.rule.pk}/", "rules/policies/", f"rules/policies/{policy.pk}/", "rules/drills/",
        "deliveries/", f"deliveries/{delivery.id}/why/", f"incidents/{shop.incident.pk}/",
    ):  # fmt: skip
        signed_in.goto(f"/o/acme/{path}")
        expect(signed_in.locator("[hx-trigger=load], .htmx-request")).to_have_count(0)  # all parts are there
        wide = signed_in.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, path

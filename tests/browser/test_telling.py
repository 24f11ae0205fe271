"""Setting up who is told, in a real browser: a webhook, its test, a rule, and the outage that uses it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from pulse.scoping import in_tenant
from tests.monitors.making import make
from tests.notifications.making import delivery, tried, webhook
from tests.receivers import WebhookReceiver

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


def test_a_webhook_is_made_tested_and_put_to_use(
    signed_in: Page, acme: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    make(acme, "shop")
    signed_in.goto("/o/acme/channels/")
    signed_in.get_by_role("link", name="Make the first channel").click()
    signed_in.get_by_role("link", name="Webhook", exact=True).click()
    signed_in.get_by_label("Name", exact=True).fill("Ops")
    signed_in.get_by_label("URL", exact=True).fill("nowhere")
    signed_in.get_by_role("button", name="Make the channel").click()
    expect(signed_in.get_by_label("URL", exact=True)).to_have_value("nowhere")
    expect(signed_in.get_by_label("URL", exact=True)).to_have_attribute("aria-invalid", "true")

    signed_in.get_by_label("URL", exact=True).fill(receiver.url)
    signed_in.get_by_role("button", name="Make the channel").click()
    expect(signed_in.locator("#secret")).to_have_text(re.compile(r"^whsec_\S{40,}$"))
    signed_in.get_by_role("button", name="I have it: send a test").click()

    health = signed_in.locator("#channel-health")
    expect(health).to_contain_text("answered 204")
    expect(health).not_to_contain_text("waiting for the answer")
    assert receiver.ledger[0].json["type"] == "channel.test"

    signed_in.goto("/o/acme/rules/new/")
    signed_in.get_by_label("Name", exact=True).fill("Everything")
    signed_in.get_by_label("Ops").check()
    signed_in.get_by_role("button", name="Make the rule").click()
    sentence = "When any monitor goes down or comes back up, tell Ops."
    expect(signed_in.locator("#rules")).to_contain_text(sentence)


def test_many_monitors_are_found_by_typing(signed_in: Page, acme: Any) -> None:
    webhook(acme)
    for name in (*(f"node-{number}" for number in range(20)), "checkout"):
        make(acme, name)
    signed_in.goto("/o/acme/rules/new/")
    expect(signed_in.get_by_label("checkout")).to_be_hidden()

    signed_in.get_by_label("Only those chosen here").check()
    signed_in.get_by_label("Find a monitor").fill("check")

    expect(signed_in.get_by_label("checkout")).to_be_visible()
    expect(signed_in.get_by_label("node-7")).to_be_hidden()
    signed_in.get_by_label("checkout").check()
    expect(signed_in.get_by_text("1 of 21 shown, 1 ticked")).to_be_visible()


def test_a_delivery_changes_its_state_on_the_open_page(
    signed_in: Page, acme: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    made = tried(acme, delivery(acme, webhook(acme, url=receiver.url)), "dead")
    signed_in.goto("/o/acme/deliveries/")
    row = signed_in.locator(f"#delivery-{made.no}")
    expect(row).to_contain_text("Dead")

    row.get_by_role("button", name="Send again").click()

    expect(row).to_contain_text("Sent")
    expect(row).to_contain_text("Answered 204")


def test_deleting_asks_first_and_escape_keeps(signed_in: Page, acme: Any) -> None:
    channel = webhook(acme)
    signed_in.goto(f"/o/acme/channels/{channel.pk}/")

    signed_in.get_by_role("button", name="Delete").click()
    expect(signed_in.get_by_role("dialog")).to_contain_text("Delete this channel?")
    signed_in.keyboard.press("Escape")
    expect(signed_in.get_by_role("dialog")).to_be_hidden()
    signed_in.get_by_role("button", name="Delete").click()
    signed_in.get_by_role("button", name="Delete it").click()

    expect(signed_in.get_by_text("Ops is deleted.")).to_be_visible()


def test_everything_works_without_script(
    chromium: Browser, site: str, acme: Any, alice: Any, receiver: WebhookReceiver, courier: Any
) -> None:
    context = chromium.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(alice.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/o/acme/channels/new/webhook/")
    page.get_by_label("Name", exact=True).fill("Ops")
    page.get_by_label("URL", exact=True).fill(receiver.url)
    page.get_by_role("button", name="Make the channel").click()
    page.get_by_role("button", name="I have it: send a test").click()
    receiver.wait_for(1)
    for _ in range(20):
        if page.get_by_text("answered 204").count():
            break
        page.wait_for_timeout(200)
        page.get_by_role("link", name="Look again").click()
    expect(page.locator("#channel-health")).to_contain_text("answered 204")

    page.get_by_role("button", name="Delete", exact=True).click()  # a popover needs no script
    page.get_by_role("button", name="Delete it").click()

    expect(page.get_by_text("Nobody can be told yet")).to_be_visible()
    context.close()


def test_a_key_can_be_copied(signed_in: Page, acme: Any) -> None:
    signed_in.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in.goto("/o/acme/settings/")
    signed_in.locator("#key_name").fill("Deploy")
    signed_in.get_by_label("monitors:read").check()
    signed_in.get_by_role("button", name="Make the key").click()

    signed_in.locator("[data-copy=api-key]").click()

    expect(signed_in.locator("[data-copy=api-key]")).to_have_text("Copied")
    key = signed_in.locator("#api-key").text_content()
    assert signed_in.evaluate("navigator.clipboard.readText()") == key
    with in_tenant(acme):
        assert key
        assert key.startswith("ppk_live_")

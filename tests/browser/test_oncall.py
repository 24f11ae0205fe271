"""On call in a real browser: a schedule made without leaving the keyboard, its calendar, an override, a contact."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from notifications.ledger.models import LocalMail
from pulse import live
from tests.notifications.oncall.making import layer, schedule

SHOTS = os.environ.get("SHOTS")


def shoot(page: Page, name: str) -> None:
    if not SHOTS:
        return
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(150)
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def has_no_sideways_scroll(page: Page) -> bool:
    page.set_viewport_size({"width": 360, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    return not wide


@pytest.mark.browser
def test_a_schedule_is_made_looked_at_and_taken_over(
    signed_in: Page, acme: Any, alice: Any, bob: Any
) -> None:
    page = signed_in
    page.goto("/o/acme/")
    page.get_by_role("link", name="On call").click()
    shoot(page, "empty")
    page.get_by_role("link", name="Make the first schedule").click()
    page.get_by_label("Name").first.fill("Primary")
    page.get_by_label("Person 1", exact=True).select_option(label=str(alice))
    page.get_by_role("button", name="Add a person").click()
    page.get_by_label("Person 2", exact=True).select_option(label=str(bob))
    expect(page.locator("#draft")).to_contain_text(str(bob))
    shoot(page, "form")
    assert has_no_sideways_scroll(page)
    page.get_by_role("button", name="Make the schedule").click()

    expect(page.get_by_role("heading", name="Primary")).to_be_visible()
    expect(page.locator(".rota__row")).to_have_count(1)
    assert has_no_sideways_scroll(page)
    page.get_by_label("Who takes over").select_option(label=str(bob))
    now = timezone.now()  # whatever the hour of the week, it begins in this one
    page.locator("[name=starts_at]").fill(f"{now:%Y-%m-%dT%H:%M}")
    page.locator("[name=ends_at]").fill(f"{now + timedelta(hours=8):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Take over").click()
    expect(page.locator(".rota__row")).to_have_count(2)
    expect(page.locator("#shifts")).to_contain_text("an override")
    page.get_by_label("When").fill("2030-01-01T12:00")
    expect(page.locator("#who")).to_contain_text("By Layer 1")
    shoot(page, "week")
    page.get_by_role("link", name="Month").click()
    expect(page.locator(".calendar__grid")).to_be_visible()
    shoot(page, "month")
    page.get_by_role("button", name="Make the address").click()
    expect(page.locator("#feed-address")).to_contain_text(".ics")
    assert has_no_sideways_scroll(page)


@pytest.mark.browser
def test_gaps_and_layers_can_be_told_apart_at_any_width(
    signed_in: Page, acme: Any, alice: Any, bob: Any
) -> None:
    hours = {"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}
    early = {"start": "2026-01-01"}
    schedule(acme, layer(alice, bob, name="Nights", hours=hours | {"from": "22:00", "to": "06:00"}, **early),
             layer(bob, alice, name="Days", hours=hours, **early), name="Business hours")  # fmt: skip
    schedule(acme, layer(alice, bob, **early), name="Secondary", zone="Asia/Tokyo")
    page = signed_in
    page.goto("/o/acme/on-call/")
    shoot(page, "overview")
    assert has_no_sideways_scroll(page)
    # In business hours the page also says who is on call now, with a link of the same name.
    page.locator("#oncall").get_by_role("link", name="Business hours").click()
    expect(page.locator(".rota__row")).to_have_count(3)
    expect(page.locator("#shifts")).to_contain_text("a gap: nobody is paged")
    shoot(page, "gaps")
    page.goto("/o/acme/")
    shoot(page, "now")


@pytest.mark.browser
def test_a_contact_is_added_and_proven(signed_in: Page, world: None) -> None:
    page = signed_in
    page.goto("/contacts/")
    shoot(page, "contacts")
    page.get_by_role("link", name="E-mail", exact=True).click()
    shoot(page, "contact-form")
    page.get_by_label("E-mail address").fill("night@acme.example")
    page.get_by_role("button", name="Send a code there").click()
    shoot(page, "contact-code")
    mail = LocalMail.objects.get()
    page.get_by_label("Code").fill(re.findall(r"\b(\d{6}) is the code", mail.text)[0])
    page.get_by_role("button", name="Prove it").click()

    expect(page.get_by_text("is proven: you are told there")).to_be_visible()
    assert has_no_sideways_scroll(page)
    shoot(page, "contacts-proven")


@pytest.mark.browser
def test_a_press_is_a_click_though_the_page_has_news_meanwhile(signed_in: Page, acme: Any) -> None:
    page = signed_in
    page.goto("/o/acme/on-call/")
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Make the first schedule").hover()
    page.mouse.down()
    for _ in range(4):
        live.publish(acme.id, ["oncall"])
        page.wait_for_timeout(400)
    page.mouse.up()

    expect(page).to_have_url(re.compile("/on-call/new/"))

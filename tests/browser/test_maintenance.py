"""Maintenance in a browser: planned by keyboard, and seen on open pages the moment it begins and ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from monitors.maintenance import editing
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make
from tests.monitors.suppression.scene import window

pytestmark = pytest.mark.browser


def test_open_pages_follow_a_window_that_begins_and_ends(acme: Any, signed_in: Page) -> None:
    shop = make(acme)
    page = signed_in
    page.goto("/o/acme/monitors/")
    row = page.locator(f"#monitor_{shop.pk}_row")
    expect(row).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    planned = window(acme, monitors=[str(shop.pk)])
    expect(row).to_have_attribute("data-status", "maintenance")
    with in_tenant(acme):
        editing.end_now(acme, planned, COMMAND_LINE)
    expect(row).not_to_have_attribute("data-status", "maintenance")


def test_what_is_pushed_is_on_the_clocks_of_the_reader(acme: Any, alice: Any, signed_in: Page) -> None:
    shop = make(acme)
    alice.time_zone = "Asia/Kolkata"
    alice.save(update_fields=["time_zone"])
    page = signed_in
    page.goto("/o/acme/monitors/")
    row = page.locator(f"#monitor_{shop.pk}_row")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    window(acme, monitors=[str(shop.pk)])
    pushed = row.locator("time[data-at]:visible").first
    expect(pushed).to_be_visible()
    shown, hour = pushed.text_content(), pushed.get_attribute("datetime") or ""
    assert shown == datetime.fromisoformat(hour).astimezone(ZoneInfo("Asia/Kolkata")).strftime("%H:%M")
    page.reload()
    expect(pushed).to_have_text(shown)


def test_a_weekly_window_is_planned_with_the_next_ten_in_sight(acme: Any, signed_in: Page) -> None:
    make(acme)
    page = signed_in
    page.goto("/o/acme/maintenance/new/")
    page.get_by_label("Name").fill("Patches")
    expect(page.get_by_label("Lasts")).to_be_hidden()
    page.get_by_label("Happens").select_option("weekly")
    expect(page.get_by_label("Ends")).to_be_hidden()
    page.get_by_label("Sunday").focus()
    page.keyboard.press("Space")
    page.get_by_label("Starts").fill("2027-03-14T02:30")
    page.get_by_label("Time zone").fill("America/New_York")
    page.get_by_label("Time zone").press("Tab")
    draft = page.locator("#draft")
    expect(draft.get_by_text("Clocks jump over 02:30 on this day")).to_be_visible()
    expect(draft.locator("tbody tr")).to_have_count(10)

    page.get_by_label("All monitors, later ones too").check()
    page.get_by_role("button", name="Plan it").press("Enter")
    expect(page.get_by_role("heading", name="Patches")).to_be_visible()
    expect(page.get_by_text("Every week on Sunday, 02:30 to 03:30 America/New_York").first).to_be_visible()

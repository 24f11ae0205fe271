"""An incident handled without a mouse, and seen by whoever has it open."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.incidents.making import fail, groups, recover, several

pytestmark = pytest.mark.browser


def test_an_incident_is_handled_by_keyboard_while_its_page_follows(acme: Any, signed_in: Page) -> None:
    failing = several(acme, "a", "b", "c")
    fail(acme, failing)
    page = signed_in
    page.goto(f"/o/acme/incidents/{groups(acme)[0].pk}/")
    expect(page.get_by_role("heading", name="3 monitors are down")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    page.keyboard.press("n")
    page.keyboard.type("Looking at the switch.")
    page.reload()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Looking at the switch.")
    page.keyboard.press("n")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline")).to_contain_text("Looking at the switch.")
    expect(page.get_by_label("Note", exact=True)).to_have_value("")

    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("main")).to_contain_text("You have it. Everybody sees that.")

    recover(acme, failing[0])
    expect(page.locator(".timeline")).to_contain_text("Over: a.")

    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_contain_text("Monitors that are still down stay quiet")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="3 monitors were down")).to_be_visible()

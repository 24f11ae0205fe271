"""The main job in a browser: sign in, watch something, see it go up and down as it happens, take it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD
from tests.test_story import hurry

pytestmark = pytest.mark.browser


def sign_in(page: Page, person: Any) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/o/acme/")


def test_an_outage_shows_on_open_pages_without_reload(
    page: Page, alice: Any, api: Any, target: Any, checker: Any
) -> None:
    sign_in(page, alice)
    expect(page.get_by_text("Nothing is watched yet")).to_be_visible()
    page.get_by_role("link", name="Watch the first one").click()

    # The form keeps what was typed, and says what to change.
    page.get_by_label("URL", exact=True).fill(target.url)
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_label("Check every").fill("5")
    page.get_by_label("Give up after").fill("9")
    page.get_by_role("textbox", name="Down after").fill("1")
    page.get_by_role("textbox", name="Up again after").fill("1")
    page.get_by_role("button", name="Watch it").click()
    expect(page.get_by_text("Use fewer seconds than the interval of 5 s.")).to_be_visible()
    expect(page.get_by_label("URL", exact=True)).to_have_value(target.url)
    page.get_by_label("Give up after").fill("2")
    page.get_by_role("button", name="Watch it").click()

    # It goes up on its own page.
    state = page.locator(".banner[data-status]")
    expect(state).to_contain_text("Up for")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.evaluate("window.neverReloaded = true")
    (monitor,) = api.get("monitors").json()["results"]

    # It goes down there, and on the list in another tab, without a reload.
    tab = page.context.new_page()
    tab.goto("/o/acme/monitors/")
    expect(tab.locator("tr[data-status=up]")).to_contain_text("Shop")
    expect(tab.get_by_text("Live", exact=True)).to_be_visible()
    tab.evaluate("window.neverReloaded = true")
    target.status = 503
    assert hurry(api, monitor)
    expect(state).to_contain_text("Down for")
    expect(state).to_contain_text("Answered 503, expected 200-399.")
    expect(tab.locator("tr[data-status=down]")).to_contain_text("answered 503, expected 200-399")
    expect(tab).to_have_title(re.compile(r"^\(1\) Monitors"))
    expect(tab.locator("#open-incident-count")).to_have_text("1 open")
    assert page.evaluate("window.neverReloaded")
    assert tab.evaluate("window.neverReloaded")

    # Taking it shows to whoever looks at it.
    tab.goto("/o/acme/")
    expect(tab.get_by_role("heading", name="1 thing needs you")).to_be_visible()
    tab.evaluate("window.neverReloaded = true")
    expect(tab.locator("#open-incidents")).to_contain_text("nobody has it yet")
    page.bring_to_front()  # behind another one it is drawn so seldom that a click waits for seconds
    page.goto("/o/acme/incidents/")
    page.locator("#all-open-incidents").get_by_role("link", name="Shop").click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("You have it. Everybody sees that.")).to_be_visible()
    expect(tab.locator("#open-incidents")).to_contain_text("alice@acme.example has it")

    # It ends by itself.
    target.status = 200
    assert hurry(api, monitor)
    expect(page.locator(".banner[data-status=up]")).to_contain_text("the monitor recovered")
    expect(tab.get_by_role("heading", name="The monitor is up")).to_be_visible()
    expect(tab).to_have_title(re.compile(r"^Now"))
    assert tab.evaluate("window.neverReloaded")


def test_check_now_brings_its_result_without_reload(
    signed_in: Page, acme: Any, target: Any, checker: Any
) -> None:
    from tests.monitors.making import make

    page = signed_in
    monitor = make(acme, target=target.url, interval_seconds=3600)
    page.goto(f"/o/acme/monitors/{monitor.pk}/")
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(1)

    page.get_by_role("button", name="Check now").click()

    expect(rows).to_have_count(2)
    expect(page.get_by_text("checking now…")).to_have_count(0)


def test_pages_work_without_scripts(chromium: Any, site: str, acme: Any, as_alice: Any) -> None:
    from tests.monitors.making import make

    monitor = make(acme)
    context = chromium.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": as_alice.cookies["sessionid"].value, "url": site}])
    page = context.new_page()

    page.goto("/o/acme/")
    page.get_by_role("searchbox", name="Search monitors").fill("sho")
    page.get_by_role("searchbox", name="Search monitors").press("Enter")
    page.get_by_role("link", name="shop", exact=True).click()
    page.get_by_role("button", name="Snooze").first.click()
    page.locator("[name=duration]").select_option("1h")
    page.locator("dialog").get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("messages wait", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Nobody checks it")).to_be_visible()
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("button", name="Delete it").click()

    expect(page.get_by_text("shop is deleted; its incidents stay.")).to_be_visible()
    assert as_alice.get(f"/o/acme/monitors/{monitor.pk}/").status_code == 404
    context.close()

"""A newcomer's first acts in a browser: paste a list, see a check happen, read why it failed, by keyboard too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from monitors.telemetry.models import Evidence
from pulse.scoping import as_pipeline
from tests.monitors.making import make
from tests.monitors.stepping import GOOD, step
from tests.receivers import wait_until

pytestmark = pytest.mark.browser


def kept(number: int) -> bool:
    with as_pipeline():
        return Evidence.objects.filter(monitor_no=number).exists()


def test_a_pasted_list_becomes_monitors_after_a_preview(signed_in: Page, target: Any, checker: Any) -> None:
    page = signed_in
    page.goto("/o/acme/monitors/")
    page.get_by_role("link", name="Paste a list").click()
    page.get_by_label("Addresses").fill(f"Shop {target.url}\nnonsense://x\n")
    page.get_by_role("button", name="Show what it would make").click()
    expect(page.get_by_text("Use http:// or https:// instead of nonsense://.")).to_be_visible()

    page.get_by_label("Addresses").fill(f"Shop {target.url}\nCart {target.at('/cart')}\n")
    page.get_by_role("button", name="Show what it would make").click()
    expect(page.get_by_text("2 of 2 lines can be watched")).to_be_visible()
    page.get_by_role("button", name="Watch 2 monitors").dblclick()

    expect(page.get_by_text("2 monitors are being watched.")).to_be_visible()
    expect(page.locator("tr[data-status=up]")).to_have_count(2)


def test_a_check_shows_its_phases_and_assertions_as_it_happens(
    signed_in: Page, acme: Any, target: Any, checker: Any
) -> None:
    target.delay = 1.5
    config = {"assertions": ["[STATUS] == 200", '[BODY] == "fine" (soft)']}
    monitor = make(acme, target=target.url, interval_seconds=3600, config=config)
    page = signed_in
    page.goto(f"/o/acme/monitors/{monitor.pk}/")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    page.get_by_role("button", name="Check now").click()
    progress = page.locator(f"#monitor_{monitor.pk}_progress")
    expect(progress.get_by_role("heading", name="Checking now")).to_be_visible()
    expect(progress).to_contain_text("Address")

    expect(progress.get_by_role("heading", name="Checked")).to_be_visible()
    expect(progress).to_contain_text("First byte")
    expect(progress).to_contain_text('[BODY] == "fine"')
    expect(progress).to_contain_text("was ok")
    expect(page.locator("#results tbody tr")).to_have_count(2)


def test_the_evidence_of_a_failure_is_a_click_away(
    signed_in: Page, acme: Any, target: Any, checker: Any
) -> None:
    target.status, target.body = 503, b"the till is <b>closed</b>"
    monitor = make(acme, target=target.url, interval_seconds=3600, config={"assertions": ["[STATUS] == 200"]})
    wait_until(lambda: kept(monitor.no), 10, "the first failure")
    page = signed_in
    page.goto(f"/o/acme/monitors/{monitor.pk}/")

    page.locator("#results tbody a").first.click()

    evidence = page.locator("#evidence")
    expect(evidence).to_contain_text("[STATUS] == 200")
    expect(evidence).to_contain_text("503")
    expect(evidence).to_contain_text("the till is <b>closed</b>")
    evidence.get_by_text("Headers").click()
    expect(evidence.get_by_text("Content-Length", exact=False)).to_be_visible()


def test_a_new_issuer_is_asked_about_as_it_is_seen_and_no_more_once_accepted(
    signed_in: Page, acme: Any
) -> None:
    monitor = make(acme, kind="tls", target="127.0.0.1:9", config={"issuer_change": "down"})
    first, second = (
        replace(GOOD, status_code=None, issuer=f"CN={name} authority") for name in ("First", "Second")
    )
    step(monitor, first)
    signed_in.goto(f"/o/acme/monitors/{monitor.pk}/")
    accept = signed_in.get_by_role("button", name="Accept the new issuer")
    expect(accept).to_be_hidden()

    for _ in range(3):
        step(monitor, second)

    expect(accept).to_be_visible()
    accept.click()
    expect(signed_in.get_by_text("is accepted")).to_be_visible()
    expect(accept).to_be_hidden()


def test_each_kind_has_a_form_that_keyboards_reach(signed_in: Page) -> None:
    page = signed_in
    page.goto("/o/acme/monitors/new/")
    page.get_by_role("link", name="DNS").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/?kind=dns")

    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Our name")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Say what to watch, like")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Our name")


def test_sections_open_by_keyboard_and_show_what_is_wrong(signed_in: Page, target: Any) -> None:
    page = signed_in
    page.goto("/o/acme/monitors/new/")
    page.get_by_label("URL", exact=True).fill(target.url)
    page.get_by_label("Name", exact=True).fill("Shop")
    page.locator("summary", has_text="Redirects").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Redirects at most").fill("many")
    page.get_by_role("button", name="Watch it").click()

    expect(page.get_by_text("Use a whole number of redirects from 0 to 20.")).to_be_visible()
    page.get_by_label("Redirects at most").fill("3")
    page.get_by_role("button", name="Watch it").click()
    expect(page.get_by_text("Shop is being watched")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("path", ["new/", "new/?kind=snmp", "new/?kind=group", "import/", "several/", ""])
def test_no_page_is_wider_than_its_window(signed_in: Page, acme: Any, path: str, width: int) -> None:
    make(acme, "a" * 100)
    signed_in.set_viewport_size({"width": width, "height": 800})
    signed_in.goto(f"/o/acme/monitors/{path}")

    assert signed_in.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_all_that_a_search_shows_are_ticked_at_once_by_keyboard(signed_in: Page, acme: Any) -> None:
    for number in range(5):
        make(acme, f"shop {number}", target="http://127.0.0.1:9/")
        make(acme, f"till {number}", target="http://127.0.0.1:9/")
    page = signed_in
    page.goto("/o/acme/monitors/several/")
    every = page.get_by_label("Tick all that are shown")
    page.get_by_role("checkbox", name="till 3").check()
    page.get_by_label("Find a monitor").fill("shop")
    expect(every).not_to_be_checked()

    every.press("Space")
    expect(page.get_by_text("5 of 10 shown, 6 ticked")).to_be_visible()

    page.get_by_label("Find a monitor").fill("")
    expect(every).to_have_js_property("indeterminate", True)
    expect(page.locator('[name="monitors"]:checked')).to_have_count(6)
    every.check()
    every.uncheck()
    expect(page.locator('[name="monitors"]:checked')).to_have_count(0)


def test_a_long_name_leaves_the_page_as_wide_as_the_screen(signed_in: Page, acme: Any) -> None:
    monitor = make(acme, "checkout-of-the-international-shop " * 3, target="http://127.0.0.1:9/")
    page = signed_in
    page.set_viewport_size({"width": 360, "height": 800})

    page.goto(f"/o/acme/monitors/{monitor.pk}/why/")

    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_where_there_is_no_evidence_there_is_no_gap_for_it(signed_in: Page, acme: Any) -> None:
    monitor = make(acme, enabled=False)
    page = signed_in
    page.goto(f"/o/acme/monitors/{monitor.pk}/")

    expect(page.locator("#checks")).to_have_css("display", "none")

    page.locator("#checks > section").first.evaluate("section => section.hidden = false")
    expect(page.locator("#checks")).to_have_css("display", "grid")


def test_after_a_form_was_sent_the_focus_is_on_its_answer(signed_in: Page, acme: Any) -> None:
    make(acme, "shop", target="http://127.0.0.1:9/")
    page = signed_in
    page.goto("/o/acme/monitors/several/")
    page.get_by_label("What to do").select_option("interval")
    page.get_by_label("Check every").fill("soon")
    page.get_by_role("checkbox", name="shop").check()
    page.get_by_role("button", name="Show what it would do").press("Enter")
    expect(page.get_by_label("Check every")).to_be_focused()

    page.get_by_label("Check every").fill("300")
    page.get_by_label("Check every").press("Enter")
    expect(page.get_by_role("heading", name="What it would do")).to_be_focused()


def test_of_a_refused_form_the_first_field_in_error_is_focused_and_shows(signed_in: Page, acme: Any) -> None:
    page = signed_in
    page.goto("/o/acme/monitors/new/")
    expect(page.locator("body")).to_be_focused()
    page.get_by_label("URL").first.fill("http://127.0.0.1:9/")
    page.locator("[name=flapping_above]").evaluate("field => { field.value = 'many' }")
    page.get_by_role("button", name="Watch it").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()

    page.get_by_label("Name", exact=True).fill("shop")
    page.get_by_role("button", name="Watch it").click()
    expect(page.locator("[name=flapping_above]")).to_be_focused()

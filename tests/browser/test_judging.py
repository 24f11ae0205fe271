"""Why anybody was told is three clicks away, and a rule shows what it would have done while it is still typed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.monitors.making import make, result
from tests.monitors.stepping import BAD, GOOD, step

pytestmark = pytest.mark.browser


def test_an_alert_is_explained_in_three_clicks(signed_in: Page, acme: Any) -> None:
    monitor = make(acme, "shop", interval_seconds=3600, policy={"down_after": 2})
    for outcome in (GOOD, BAD, BAD):
        step(monitor, outcome)

    page = signed_in
    page.goto("/o/acme/")
    page.locator("#open-incidents").get_by_role("link").first.click()
    page.get_by_role("link", name="Why").first.click()
    expect(page.get_by_text("Became down: 2 of 2 failures in a row.")).to_be_visible()
    expect(page.get_by_text("Failure 1 of 2 in a row.")).to_be_visible()
    page.get_by_role("link", name="Evidence").last.click()
    expect(page.locator("#checks")).to_contain_text("connection refused")


def test_an_alert_of_many_is_explained_in_three_clicks_too(signed_in: Page, acme: Any) -> None:
    monitors = [
        make(acme, name, interval_seconds=3600, policy={"down_after": 1, "up_after": 1}) for name in "abc"
    ]
    for outcome in (GOOD, BAD):
        for monitor in monitors:
            step(monitor, outcome)

    page = signed_in
    page.goto("/o/acme/")
    page.locator("#open-incidents").get_by_role("link", name="3 monitors").first.click()
    page.locator("[id$=affected]").get_by_role("link", name=" of b").click()
    page.get_by_role("link", name="Why was this opened?").click()
    expect(page.get_by_text("Became down: 1 of 1 failures in a row.")).to_be_visible()


def test_a_rule_shows_what_it_would_have_done_as_the_slider_moves(signed_in: Page, acme: Any) -> None:
    monitor = make(acme, "shop", interval_seconds=3600, policy={"down_after": 2, "flapping_above": 0.0})
    begin = timezone.now() - timedelta(hours=1)
    for place, answer in enumerate("++++--++++++-----++++++"):
        result(acme, monitor, begin + timedelta(minutes=place), ok=answer == "+")

    page = signed_in
    page.goto(f"/o/acme/monitors/{monitor.pk}/edit/")
    panel = page.locator("#backtest")
    expect(panel).to_contain_text("would have opened 2 incidents, as today's rule does")
    page.get_by_role("slider", name="Down after").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[name=down_after]")).to_have_value("4")
    expect(panel).to_contain_text("would have opened 1 incident; today's rule opens 2")
    expect(panel.get_by_role("img", name="This rule: opens 1 incident")).to_be_visible()

    page.locator("[name=down_after]").fill("0")
    expect(panel).to_contain_text("Use a whole number of results from 1 to 20.")

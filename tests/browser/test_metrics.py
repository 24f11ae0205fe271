"""Polled metrics in a browser: a draft is tried, mended, saved, and its course is on the monitor's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.peers.prometheus import PASSWORD, USER, PrometheusPeer, prometheus

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def peer() -> Iterator[PrometheusPeer]:
    with prometheus() as server:
        yield server


def test_a_draft_is_tried_mended_and_saved_and_its_course_is_shown(
    signed_in: Page, peer: PrometheusPeer, checker: Any
) -> None:
    page = signed_in
    page.goto("/o/acme/monitors/new/?kind=metrics")
    page.get_by_label("Source", exact=True).select_option("datadog")
    expect(page.get_by_label("Application key")).to_be_visible()
    expect(page.get_by_label("User name")).to_be_hidden()
    page.get_by_label("Source", exact=True).select_option("prometheus")
    expect(page.get_by_label("Application key")).to_be_hidden()
    page.get_by_label("Address of the source").fill(peer.url)
    page.get_by_label("Name", exact=True).fill("Load")
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password").fill("wrong")
    page.get_by_label("Queries").fill(
        "temperature [°C] = temperature\nrequests [1/s] = rate(requests_total[1m])"
    )
    page.get_by_label("Derived numbers").fill("per_degree = requests / temperature")
    page.get_by_label("Step").fill("15")
    page.get_by_label("Thresholds").fill("last(temperature) > 40 warn, > 60 crit")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("The source refused the key (HTTP 401)")).to_be_visible()

    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Try it").focus()
    page.keyboard.press("Enter")
    trial = page.locator("#trial")
    expect(trial.get_by_text("Temperature is 42 °C; warning is > 40.")).to_be_visible()
    expect(trial.locator("svg.sparkline")).to_have_count(3)
    expect(trial).to_be_in_viewport()

    page.get_by_role("button", name="Watch it").click()
    expect(page.get_by_text("Load is being watched: its first check is due now.")).to_be_visible()
    expect(page.get_by_role("heading", name="Load")).to_be_visible()
    expect(page.locator("#results tbody tr").first).to_contain_text("temperature is 42 °C; warning is > 40")
    page.reload()
    expect(page.get_by_text("per_degree").first).to_be_visible()

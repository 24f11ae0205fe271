"""What can be set, sent or run is written down where people look for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitors.kinds import KINDS
from monitors.probes import PROBES
from notifications.models import Event
from notifications.retrying import DELAYS
from notifications.transports import TRANSPORTS
from pulse.celery import app
from pulse.failpoints import STEPS

ROOT = Path(__file__).resolve().parents[1]
READS = re.compile(r"env\.(?:text|required|flag|choice|integer|endpoints)\(\s*\"([A-Z_]+)\"")
TEST_ONLY = {"PULSE_ROLE"}


def settings_read() -> set[str]:
    sources = (ROOT / "pulse/settings").glob("*.py")
    return {name for source in sources for name in READS.findall(source.read_text())} - TEST_ONLY


@pytest.mark.parametrize("name", sorted(settings_read()))
def test_every_setting_is_in_the_operations_page(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs/operations.md").read_text()


def test_every_event_and_the_retry_table_are_in_the_notifications_page() -> None:
    text = (ROOT / "docs/notifications.md").read_text()

    assert all(f"`{event}`" in text for event in Event.values)
    assert "5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h" in text
    assert [delay.total_seconds() for delay in DELAYS] == [5, 300, 1800, 7200, 18000, 36000, 36000]


@pytest.mark.parametrize("kind", sorted(TRANSPORTS))
def test_every_kind_of_channel_has_its_page_with_every_setting(kind: str) -> None:
    table = (ROOT / "docs/channels/README.md").read_text()
    row = next(line for line in table.splitlines() if line.startswith(f"| `{kind}` |"))
    page = (ROOT / "docs/channels" / re.findall(r"\(([a-z]+\.md)\)", row)[0]).read_text()

    assert [one.name for one in TRANSPORTS[kind].settings.all if f"`{one.name}`" not in page] == []


@pytest.mark.parametrize("kind", [*PROBES, "heartbeat", "host", "group"])
def test_every_kind_of_check_has_its_page_with_every_setting(kind: str) -> None:
    table = (ROOT / "docs/checks/README.md").read_text()
    row = next(
        line for line in table.splitlines() if line.startswith("| `") and f"`{kind}`" in line.split("|")[1]
    )
    page = (ROOT / "docs/checks" / re.findall(r"\(([a-z]+\.md)\)", row)[0]).read_text()
    settings = (
        [setting.name for setting in KINDS[kind].settings.all] if kind in KINDS else ["members", "rule"]
    )

    assert [name for name in settings if f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", sorted(path.name for path in ROOT.glob("*.md")))
def test_links_of_the_front_pages_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\((?!https?://)([^)#]+)", (ROOT / page).read_text()):
        assert (ROOT / link).exists(), f"{page} links to {link}"


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text())) - {"one"} <= targets


def test_every_failpoint_is_reached_by_the_code() -> None:
    code = "".join(
        path.read_text()
        for folder in ("incidents", "monitors", "notifications", "pulse")
        for path in (ROOT / folder).rglob("*.py")
    )

    assert all(f'reach("{step}")' in code for step in STEPS)


def test_recurring_work_fits_on_one_page() -> None:
    assert 0 < len(app.conf.beat_schedule) <= 10
    assert all("expires" in entry["options"] for entry in app.conf.beat_schedule.values())

"""What is pushed is what the pages show."""

from __future__ import annotations

from typing import Any

from monitors import live
from monitors.telemetry.models import Status
from pulse.scoping import in_tenant
from tests.monitors.making import make, put


def test_a_pushed_row_is_the_row_of_the_list(acme: Any, as_bob: Any) -> None:
    monitor = make(acme)
    put(acme, monitor, Status.DOWN, detail="answered 503, expected 200-399")

    with in_tenant(acme):
        fragments = live.render([monitor.no])

    row = fragments[f"monitor_{monitor.pk}_row"]
    assert f'href="/o/acme/monitors/{monitor.pk}/"' in row
    listed = as_bob.get("/o/acme/monitors/").content.decode()
    link = f'<a class="table__name" href="/o/acme/monitors/{monitor.pk}/">shop</a>'
    assert link in row
    assert link in listed
    assert 'data-status="down"' in row.split(">")[0]
    assert set(fragments) == {"summary", f"monitor_{monitor.pk}_row", f"monitor_{monitor.pk}_state"}


def test_nothing_pushed_differs_from_reader_to_reader(acme: Any) -> None:
    monitor = make(acme)

    with in_tenant(acme):
        everything = "".join(live.render([monitor.no]).values())

    assert "<form" not in everything
    assert "csrf" not in everything


def test_a_deleted_monitor_is_pushed_as_the_summary_alone(acme: Any) -> None:
    with in_tenant(acme):
        assert set(live.render([10**9])) == {"summary"}

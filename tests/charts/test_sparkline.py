"""A sparkline keeps its shape through gaps and spikes."""

from __future__ import annotations

import pytest

from pulse.charts.sparkline import HEIGHT, PAD, draw


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ([], ""),
        ([None, None], ""),
        ([100.0], "M0 10.24h0"),
        ([100.0, None, 100.0], "M0 10.24h0M100 10.24h0"),
        ([100.0, 100.0, None, 100.0, 100.0], "M0 10.24L25 10.24M75 10.24L100 10.24"),
        ([0.0, 0.0], "M0 22L100 22"),
    ],
)
def test_the_line_breaks_where_nothing_was_measured(values: list[float | None], path: str) -> None:
    assert draw(values).path == path


def test_a_rare_spike_is_cut_and_marked_instead_of_flattening_the_rest() -> None:
    line = draw([80.0] * 20 + [10_000.0] + [80.0] * 19)

    heights = {part.split(" ")[1] for part in line.path[1:].split("L")}
    assert heights == {"18", str(PAD)}
    assert line.over == "M51.28 2h0"


def test_a_rise_within_five_medians_is_not_cut() -> None:
    line = draw([100.0, 100.0, 400.0])

    assert line.over == ""
    assert line.path.endswith(f"L100 {PAD}")


@pytest.mark.parametrize(
    ("values", "summary"),
    [([], "no answers"), ([80.2, 80.4], "80 ms"), ([80.0, None, 1200.0], "80 to 1,200 ms, last 1,200 ms")],
)
def test_the_summary_gives_range_and_last(values: list[float | None], summary: str) -> None:
    assert draw(values).summary == summary


def test_nothing_leaves_the_view_box() -> None:
    line = draw([0.0, 1e9, 3.0, None, 0.5])

    heights = [
        float(part.split(" ")[1].removesuffix("h0")) for part in line.path[1:].replace("M", "L").split("L")
    ]
    assert all(PAD <= height <= HEIGHT - PAD for height in heights)

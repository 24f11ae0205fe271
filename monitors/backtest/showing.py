"""Show a back-test on a page: sentences, lanes over time, and each outage with what the other rule made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from monitors.backtest.replaying import Outage
from monitors.backtest.running import Backtest
from pulse.charts import lanes

SHOWN_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Line:
    """An outage as the table shows it; `by` says which of the two rules opens it."""

    outage: Outage
    lasted: timedelta
    by: str
    in_maintenance: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """For `monitors/_backtest.html`."""

    sentences: list[str]
    lanes: lanes.Lanes
    lines: list[Line]
    more: int


def show(found: Backtest, end: datetime, zone: tzinfo) -> Shown:
    comparison = found.comparison
    said = list(comparison.sentences)
    if found.is_cut:
        said.append(
            f"Replayed are the newest {comparison.draft.results:,} results, as many as are replayed at once."
        )
    if found.in_maintenance:
        said.append(
            f"Of its incidents {found.in_maintenance} fell into maintenance, when none is opened at once."
        )
    today, draft = comparison.today, comparison.draft
    drawn = lanes.draw(
        [
            ("Today's rule", _opened(today.outages), _marks(today.outages, end)),
            ("This rule", _opened(draft.outages), _marks(draft.outages, end)),
        ],
        start=comparison.start, end=end, zone=zone,
    )  # fmt: skip
    lines = _lines(found, end)
    return Shown(said, drawn, lines[:SHOWN_AT_MOST], max(0, len(lines) - SHOWN_AT_MOST))


def _opened(outages: Sequence[Outage]) -> str:
    return f"opens {len(outages)} incident" + ("" if len(outages) == 1 else "s")


def _marks(outages: Sequence[Outage], end: datetime) -> list[lanes.Mark]:
    return [
        lanes.Mark(one.began, one.ended or end, "flapping" if one.is_flapping else "down") for one in outages
    ]


def _lines(found: Backtest, end: datetime) -> list[Line]:
    """Newest first; of those that both see, the draft's."""
    comparison = found.comparison
    alone = {id(one) for one in comparison.only_draft}
    rows = [(one, "only this rule" if id(one) in alone else "both") for one in comparison.draft.outages]
    rows += [(one, "only today's rule") for one in comparison.only_today]
    rows.sort(key=lambda row: row[0].began, reverse=True)
    return [Line(one, one.lasted(end), by, found.is_in_maintenance(one)) for one, by in rows]

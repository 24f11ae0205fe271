"""Push what changed to open pages: each row is rendered once, not once for each reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.template.loader import render_to_string
from django.utils import timezone

from monitors import listing
from monitors.models import Monitor
from monitors.summary import summarise
from pulse import live
from pulse.templatetags.page import dom_id
from tenants.models import Organisation


def announce(organisation: Organisation, numbers: Sequence[int]) -> None:
    """After commit: rows, state sentences and the summary; of very many, only that they changed."""
    few = numbers if len(numbers) <= live.RENDERED_AT_MOST else []
    ids = dict(Monitor.objects.filter(no__in=few).values_list("no", "id")) if few else {}
    announce_known(organisation, dict.fromkeys(numbers, "") | {no: str(pk) for no, pk in ids.items()})


def announce_known(organisation: Organisation, monitors: Mapping[int, str]) -> None:
    """The same for who knows the ids of these monitors: a recorder has no time to ask for them."""
    topics = ["monitors", *(f"monitor:{pk}" for pk in monitors.values() if pk)]
    if len(monitors) > live.RENDERED_AT_MOST:
        topics = ["monitors", "monitors:many"]
    live.publish_rendered(organisation, topics, render, monitors)


def render(numbers: list[int]) -> dict[str, str]:
    """The markup that changes of these monitors concern, by element id; some ten queries however many there are."""
    now = timezone.now()
    fragments: dict[str, str] = {
        "summary": render_to_string("monitors/_summary.html", {"summary": summarise(now)})
    }
    for row in listing.rows(list(Monitor.objects.filter(no__in=numbers)), now):
        context = {"row": row, "now": now}
        fragments[dom_id(row.monitor, "row")] = render_to_string("monitors/_row.html", context)
        fragments[dom_id(row.monitor, "state")] = render_to_string("monitors/_state.html", context)
    return fragments

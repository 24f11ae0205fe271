"""The demo's chat: what was posted into its channel, in threads, with buttons that work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from notifications.transports.base import DeliveryFailed
from pulse.demo import keeping, slack
from pulse.demo.members import demo, for_members, tabs
from pulse.demo.slack import PLACE
from tenants.abilities import Ability
from tenants.requests import PublicRequest


@dataclass(slots=True)
class Post:
    """A message as the page shows it: its blocks, taken apart."""

    number: int
    at: datetime
    title: str = ""
    text: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    button: str = ""
    replies: list[Post] = field(default_factory=list)


@never_cache
@for_members(Ability.VIEW)
@require_GET
def page(request: PublicRequest) -> HttpResponse:
    rows = keeping.kept(PLACE)
    known = keeping.version(rows)
    if request.htmx:
        if request.GET.get("known") == known:
            return HttpResponse(status=204)  # it asks every other second: nothing to swap
        return render(request, "demo/_chat.html", {"posts": threads(rows), "known": known})
    context = {"posts": threads(rows), "known": known, "demo": demo(), "tabs": tabs("chat")}
    return render(request, "demo/chat.html", context)


@for_members(Ability.ACKNOWLEDGE)
@require_POST
def press(request: PublicRequest, number: int) -> HttpResponse:
    row = keeping.find(PLACE, number=number)
    value = _button_of(row["blocks"]) if row else ""
    if row is None or not value:
        raise Http404
    try:
        said = slack.press(value, request.user.get_short_name() if request.user.is_authenticated else "")
    except DeliveryFailed as failure:
        said = f"Pulse could not be reached: {failure}"
    thread = row["thread"] or row.get("ts", "")
    keeping.keep(PLACE, {"blocks": [{"type": "section", "text": {"text": said[:500]}}], "thread": thread})
    return redirect("demo:chat")


def threads(rows: Iterable[dict[str, Any]]) -> list[Post]:
    """The newest first, each with what follows it in order."""
    rows = list(rows)
    replies: defaultdict[str, list[Post]] = defaultdict(list)
    for row in reversed(rows):
        if row["thread"]:
            replies[row["thread"]].append(_shown(row))
    tops = [(row.get("ts", ""), _shown(row)) for row in rows if not row["thread"]]
    for ts, post in tops:
        post.replies = replies[ts]
    return [post for _, post in tops]


def _shown(row: dict[str, Any]) -> Post:
    post = Post(row["number"], datetime.fromisoformat(row["at"]), button=_button_of(row["blocks"]))
    for block in row["blocks"]:
        words = unescape(block.get("text", {}).get("text", ""))
        if block["type"] == "header":
            post.title = words
        elif block["type"] == "section":
            post.text = post.text or words
            post.fields += [_field(one["text"]) for one in block.get("fields", ())]
        elif block["type"] == "actions":
            post.links += [(one["text"]["text"], one["url"]) for one in block["elements"] if "url" in one]
    return post


def _field(text: str) -> tuple[str, str]:
    """`*Since*` on a line, its value on the next."""
    label, _, value = unescape(text).partition("\n")
    return label.strip("*"), value


def _button_of(blocks: Iterable[dict[str, Any]]) -> str:
    """What the button that acknowledges gives back; '' where there is none."""
    elements = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return next(
        (str(one["value"]) for one in elements if one.get("action_id") == "acknowledge" and "value" in one),
        "",
    )

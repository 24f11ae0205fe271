"""A message as Slack's Block Kit: names are text and mention nobody."""

from __future__ import annotations

from typing import Any

from notifications.wording import Words
from notifications.wording.shape import cut

HEADER, TEXT, FIELD, BUTTON, URL, FIELDS = 150, 3000, 2000, 75, 3000, 10


def document(words: Words, acknowledges: str = "") -> dict[str, Any]:
    """`text` is what notifications and screen readers say. With `acknowledges` its button acts in Slack itself."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(words.title, HEADER), "emoji": False}},
        {"type": "section", "text": _mrkdwn(cut(escape(words.summary), TEXT))},
    ]
    if words.lines:
        fields = [
            _mrkdwn(f"*{label}*\n{cut(escape(value), FIELD - 100)}") for label, value in words.lines[:FIELDS]
        ]
        blocks.append({"type": "section", "fields": fields})
    if buttons := [_button(label, url, acknowledges) for label, url in words.links if len(url) <= URL]:
        blocks.append({"type": "actions", "elements": buttons})
    blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": cut(words.footer, TEXT)}]})
    return {
        "text": cut(escape(words.title), TEXT),
        "attachments": [{"color": words.colour, "blocks": blocks}],
        "unfurl_links": False,
    }


def escape(words: str) -> str:
    """Slack reads mentions, links and dates from angle brackets alone."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mrkdwn(words: str) -> dict[str, Any]:
    """`verbatim`: what looks like an address or a channel in a name is not made into one."""
    return {"type": "mrkdwn", "text": words, "verbatim": True}


def _button(label: str, url: str, acknowledges: str) -> dict[str, Any]:
    button: dict[str, Any] = {
        "type": "button",
        "text": {"type": "plain_text", "text": cut(label, BUTTON)},
        "action_id": label.lower().replace(" ", "_"),
    }
    if label == "Acknowledge":
        button |= {"style": "primary"} | ({"value": acknowledges} if acknowledges else {})
    return button if acknowledges and label == "Acknowledge" else button | {"url": url}

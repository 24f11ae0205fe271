"""Tell open pages that something changed. Nice to see now, never the truth: a lost message costs a resync."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction

from pulse.live.publisher import Message, send
from pulse.live.rendering import RENDERED_AT_MOST, Render, render_later

__all__ = [
    "RENDERED_AT_MOST", "Message", "group_of_organisation", "group_of_user", "publish", "publish_rendered", "recheck",
]  # fmt: skip


def group_of_organisation(organisation_id: UUID) -> str:
    return f"organisation.{organisation_id.hex}"


def group_of_user(user_id: UUID) -> str:
    return f"user.{user_id.hex}"


def publish(organisation_id: UUID, topics: list[str], fragments: dict[str, str] | None = None) -> None:
    """After commit, tell the organisation's open pages which topics changed.

    `topics` are names such as `monitors` or `monitor:<id>`; pages refetch what they show of them.
    `fragments` maps element ids to their new HTML, the same for every member, so that a burst of
    changes is rendered once and not once a page.
    """
    message = Message(group_of_organisation(organisation_id), "live.changed", topics, fragments or {})
    transaction.on_commit(lambda: send(message))


def publish_rendered(
    organisation: Any, topics: list[str], render: Render, keys: Collection[int] = ()
) -> None:
    """After commit, have `render(keys)` make the fragments, beside the caller and inside the organisation.

    What changes while a rendering waits joins it, so a burst costs one. Nothing is rendered while no
    page is open, nor for more than RENDERED_AT_MOST keys: then pages are only told the topics.
    """
    group = group_of_organisation(organisation.id)
    transaction.on_commit(lambda: render_later(organisation, group, render, keys, topics))


def recheck(user_id: UUID) -> None:
    """After commit, have the person's open sockets ask again whether they may stay."""
    message = Message(group_of_user(user_id), "live.recheck", [], {})
    transaction.on_commit(lambda: send(message))
